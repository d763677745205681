"""Contacts that are due become texts: one for each visit, or one for a household's visits of a day."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.core.intents import Context
from bot.core.journey import QuestionState, Step, TouchState
from bot.core.messages import Origin
from bot.core.outreach import Lane
from bot.core.people import ConsentStatus, PatientStatus, Scope, Visit
from bot.core.planning import AT_ONCE, REMINDERS, SAID_ALREADY, pick, too_late
from bot.core.preparation import PREFIX
from bot.journeys import discover
from bot.services import reviews
from bot.services.clinic import Clinic
from bot.services.outbox import Draft, row_of
from bot.services.wording import local, values_for
from bot.store.bulk import put_many
from bot.store.columns import AnyRow, new_id
from bot.store.queries import gate, planning, touches
from bot.store.queries.conversations import ensure_conversations
from bot.store.tables import Enrollment, Message, Question

log = structlog.get_logger(__name__)

TOGETHER = timedelta(hours=12)
"""Reminders of one household that fall due within this time of each other go out as one text."""
JOURNEY = "appointment"
ASKING = ("reminder_first", "reminder_last", "moved", "household")
TELLING = ("booked",)
"""Nothing is asked, but a yes may come back: what it was told of is kept."""
LANES = {"same_day": Lane.SAME_DAY, "moved": Lane.SAME_DAY, "cancelled": Lane.SAME_DAY}


@dataclass(frozen=True, slots=True)
class Due:
    """One contact to be made."""

    touch_id: str
    key: str
    step: str
    expires_at: datetime
    visit: Visit
    language: str
    previous: datetime | None


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
    groups, skipped = choose(clinic, rows, contacts, at, spoken=spoken, stopped=stopped)
    for reason, ids in skipped.items():
        planning.settle_touches(connection, ids, state=TouchState.SKIPPED, reason=reason, now=now)
    faults = _write(connection, clinic, groups, contacts, now)
    left = sum(len(ids) for ids in skipped.values())
    return Counter(messages=len(groups), skipped=left, faults=faults)


def choose(
    clinic: Clinic,
    rows: Sequence[Any],
    contacts: Mapping[str, AnyRow],
    at: datetime,
    *,
    spoken: Container[str],
    stopped: Mapping[str, Collection[str]],
) -> tuple[list[list[Due]], dict[str, list[str]]]:
    """Which of these contacts are made, in one text or several, and why the others are not: reason to touch ids."""
    wanted, skipped = _sort_out(rows, contacts, clinic, at, spoken)
    return _together(wanted, contacts, stopped), skipped


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


def _sort_out(
    rows: Sequence[Any],
    contacts: Mapping[str, AnyRow],
    clinic: Clinic,
    at: datetime,
    spoken: Container[str],
) -> tuple[list[Due], dict[str, list[str]]]:
    skipped: dict[str, list[str]] = defaultdict(list)
    by_visit: dict[tuple[str, bool], list[Due]] = defaultdict(list)
    for row in rows:
        due = _due_of(row, clinic)
        reason = "visit-changed" if row.subject_version != row.version else None
        reason = reason or too_late(due.step, due.visit, due.expires_at, at)
        if reason is None and row.patient_id not in contacts:
            reason = "no-usable-number"
        if reason is None and due.step in ("booked", *REMINDERS) and due.visit.appointment_id in spoken:
            reason = SAID_ALREADY
        if reason is None:
            # How to prepare is said beside the reminder, and not in its place.
            by_visit[due.visit.appointment_id, due.step.startswith(PREFIX)].append(due)
        else:
            skipped[reason].append(due.touch_id)
    wanted = []
    for dues in by_visit.values():
        chosen = pick([due.step for due in dues])
        keep = max((due for due in dues if due.step == chosen), key=lambda due: due.expires_at)
        wanted.append(keep)
        skipped[SAID_ALREADY].extend(due.touch_id for due in dues if due is not keep)
    return wanted, {reason: ids for reason, ids in skipped.items() if ids}


def _due_of(row: Any, clinic: Clinic) -> Due:
    name = clinic.vault.maybe_open("patients.given_name", row.patient_id, row.given_name) or ""
    visit = Visit(
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        status=row.status,
        response=row.response,
        version=row.version,
        name=name,
        location=row.location,
        service=row.service,
    )
    return Due(row.touch_id, row.key, row.step, row.expires_at, visit, row.language, row.previous_starts_at)


def _may_share(contact: AnyRow, stopped: Mapping[str, Collection[str]]) -> bool:
    """Whether a text for the household may speak of this patient. Whom the gate would refuse is written for alone."""
    return (
        contact.patient_status is PatientStatus.ACTIVE
        and contact.paused_since is None
        and contact.consent is ConsentStatus.OPTED_IN
        and contact.scope is not Scope.NOTHING
        and JOURNEY not in stopped.get(contact.patient_id, ())
    )


def _together(
    wanted: Sequence[Due], contacts: Mapping[str, AnyRow], stopped: Mapping[str, Collection[str]]
) -> list[list[Due]]:
    """Same-day visits of one household in one text; everything else by itself."""
    bundles: dict[tuple[str, str, date], list[Due]] = defaultdict(list)
    alone: list[list[Due]] = []
    for due in wanted:
        if due.step in REMINDERS and _may_share(contacts[due.visit.patient_id], stopped):
            phone = contacts[due.visit.patient_id].contact_point_id
            bundles[(phone, due.step, local(due.visit).date())].append(due)
        else:
            alone.append([due])
    ordered = [sorted(group, key=lambda due: (due.visit.starts_at, due.visit.name)) for group in bundles.values()]
    return [*alone, *ordered]


def _write(
    connection: Connection,
    clinic: Clinic,
    groups: Sequence[list[Due]],
    contacts: Mapping[str, AnyRow],
    now: datetime,
) -> int:
    contacts = _with_conversations(connection, contacts, groups, now)
    enrollments = _enroll(connection, groups, now)
    step = _first_step()
    messages: list[Mapping[str, Any]] = []
    questions: list[Mapping[str, Any]] = []
    made: dict[str, str] = {}
    faults: Counter[tuple[str, str | None, str]] = Counter()
    for group in groups:
        contact = contacts[group[0].visit.patient_id]
        draft = draft_of(clinic, group, contact, now, enrollment_id=enrollments.get(group[0].visit.appointment_id))
        message = row_of(draft, vault=clinic.vault, now=now)
        messages.append(message)
        faults.update((draft.kind, draft.language, fault) for fault in draft.faults)
        if _step_of(group) in (*ASKING, *TELLING):
            questions.append(_question(step, group, contact, message, enrollments, now))
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


def _with_conversations(
    connection: Connection, contacts: Mapping[str, AnyRow], groups: Sequence[list[Due]], now: datetime
) -> Mapping[str, AnyRow]:
    """The same contacts, each of a group with its conversation: the first text to a phone begins it."""
    told = [contacts[group[0].visit.patient_id] for group in groups]
    missing = [contact for contact in told if contact.conversation_id is None]
    if not missing:
        return contacts
    ensure_conversations(connection, sorted({contact.contact_point_id for contact in missing}), now)
    return {**contacts, **planning.contacts(connection, [contact.patient_id for contact in missing])}


def _first_step() -> Step:
    journey = discover()[JOURNEY]
    return journey.steps[journey.start]


def _enroll(connection: Connection, groups: Sequence[list[Due]], now: datetime) -> Mapping[str, str]:
    """Visit to enrollment for these groups, and from when on no answer to what is asked counts as silence."""
    visits = {due.visit.appointment_id: due.visit for group in groups for due in group}
    # To what asks about several visits silence is nobody's in particular.
    asked = {group[0].visit.appointment_id for group in groups if len(group) == 1 and group[0].step in ASKING}
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
            "wake_at": wake_at if appointment_id in asked else None,
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
    return group[0].step if len(group) == 1 else "household"


def draft_of(
    clinic: Clinic, group: Sequence[Due], contact: AnyRow, now: datetime, *, enrollment_id: str | None = None
) -> Draft:
    """The text for contacts that are made together, as it would be written at that moment."""
    first = group[0]
    step = _step_of(group)
    visits = [due.visit for due in group]
    more: dict[str, Any] = (
        {} if first.previous is None else {"old_starts_at": first.previous.astimezone(ZoneInfo(first.visit.timezone))}
    )
    values = values_for(clinic, now=now, name=first.visit.name, visits=visits, **more)
    rendered = reviews.render(clinic, f"appointment/{step}", language=first.language, values=values)
    return Draft(
        conversation_id=contact.conversation_id,
        contact_point_id=contact.contact_point_id,
        body=rendered.text,
        kind=f"appointment/{step}",
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
    contact: AnyRow,
    message: Mapping[str, Any],
    enrollments: Mapping[str, str],
    now: datetime,
) -> dict[str, Any]:
    ids = [due.visit.appointment_id for due in group]
    tells = _step_of(group) in TELLING
    return {
        "id": new_id(),
        "conversation_id": contact.conversation_id,
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
