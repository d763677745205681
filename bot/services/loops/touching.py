"""Contacts of loops that are due become texts for the gate, and the questions that they ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from bot.core.gate_reasons import NO_NUMBER
from bot.core.journey import QuestionState, Rank, Step, TouchState, waits
from bot.core.messages import Origin
from bot.core.outreach import Lane
from bot.core.people import Visit
from bot.journeys import discover, is_asked_for
from bot.services import reviews
from bot.services.clinic import Clinic
from bot.services.loops.opening import values_of
from bot.services.outbox import Draft, row_of
from bot.services.wording import values_for
from bot.store.columns import AnyRow, new_id
from bot.store.queries import loops, planning
from bot.store.queries.conversations import ensure_conversations
from bot.store.tables import Enrollment, Message, Question, Touch

ANSWER_WITHIN = timedelta(days=3)
"""An answer counts at least so long, whatever the step does next."""

_MESSAGES = insert(Message.__table__)  # type: ignore[arg-type]
_QUESTIONS = insert(Question.__table__)  # type: ignore[arg-type]
_QUEUED = (
    update(Touch)
    .where(Touch.id == bindparam("which"))
    .values(state=TouchState.QUEUED, message_id=bindparam("message"), updated_at=bindparam("at"))
)
_WAKE = update(Enrollment).where(Enrollment.id == bindparam("which")).values(wake_at=bindparam("wake"))


def make_messages(connection: Connection, clinic: Clinic, rows: Sequence[AnyRow], at: datetime) -> tuple[int, int]:
    """Turn due contacts of loops into messages and questions. Gives (messages made, contacts skipped)."""
    now = clinic.clock()
    contacts = _contacts(connection, rows, now)
    wanted: list[AnyRow] = []
    skipped: dict[str, list[AnyRow]] = {}
    for row in rows:
        reason = _why_not(row, contacts, at)
        if reason is None:
            wanted.append(row)
        else:
            skipped.setdefault(reason, []).append(row)
    for reason, left in skipped.items():
        ids = [row.touch_id for row in left]
        planning.settle_touches(connection, ids, state=TouchState.SKIPPED, reason=reason, now=now)
    # Whoever cannot be reached by text answers no sooner for being waited for: what silence leads to comes now.
    unheard = [{"which": row.loop_id, "wake": now} for row in skipped.get(NO_NUMBER, ()) if row.loop_wake_at]
    if unheard:
        connection.execute(_WAKE, unheard)
    _write(connection, clinic, wanted, contacts, now)
    return len(wanted), sum(len(left) for left in skipped.values())


def _contacts(connection: Connection, rows: Sequence[AnyRow], now: datetime) -> Mapping[str, AnyRow]:
    patients = sorted({row.loop_patient_id for row in rows})
    contacts = planning.contacts(connection, patients)
    missing = sorted({c.contact_point_id for c in contacts.values() if c.conversation_id is None})
    if missing:
        ensure_conversations(connection, missing, now)
        contacts = planning.contacts(connection, patients)
    return contacts


def _why_not(row: AnyRow, contacts: Mapping[str, AnyRow], at: datetime) -> str | None:
    journey = discover().get(row.loop_journey)
    if journey is None or journey.step(row.step) is None:
        return "no-such-step"
    if row.loop_step != row.step:
        return "loop-moved-on"
    if row.expires_at <= at:
        return "too-late"
    return None if row.loop_patient_id in contacts else NO_NUMBER


def _write(
    connection: Connection,
    clinic: Clinic,
    rows: Sequence[AnyRow],
    contacts: Mapping[str, AnyRow],
    now: datetime,
) -> None:
    messages: list[dict[str, Any]] = []
    questions: list[dict[str, Any]] = []
    woken: list[dict[str, Any]] = []
    touched: list[dict[str, Any]] = []
    for row in rows:
        contact = contacts[row.loop_patient_id]
        message = dict(row_of(draft_of(clinic, row, contact, now), vault=clinic.vault, now=now))
        messages.append(message)
        touched.append({"which": row.touch_id, "message": message["id"], "at": now})
        step = discover()[row.loop_journey].steps[row.step]
        if step.on or step.words is not None:
            questions.append(_question(row, step, contact, message["id"], now))
        if step.silence_after is not None and step.closes is None:
            woken.append({"which": row.loop_id, "wake": now + waits(step.silence_after, loops.loop_in(row))})
    if messages:
        connection.execute(_MESSAGES, messages)
        connection.execute(_QUEUED, touched)
    if questions:
        connection.execute(_QUESTIONS, questions)
    if woken:
        connection.execute(_WAKE, woken)


def draft_of(clinic: Clinic, row: AnyRow, contact: AnyRow, now: datetime) -> Draft:
    """The text of one due contact, as it would be written at that moment."""
    journey = discover()[row.loop_journey]
    key = journey.steps[row.step].text_for(row.loop_data)
    name = clinic.vault.maybe_open("patients.given_name", row.loop_patient_id, row.given_name) or ""
    visit = _visit(row)
    more = values_of(clinic, row.loop_data, row.loop_id, row.loop_details)
    values = values_for(clinic, now=now, name=name, visits=[visit] if visit is not None else [], **more)
    rendered = reviews.render(clinic, key, language=row.language, values=values)
    return Draft(
        conversation_id=contact.conversation_id,
        contact_point_id=contact.contact_point_id,
        body=rendered.text,
        kind=key,
        origin=Origin.OUTREACH,
        language=rendered.language,
        patient_id=row.loop_patient_id,
        appointment_id=visit.appointment_id if visit is not None else None,
        appointment_version=visit.version if visit is not None else None,
        enrollment_id=row.loop_id,
        lane=Lane.BULK if journey.rank >= Rank.RECALL else Lane.REMINDER,
        due_at=now,
        expires_at=row.expires_at,
        budget_exempt=is_asked_for(row.loop_journey, row.step),
        dedupe_key=row.key[:160],
    )


def _visit(row: AnyRow) -> Visit | None:
    if row.appointment_id is None:
        return None
    return Visit(
        appointment_id=row.appointment_id,
        patient_id=row.loop_patient_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        status=row.status,
        response=row.response,
        version=row.version,
        location=row.location,
        service=row.service,
    )


def _question(row: AnyRow, step: Step, contact: AnyRow, message_id: str, now: datetime) -> dict[str, Any]:
    patience = waits(step.silence_after, loops.loop_in(row)) if step.silence_after is not None else ANSWER_WITHIN
    return {
        "id": new_id(),
        "conversation_id": contact.conversation_id,
        "message_id": message_id,
        "enrollment_id": row.loop_id,
        "patient_id": row.loop_patient_id,
        "journey": row.loop_journey,
        "step": step.name,
        "context": step.context,
        "options": list(step.options),
        "subjects": [],
        "state": QuestionState.PREPARED,
        "asked_at": now,
        "expires_at": now + patience + ANSWER_WITHIN,
    }
