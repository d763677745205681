"""Contacts that are due become texts: one for each visit, or one for a household's visits of a day."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, insert, update

from bot.core.intents import Context
from bot.core.journey import QuestionState, TouchState
from bot.core.messages import Origin
from bot.core.outreach import Lane
from bot.core.people import ConsentStatus, PatientStatus, Scope, Visit
from bot.core.planning import AT_ONCE, REMINDERS, SAID_ALREADY, pick, too_late
from bot.journeys import discover
from bot.services import reviews
from bot.services.clinic import Clinic
from bot.services.outbox import Draft, row_of
from bot.services.wording import local, values_for
from bot.store.columns import AnyRow, new_id
from bot.store.queries import gate, planning
from bot.store.queries.conversations import ensure_conversations, insert_or_ignore
from bot.store.tables import Enrollment, Message, Question, Touch

TOGETHER = timedelta(hours=12)
"""Reminders of one household that fall due within this time of each other go out as one text."""
JOURNEY = "appointment"
ASKING = ("reminder_first", "reminder_last", "moved", "household")
TELLING = ("booked",)
"""Nothing is asked, but a yes may come back: what it was told of is kept."""
LANES = {"same_day": Lane.SAME_DAY, "moved": Lane.SAME_DAY, "cancelled": Lane.SAME_DAY}

_MESSAGES = insert(Message.__table__)  # type: ignore[arg-type]
_QUESTIONS = insert(Question.__table__)  # type: ignore[arg-type]
_WAKE = update(Enrollment).where(Enrollment.id == bindparam("which")).values(wake_at=bindparam("wake"), misses=0)
_QUEUED = (
    update(Touch)
    .where(Touch.id == bindparam("which"))
    .values(state=TouchState.QUEUED, message_id=bindparam("message"), updated_at=bindparam("at"))
)


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


def make_messages(connection: Connection, clinic: Clinic, rows: Sequence[AnyRow], at: datetime) -> tuple[int, int]:
    """Turn due contacts into messages, questions and enrollments. Gives (messages made, contacts skipped)."""
    now = clinic.clock()
    contacts = planning.contacts(connection, sorted({row.patient_id for row in rows}))
    companions = planning.companions(connection, sorted({row.appointment_id for row in rows}), at)
    rows = _once([*rows, *companions, *_siblings(connection, rows, contacts, at)])
    contacts = planning.contacts(connection, sorted({row.patient_id for row in rows}))
    spoken = planning.spoken_of(connection, sorted({row.appointment_id for row in rows}), since=at - AT_ONCE)
    stopped = gate.stopped_programs(connection, sorted(contacts))
    groups, skipped = choose(clinic, rows, contacts, at, spoken=spoken, stopped=stopped)
    for reason, ids in skipped.items():
        planning.settle_touches(connection, ids, state=TouchState.SKIPPED, reason=reason, now=now)
    _write(connection, clinic, groups, contacts, now)
    return len(groups), sum(len(ids) for ids in skipped.values())


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


def _siblings(
    connection: Connection, rows: Sequence[AnyRow], contacts: Mapping[str, AnyRow], at: datetime
) -> Sequence[AnyRow]:
    """Reminders for others on the same phones that would follow within hours."""
    phones = {contacts[r.patient_id].contact_point_id for r in rows if r.step in REMINDERS and r.patient_id in contacts}
    if not phones:
        return ()
    household = planning.household_of(connection, sorted(phones))
    return planning.siblings(connection, household, at + TOGETHER)


def _once(rows: Sequence[AnyRow]) -> list[AnyRow]:
    return list({row.touch_id: row for row in rows}.values())


def _sort_out(
    rows: Sequence[Any],
    contacts: Mapping[str, AnyRow],
    clinic: Clinic,
    at: datetime,
    spoken: Container[str],
) -> tuple[list[Due], dict[str, list[str]]]:
    skipped: dict[str, list[str]] = defaultdict(list)
    by_visit: dict[str, list[Due]] = defaultdict(list)
    for row in rows:
        due = _due_of(row, clinic)
        reason = "visit-changed" if row.subject_version != row.version else None
        reason = reason or too_late(due.step, due.visit, due.expires_at, at)
        if reason is None and row.patient_id not in contacts:
            reason = "no-usable-number"
        if reason is None and due.step in ("booked", *REMINDERS) and due.visit.appointment_id in spoken:
            reason = SAID_ALREADY
        if reason is None:
            by_visit[due.visit.appointment_id].append(due)
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
) -> None:
    missing = {
        contacts[group[0].visit.patient_id].contact_point_id
        for group in groups
        if contacts[group[0].visit.patient_id].conversation_id is None
    }
    if missing:
        ensure_conversations(connection, sorted(missing), now)
        contacts = planning.contacts(connection, sorted({due.visit.patient_id for group in groups for due in group}))
    enrollments = _enroll(connection, groups, now)
    messages: list[dict[str, Any]] = []
    questions: list[dict[str, Any]] = []
    touched: list[dict[str, Any]] = []
    for group in groups:
        contact = contacts[group[0].visit.patient_id]
        draft = draft_of(clinic, group, contact, now, enrollment_id=enrollments.get(group[0].visit.appointment_id))
        message = dict(row_of(draft, vault=clinic.vault, now=now))
        messages.append(message)
        if _step_of(group) in (*ASKING, *TELLING):
            questions.append(_question(group, contact, message, enrollments, now))
        touched.extend({"which": due.touch_id, "message": message["id"], "at": now} for due in group)
    if messages:
        connection.execute(_MESSAGES, messages)
        connection.execute(_QUEUED, touched)
    if questions:
        connection.execute(_QUESTIONS, questions)
        _listen(connection, questions, now)


def _listen(connection: Connection, questions: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """From when on no answer counts as silence."""
    journey = discover()["appointment"]
    after = journey.steps[journey.start].silence_after
    if isinstance(after, timedelta):
        asked = [
            question["enrollment_id"]
            for question in questions
            if question["enrollment_id"] and question["context"] is not Context.NONE
        ]
        if asked:
            connection.execute(_WAKE, [{"which": enrollment_id, "wake": now + after} for enrollment_id in asked])


def _enroll(connection: Connection, groups: Sequence[list[Due]], now: datetime) -> Mapping[str, str]:
    visits = {due.visit.appointment_id: due.visit for group in groups for due in group}
    known = dict(planning.enrollments_about(connection, sorted(visits)))
    fresh = [
        {
            "id": new_id(),
            "journey": "appointment",
            "patient_id": visit.patient_id,
            "subject_id": appointment_id,
            "step": discover()["appointment"].start,
            "misses": 0,
            "data": {},
            "created_at": now,
            "updated_at": now,
        }
        for appointment_id, visit in visits.items()
        if appointment_id not in known
    ]
    if fresh:
        connection.execute(insert_or_ignore(connection, Enrollment.__table__), fresh)
        known = dict(planning.enrollments_about(connection, sorted(visits)))
    return known


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
        patient_id=first.visit.patient_id,
        appointment_id=first.visit.appointment_id,
        appointment_version=first.visit.version,
        enrollment_id=enrollment_id,
        lane=LANES.get(step, Lane.REMINDER),
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
    group: Sequence[Due],
    contact: AnyRow,
    message: Mapping[str, Any],
    enrollments: Mapping[str, str],
    now: datetime,
) -> dict[str, Any]:
    journey = discover()["appointment"]
    step = journey.steps[journey.start]
    ids = [due.visit.appointment_id for due in group]
    tells = _step_of(group) in TELLING
    return {
        "id": new_id(),
        "conversation_id": contact.conversation_id,
        "message_id": message["id"],
        "enrollment_id": enrollments.get(ids[0]) if len(ids) == 1 else None,
        "patient_id": group[0].visit.patient_id if len({due.visit.patient_id for due in group}) == 1 else None,
        "journey": journey.name,
        "step": step.name,
        "context": Context.NONE if tells else step.context,
        "options": [] if tells else list(step.options),
        "subjects": [[due.visit.appointment_id, due.visit.version] for due in group],
        "state": QuestionState.PREPARED,
        "asked_at": now,
        "expires_at": max(due.visit.starts_at for due in group),
    }
