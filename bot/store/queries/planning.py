"""What planning reads and writes, in batches: visits to be planned, contacts that are due, who is told and where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select, union, update

from bot.core.journey import QuestionState, TouchState
from bot.core.messages import Direction, MessageStatus, Origin
from bot.core.people import NumberStatus
from bot.store.bulk import among
from bot.store.columns import AnyRow
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Conversation,
    Enrollment,
    Message,
    Patient,
    PatientContact,
    Question,
    ReminderRule,
    Touch,
)

NEVER = (MessageStatus.DROPPED, MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.CANCELED)
"""A text in one of these states never reaches anybody."""
UNTOLD = (MessageStatus.PLANNED, *NEVER)
"""A text in one of these states has told nobody anything."""

_TO_PLAN = (
    select(
        Appointment.appointment_id,
        Appointment.patient_id,
        Appointment.starts_at,
        Appointment.timezone,
        Appointment.status,
        Appointment.response,
        Appointment.version,
        Appointment.location,
        Appointment.service,
        Appointment.planned_version,
        Appointment.previous_starts_at,
        Appointment.telehealth_url,
    )
    .where(Appointment.planned_version < Appointment.version)
    .order_by(Appointment.appointment_id)
    .with_for_update(skip_locked=True)
)


def visits_to_plan(connection: Connection, limit: int, *, but: Collection[str] = ()) -> Sequence[AnyRow]:
    """Appointments that changed since planning last saw them, but for these, locked where the database can."""
    query = _TO_PLAN.where(Appointment.appointment_id.not_in(but)) if but else _TO_PLAN
    return connection.execute(query.limit(limit)).all()


def told_of(connection: Connection, appointment_ids: Sequence[str]) -> frozenset[str]:
    """Those of these visits that a text to the patient has spoken of, by itself or together with others."""
    went_out = (Message.direction == Direction.OUTBOUND, Message.status.not_in(UNTOLD))
    alone = select(Message.appointment_id).where(among(connection, Message.appointment_id, appointment_ids), *went_out)
    together = (
        select(Touch.subject_id)
        .join(Message, Message.id == Touch.message_id)
        .where(among(connection, Touch.subject_id, appointment_ids), Touch.journey == "appointment", *went_out)
    )
    return frozenset(row for row in connection.execute(union(alone, together)).scalars() if row is not None)


def spoken_of(connection: Connection, appointment_ids: Sequence[str], *, since: datetime) -> frozenset[str]:
    """Those of these visits, as they are now, that an outreach since then speaks of, sent or about to be."""
    rows = connection.execute(
        select(Message.appointment_id)
        .join(Appointment, Appointment.appointment_id == Message.appointment_id)
        .where(
            among(connection, Message.appointment_id, appointment_ids),
            Message.appointment_version == Appointment.version,
            Message.origin == Origin.OUTREACH,
            Message.status.not_in(NEVER),
            Message.created_at > since,
        )
    )
    return frozenset(row for row in rows.scalars() if row is not None)


def told_lately(connection: Connection, appointment_ids: Sequence[str], *, since: datetime) -> frozenset[str]:
    """Those of these visits that an outreach has spoken of since then, or is about to: it waits for its hour."""
    rows = connection.execute(
        select(Message.appointment_id).where(
            among(connection, Message.appointment_id, appointment_ids),
            Message.origin == Origin.OUTREACH,
            Message.status.not_in(NEVER),
            or_(Message.status == MessageStatus.PLANNED, func.coalesce(Message.sent_at, Message.updated_at) > since),
        )
    )
    return frozenset(row for row in rows.scalars() if row is not None)


def waiting_about(connection: Connection, appointment_id: str, *, but: str) -> Sequence[str]:
    """Ids of the other outreach that waits to go out about this visit, and about no other one."""
    return (
        connection.execute(
            select(Message.id).where(
                Message.appointment_id == appointment_id,
                Message.origin == Origin.OUTREACH,
                Message.status == MessageStatus.PLANNED,
                Message.kind != "appointment/household",
                Message.id != but,
            )
        )
        .scalars()
        .all()
    )


def mark_planned(connection: Connection, appointment_ids: Sequence[str]) -> None:
    """Planning has seen the present version of these."""
    connection.execute(
        update(Appointment)
        .where(among(connection, Appointment.appointment_id, appointment_ids))
        .values(planned_version=Appointment.version)
    )


def void_older(connection: Connection, appointment_ids: Sequence[str], now: datetime) -> None:
    """Contacts planned for an earlier version of these visits are of no use; messages that wait are dropped.

    Where such a message spoke of several visits of a household, the others are planned anew.
    """
    if not appointment_ids:
        return
    stale = connection.execute(
        select(Touch.id, Touch.message_id)
        .join(Appointment, Appointment.appointment_id == Touch.subject_id)
        .where(
            Touch.subject_id.in_(appointment_ids),
            Touch.journey == "appointment",
            Touch.subject_version < Appointment.version,
            Touch.message_id.is_not(None),
        )
    ).all()
    connection.execute(
        update(Touch)
        .where(
            Touch.subject_id.in_(appointment_ids),
            Touch.journey == "appointment",
            Touch.state == TouchState.PLANNED,
        )
        .values(state=TouchState.VOID, reason="visit-changed", updated_at=now)
    )
    waiting = [row.message_id for row in stale]
    if not waiting:
        return
    dropped = connection.execute(
        update(Message)
        .where(Message.id.in_(waiting), Message.status == MessageStatus.PLANNED)
        .values(
            status=MessageStatus.DROPPED,
            decision="drop",
            decision_reason="visit-changed",
            dedupe_key=None,
            updated_at=now,
        )
        .returning(Message.id)
    ).scalars()
    gone = list(dropped)
    connection.execute(
        update(Question)
        .where(Question.message_id.in_(gone), Question.state == QuestionState.PREPARED)
        .values(state=QuestionState.VOID)
    )
    connection.execute(
        update(Touch)
        .where(Touch.message_id.in_(gone), Touch.state == TouchState.QUEUED)
        .values(state=TouchState.PLANNED, message_id=None, updated_at=now)
    )
    connection.execute(
        update(Touch)
        .where(Touch.id.in_([row.id for row in stale]))
        .values(state=TouchState.VOID, reason="visit-changed", updated_at=now)
    )


def rules(connection: Connection) -> Sequence[AnyRow]:
    """Every reminder rule: there are a handful."""
    return connection.execute(select(ReminderRule.__table__)).all()


DUE = (
    select(
        Touch.id.label("touch_id"),
        Touch.key,
        Touch.step,
        Touch.subject_version,
        Touch.due_at,
        Touch.expires_at,
        Appointment.appointment_id,
        Appointment.patient_id,
        Appointment.starts_at,
        Appointment.timezone,
        Appointment.status,
        Appointment.response,
        Appointment.version,
        Appointment.location,
        Appointment.service,
        Appointment.previous_starts_at,
        Appointment.telehealth_url,
        Patient.given_name,
        Patient.language,
    )
    .join(Appointment, Appointment.appointment_id == Touch.subject_id)
    .join(Patient, Patient.patient_id == Touch.patient_id)
    .where(Touch.journey == "appointment", Touch.state == TouchState.PLANNED)
)
"""Planned contacts with the visit and the patient that they are about."""


# The appointment's row is the lock of all that is about it: what a text or an import has in hand waits for the next
# round. Nobody who writes a row that refers to one is kept waiting by it.
_LOCKED: Final[Mapping[str, Any]] = {
    "skip_locked": True,
    "key_share": True,
    "of": (Touch.__table__, Appointment.__table__),
}
_LOCKING = DUE.with_for_update(**_LOCKED)


def due(
    connection: Connection, at: datetime, limit: int, *, now: datetime, but: Collection[str] = ()
) -> Sequence[AnyRow]:
    """Planned contacts that are due at that moment, but for these, the oldest first, locked where the database can.

    Where `at` lies ahead of `now`, what will be too late by then is not: its time is still to come.
    """
    # In the order of an index: what falls due together may be all that an import brought.
    query = _LOCKING.where(Touch.due_at <= at, or_(Touch.expires_at > at, Touch.expires_at <= now))
    if but:
        query = query.where(Touch.id.not_in(but))
    return connection.execute(query.order_by(Touch.due_at).limit(limit)).all()


def companions(
    connection: Connection, appointment_ids: Sequence[str], at: datetime, *, but: Sequence[str]
) -> Sequence[AnyRow]:
    """All contacts of these visits that are due, also those that a batch has no room for; but for these contacts."""
    query = _LOCKING.where(
        among(connection, Touch.subject_id, appointment_ids), Touch.due_at <= at, ~among(connection, Touch.id, but)
    )
    return connection.execute(query).all()


def siblings(
    connection: Connection, patient_ids: Sequence[str], until: datetime, *, but: Sequence[str]
) -> Sequence[AnyRow]:
    """Reminders of these patients that fall due a little later: candidates for one text with these contacts."""
    query = _LOCKING.where(
        among(connection, Touch.patient_id, patient_ids),
        Touch.step.in_(["reminder_first", "reminder_last"]),
        Touch.due_at <= until,
        ~among(connection, Touch.id, but),
    )
    return connection.execute(query).all()


def contacts(connection: Connection, patient_ids: Sequence[str]) -> Mapping[str, AnyRow]:
    """For each patient the phone that is tried first, with its conversation (None until the first contact)."""
    # Ordered by falling rank, so that the one tried first is the one that stays.
    return {row.patient_id: row for row in numbers(connection, patient_ids)}


def numbers(connection: Connection, patient_ids: Sequence[str]) -> Sequence[AnyRow]:
    """Every phone of these patients that can be texted, of each patient's the one tried first last."""
    return connection.execute(
        select(
            PatientContact.patient_id,
            PatientContact.contact_point_id,
            PatientContact.consent,
            PatientContact.scope,
            Patient.status.label("patient_status"),
            Patient.paused_since,
            Conversation.id.label("conversation_id"),
        )
        .join(Patient, Patient.patient_id == PatientContact.patient_id)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .outerjoin(Conversation, Conversation.contact_point_id == ContactPoint.id)
        .where(
            among(connection, PatientContact.patient_id, patient_ids),
            PatientContact.active.is_(True),
            ContactPoint.status == NumberStatus.ACTIVE,
        )
        .order_by(PatientContact.patient_id, PatientContact.rank.desc(), PatientContact.contact_point_id)
    ).all()


