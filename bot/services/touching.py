"""Contacts that are due become texts: one for each visit, or one for a household's visits of a day."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.core.intents import Context
from bot.core.journey import QuestionState, Step, TouchState
from bot.core.messages import Origin
from bot.core.outreach import Lane
from bot.core.planning import A_MOMENT_AGO, AT_ONCE, REMINDERS
from bot.core.preparation import PREFIX
from bot.journeys import discover
from bot.journeys.appointment import OVER_AFTER
from bot.services import in_person, reviews
from bot.services.choosing import JOURNEY, SENSITIVE, Due, choose
from bot.services.clinic import Clinic
from bot.services.confidence import phones_apart
from bot.services.outbox import Draft, row_of
from bot.services.visit_texts import DAY_OF, kind_of, template_for
from bot.services.wording import values_for
from bot.store.bulk import put_many
from bot.store.columns import AnyRow, new_id
from bot.store.queries import gate, planning, touches
from bot.store.queries.conversations import ensure_conversations
from bot.store.tables import Enrollment, Message, Question

log = structlog.get_logger(__name__)

TOGETHER = timedelta(hours=12)
"""Reminders of one household that fall due within this time of each other go out as one text."""
ASKING = ("reminder_first", "reminder_last", "moved", "household")
TELLING = ("booked",)
"""Nothing is asked, but a yes may come back: what it was told of is kept."""
LANES = {"same_day": Lane.SAME_DAY, "moved": Lane.SAME_DAY, "cancelled": Lane.SAME_DAY}


@dataclass(frozen=True, slots=True)
class Together:
    """Contacts that are decided on together, with the phone of each patient among them."""

    rows: Sequence[AnyRow]
    contacts: Mapping[str, AnyRow]


def take_together(connection: Connection, rows: Sequence[AnyRow], at: datetime, *, alone: bool = False) -> Together:
    """Due contacts and all that must not be decided on apart from them, every one locked where the database can.

    `alone`: without those for others on the same phones.
    """
    contacts = planning.contacts(connection, [row.patient_id for row in rows])
    more = _beside(connection, rows, contacts, at, alone=alone)
    if more:
        rows = [*rows, *more]
        contacts = planning.contacts(connection, list({row.patient_id for row in rows}))
    return Together(rows, contacts)


def make_messages(connection: Connection, clinic: Clinic, together: Together, at: datetime) -> Counter[str]:
    """Turn due contacts into messages, questions and enrollments. Counts messages, contacts skipped, and faults."""
    now = clinic.clock()
    rows, contacts = together.rows, together.contacts
    visits = [row.appointment_id for row in rows]
    spoken = planning.spoken_of(connection, visits, since=at - AT_ONCE)
    stopped = gate.stopped_programs(connection, list(contacts))
    today = [row.appointment_id for row in rows if row.step == DAY_OF]
    lately = planning.told_lately(connection, today, since=at - A_MOMENT_AGO) if today else frozenset()
    apart = phones_apart(connection, clinic, rows, now)
    groups, skipped = choose(
        clinic, rows, contacts, at, spoken=spoken, lately=lately, stopped=stopped, apart=apart
    )
    for reason, ids in skipped.items():
        planning.settle_touches(connection, ids, state=TouchState.SKIPPED, reason=reason, now=now)
    untold = set(skipped.get(SENSITIVE, ()))
    in_person.bring(connection, clinic, [row for row in rows if row.touch_id in untold], contacts, now)
    faults = _write(connection, clinic, groups, now)
    left = sum(len(ids) for ids in skipped.values())
    return Counter(messages=len(groups), skipped=left, faults=faults)


def _beside(
    connection: Connection, rows: Sequence[AnyRow], contacts: Mapping[str, AnyRow], at: datetime, *, alone: bool
) -> list[AnyRow]:
    """What else is due about the same visits, and reminders for others on the same phones that follow within hours."""
    have = [row.touch_id for row in rows]
    found = list(planning.companions(connection, [row.appointment_id for row in rows], at, but=have))
    phones = {contacts[r.patient_id].contact_point_id for r in rows if r.step in REMINDERS and r.patient_id in contacts}
    if phones and not alone:
        household = planning.household_of(connection, list(phones))
        found += planning.siblings(connection, household, at + TOGETHER, but=have)
    return list({row.touch_id: row for row in found}.values())


def _write(
    connection: Connection,
    clinic: Clinic,
    groups: Sequence[list[Due]],
    now: datetime,
) -> int:
    talks = _conversations(connection, groups, now)
    enrollments = _enroll(connection, groups, now)
    step = _first_step()
    messages: list[Mapping[str, Any]] = []
    questions: list[Mapping[str, Any]] = []
    made: dict[str, str] = {}
    faults: Counter[tuple[str, str | None, str]] = Counter()
    for group in groups:
        talk = talks[group[0].contact.contact_point_id]
        enrolled = enrollments.get(group[0].visit.appointment_id)
        draft = draft_of(clinic, group, now, conversation_id=talk, enrollment_id=enrolled)
        message = row_of(draft, vault=clinic.vault, now=now)
        messages.append(message)
        faults.update((draft.kind, draft.language, fault) for fault in draft.faults)
        if _step_of(group) in (*ASKING, *TELLING):
            questions.append(_question(step, group, talk, message, enrollments, now))
        made.update((due.touch_id, message["id"]) for due in group)
    _tell(faults)
    put_many(connection, Message.__table__, messages)
    touches.queue(connection, made, now)
    put_many(connection, Question.__table__, questions)
    return faults.total()


def _tell(faults: Mapping[tuple[str, str | None, str], int]) -> None:
    """To leave a reminder out for its wording would do more harm than the wording; somebody ought to see to it."""
    for (kind, language, fault), texts in faults.items():
        log.warning("texts have a fault", kind=kind, language=language, fault=fault, texts=texts)


def _conversations(connection: Connection, groups: Sequence[list[Due]], now: datetime) -> Mapping[str, str]:
    """The conversation with each phone that a text goes to: the first text begins it."""
    told = [group[0].contact for group in groups]
    known = {contact.contact_point_id: contact.conversation_id for contact in told if contact.conversation_id}
    missing = sorted({contact.contact_point_id for contact in told} - known.keys())
    if not missing:
        return known
    ensure_conversations(connection, missing, now)
    return {**known, **planning.conversations_of(connection, missing)}


def _first_step() -> Step:
    journey = discover()[JOURNEY]
    return journey.steps[journey.start]


def _enroll(connection: Connection, groups: Sequence[list[Due]], now: datetime) -> Mapping[str, str]:
    """Visit to enrollment for these groups, and from when on no answer to what is asked counts as silence."""
    visits = {due.visit.appointment_id: due.visit for group in groups for due in group}
    # To what asks about several visits silence is nobody's in particular.
    asked = {group[0].visit.appointment_id for group in groups if len(group) == 1 and group[0].text in ASKING}
    step = _first_step()
    wake_at = now + step.silence_after if isinstance(step.silence_after, timedelta) else None
    known = planning.enrollments_about(connection, list(visits))
    fresh: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "journey": JOURNEY,
            "patient_id": visit.patient_id,
            "subject_id": appointment_id,
            "step": step.name,
            "misses": 0,
            "data": {},
            # Asked or not, it ends with the visit.
            "wake_at": wake_at if appointment_id in asked else visit.starts_at + OVER_AFTER,
            "created_at": now,
            "updated_at": now,
        }
        for appointment_id, visit in visits.items()
        if appointment_id not in known
    ]
    enrolled = {**known, **{one["subject_id"]: one["id"] for one in fresh}}
    if put_many(connection, Enrollment.__table__, fresh, or_ignore=True) < len(fresh):
        # Somebody else has begun one of them meanwhile.
        enrolled = known = planning.enrollments_about(connection, list(visits))
    if wake_at is not None:
        touches.wake(connection, [known[visit] for visit in asked if visit in known], wake_at)
    return enrolled


def _step_of(group: Sequence[Due]) -> str:
    return group[0].text if len(group) == 1 else "household"


def draft_of(
    clinic: Clinic,
    group: Sequence[Due],
    now: datetime,
    *,
    conversation_id: str | None = None,
    enrollment_id: str | None = None,
) -> Draft:
    """The text for contacts that are made together, as it would be written at that moment."""
    first = group[0]
    step = _step_of(group)
    visits = [due.visit for due in group]
    more: dict[str, Any] = (
        {} if first.previous is None else {"old_starts_at": first.previous.astimezone(ZoneInfo(first.visit.timezone))}
    )
    values = values_for(clinic, now=now, name=first.visit.name, visits=visits, **more)
    template = template_for(clinic, step, first.visit)
    rendered = reviews.render(clinic, f"appointment/{template}", language=first.language, values=values)
    return Draft(
        conversation_id=conversation_id or first.contact.conversation_id,
        contact_point_id=first.contact.contact_point_id,
        body=rendered.text,
        kind=kind_of(step, template),
        origin=Origin.OUTREACH,
        language=rendered.language,
        segments=rendered.segments,
        faults=rendered.faults(),
        patient_id=first.visit.patient_id,
        appointment_id=first.visit.appointment_id,
        appointment_version=first.visit.version,
        enrollment_id=enrollment_id,
        lane=LANES.get(step, Lane.REMINDER),
        budget_exempt=step.startswith(PREFIX),
        due_at=now,
        expires_at=min(due.expires_at for due in group),
        dedupe_key=_key_of(group),
    )


def _key_of(group: Sequence[Due]) -> str:
    if len(group) == 1:
        return group[0].key[:160]
    joined = "|".join(sorted(due.key for due in group))
    return f"household:{hashlib.sha256(joined.encode()).hexdigest()}"


def _question(
    step: Step,
    group: Sequence[Due],
    talk: str,
    message: Mapping[str, Any],
    enrollments: Mapping[str, str],
    now: datetime,
) -> dict[str, Any]:
    ids = [due.visit.appointment_id for due in group]
    tells = _step_of(group) in TELLING
    return {
        "id": new_id(),
        "conversation_id": talk,
        "message_id": message["id"],
        "enrollment_id": enrollments.get(ids[0]) if len(ids) == 1 else None,
        "patient_id": group[0].visit.patient_id if len({due.visit.patient_id for due in group}) == 1 else None,
        "journey": JOURNEY,
        "step": step.name,
        "context": Context.NONE if tells else step.context,
        "options": [] if tells else list(step.options),
        "subjects": [[due.visit.appointment_id, due.visit.version] for due in group],
        "state": QuestionState.PREPARED,
        "asked_at": now,
        "expires_at": max(due.visit.starts_at for due in group),
    }