def conversations_of(connection: Connection, contact_point_ids: Sequence[str]) -> Mapping[str, str]:
    """The conversation with each of these phones that has one."""
    query = select(Conversation.contact_point_id, Conversation.id)
    rows = connection.execute(query.where(among(connection, Conversation.contact_point_id, contact_point_ids)))
    return {row.contact_point_id: row.id for row in rows}


def household_of(connection: Connection, contact_point_ids: Sequence[str]) -> Sequence[str]:
    """Everybody on these phones."""
    return list(
        connection.execute(
            select(PatientContact.patient_id)
            .where(
                among(connection, PatientContact.contact_point_id, contact_point_ids), PatientContact.active.is_(True)
            )
            .distinct()
        ).scalars()
    )


def enrollments_about(connection: Connection, appointment_ids: Sequence[str]) -> dict[str, str]:
    """The appointment journey's enrollment for each of these visits that has one."""
    rows = connection.execute(
        select(Enrollment.subject_id, Enrollment.id).where(
            Enrollment.journey == "appointment", among(connection, Enrollment.subject_id, appointment_ids)
        )
    )
    return {row.subject_id: row.id for row in rows}


def settle_touches(
    connection: Connection, ids: Sequence[str], *, state: TouchState, reason: str | None, now: datetime
) -> None:
    """These contacts are decided on."""
    if ids:
        connection.execute(
            update(Touch).where(among(connection, Touch.id, ids)).values(state=state, reason=reason, updated_at=now)
        )
