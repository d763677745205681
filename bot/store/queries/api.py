"""What the API reads: single objects, and lists by keyset, so that the hundredth page costs what the first does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, literal_column, select, tuple_

from bot.core.dialogue import ONCE
from bot.store.columns import AnyRow
from bot.store.queries.loops import VISITS
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Conversation,
    Decision,
    Enrollment,
    EnrollmentMove,
    Escalation,
    Message,
    Patient,
    PatientContact,
)

Filters: TypeAlias = Mapping[str, object]
"""Column names to the values that they must have."""
Key: TypeAlias = tuple[Any, ...]
"""The sort key of the last row of the page before."""

_PATIENT = select(
    Patient.patient_id,
    Patient.language,
    Patient.timezone,
    Patient.status,
    Patient.paused_since,
    Patient.created_at,
    Patient.updated_at,
).where(Patient.patient_id == bindparam("patient_id"))
_CONTACTS = (
    select(
        ContactPoint.id,
        ContactPoint.channel,
        ContactPoint.status,
        ContactPoint.consent.label("number_consent"),
        PatientContact.relation,
        PatientContact.scope,
        PatientContact.rank,
        PatientContact.consent,
        Conversation.id.label("conversation_id"),
    )
    .join(PatientContact, PatientContact.contact_point_id == ContactPoint.id)
    .outerjoin(Conversation, Conversation.contact_point_id == ContactPoint.id)
    .where(PatientContact.patient_id == bindparam("patient_id"), PatientContact.active.is_(True))
    .order_by(PatientContact.rank, ContactPoint.id)
)
_APPOINTMENT_COLUMNS = (
    Appointment.appointment_id,
    Appointment.patient_id,
    Appointment.starts_at,
    Appointment.duration_minutes,
    Appointment.timezone,
    Appointment.location,
    Appointment.service,
    Appointment.status,
    Appointment.response,
    Appointment.responded_at,
    Appointment.telehealth_url.is_not(None).label("telehealth"),
    Appointment.arrived_at,
    Appointment.created_at,
    Appointment.updated_at,
)
_APPOINTMENT = select(*_APPOINTMENT_COLUMNS).where(Appointment.appointment_id == bindparam("appointment_id"))
_APPOINTMENTS = select(*_APPOINTMENT_COLUMNS)
_ESCALATIONS = select(
    Escalation.id,
    Escalation.patient_id,
    Escalation.conversation_id,
    Escalation.message_id,
    Escalation.appointment_id,
    Escalation.priority,
    Escalation.reason,
    Escalation.status,
    Escalation.claimed_by,
    Escalation.claimed_at,
    Escalation.resolved_at,
    Escalation.outcome,
    Escalation.respond_by,
    Escalation.created_at,
    Escalation.updated_at,
)
_ESCALATION = _ESCALATIONS.where(Escalation.id == bindparam("id"))
_LOOPS = select(Enrollment.__table__).where(
    # A conversation that was started once is no loop, and what was asked about visits stands with the visits.
    # Written out, so that the index of the loops is seen to fit.
    Enrollment.journey != literal_column(f"'{VISITS}'"),
    Enrollment.data[ONCE].as_string().is_(None),
)
KEPT_MOVES = 200
_MESSAGES = select(
    Message.id,
    Message.patient_id,
    Message.conversation_id,
    Message.appointment_id,
    Message.direction,
    Message.kind,
    Message.origin,
    Message.body,
    Message.language,
    Message.segments,
    Message.media,
    Message.status,
    Message.error_code,
    Message.twilio_sid,
    Message.decision,
    Message.decision_reason,
    Message.created_at,
    Message.sent_at,
)
_MESSAGE = _MESSAGES.where(Message.id == bindparam("id"))
_DECISIONS = (
    select(Decision.id, Decision.decision, Decision.reason, Decision.until, Decision.at)
    .where(Decision.message_id == bindparam("message_id"))
    .order_by(Decision.at, Decision.id)
)


def patient(connection: Connection, patient_id: str) -> AnyRow | None:
    """One patient, without the sealed columns."""
    return connection.execute(_PATIENT, {"patient_id": patient_id}).first()


def patient_exists(connection: Connection, patient_id: str) -> bool:
    """Whether there is a patient with this id."""
    return patient(connection, patient_id) is not None


def contacts(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """The patient's numbers in use, the first choice first; `number_consent` is what the phone's holder said."""
    return connection.execute(_CONTACTS, {"patient_id": patient_id}).all()


def appointment(connection: Connection, appointment_id: str) -> AnyRow | None:
    """One appointment."""
    return connection.execute(_APPOINTMENT, {"appointment_id": appointment_id}).first()


def appointments(
    connection: Connection,
    filters: Filters,
    *,
    start: datetime | None,
    end: datetime | None,
    after: Key | None,
    limit: int,
) -> Sequence[AnyRow]:
    """Appointments that start at `start` or later and before `end`, the earliest first."""
    wanted = _matching(_APPOINTMENTS, Appointment, filters)
    if start is not None:
        wanted = wanted.where(Appointment.starts_at >= start)
    if end is not None:
        wanted = wanted.where(Appointment.starts_at < end)
    key = (Appointment.starts_at, Appointment.appointment_id)
    if after is not None:
        wanted = wanted.where(tuple_(*key) > _bound(key, after))
    return connection.execute(wanted.order_by(*key).limit(limit)).all()


def escalation(connection: Connection, escalation_id: str) -> AnyRow | None:
    """One escalation."""
    return connection.execute(_ESCALATION, {"id": escalation_id}).first()


def escalations(connection: Connection, filters: Filters, *, after: Key | None, limit: int) -> Sequence[AnyRow]:
    """Escalations, the newest first."""
    wanted = _matching(_ESCALATIONS, Escalation, filters)
    key = (Escalation.created_at, Escalation.id)
    if after is not None:
        wanted = wanted.where(tuple_(*key) < _bound(key, after))
    return connection.execute(wanted.order_by(*(column.desc() for column in key)).limit(limit)).all()


def loop(connection: Connection, loop_id: str) -> AnyRow | None:
    """One loop, its details sealed."""
    return connection.execute(_LOOPS.where(Enrollment.id == loop_id)).first()


def loop_moves(connection: Connection, loop_id: str) -> Sequence[AnyRow]:
    """How it came to where it stands, the first move first; of very many the last ones."""
    moves = select(EnrollmentMove.__table__).where(EnrollmentMove.enrollment_id == loop_id)
    latest = moves.order_by(EnrollmentMove.at.desc(), EnrollmentMove.id.desc()).limit(KEPT_MOVES)
    return connection.execute(latest).all()[::-1]


def loops(
    connection: Connection,
    filters: Filters,
    *,
    is_open: bool | None,
    is_owed: bool,
    overdue_at: datetime | None,
    after: Key | None,
    limit: int,
) -> Sequence[AnyRow]:
    """Loops, the newest first. `is_owed`: those in which the office has the next step; `overdue_at`: due by then."""
    wanted = _matching(_LOOPS, Enrollment, filters)
    if is_open is not None:
        wanted = wanted.where(Enrollment.ended_at.is_(None) if is_open else Enrollment.ended_at.is_not(None))
    if is_owed:
        wanted = wanted.where(and_(Enrollment.office_step.is_not(None), Enrollment.ended_at.is_(None)))
    if overdue_at is not None:
        wanted = wanted.where(and_(Enrollment.office_due_at < overdue_at, Enrollment.ended_at.is_(None)))
    key = (Enrollment.created_at, Enrollment.id)
    if after is not None:
        wanted = wanted.where(tuple_(*key) < _bound(key, after))
    return connection.execute(wanted.order_by(*(column.desc() for column in key)).limit(limit)).all()


def message(connection: Connection, message_id: str) -> AnyRow | None:
    """One message, its body sealed."""
    return connection.execute(_MESSAGE, {"id": message_id}).first()


def messages(connection: Connection, filters: Filters, *, after: Key | None, limit: int) -> Sequence[AnyRow]:
    """Messages, the oldest first, bodies sealed; of one instant, the patient's text comes before the answer to it."""
    wanted = _matching(_MESSAGES, Message, filters)
    key = (Message.created_at, Message.direction, Message.id)
    if after is not None:
        wanted = wanted.where(tuple_(*key) > _bound(key, after))
    return connection.execute(wanted.order_by(*key).limit(limit)).all()


def decisions(connection: Connection, message_id: str) -> Sequence[AnyRow]:
    """What the gate said of one message, in order."""
    return connection.execute(_DECISIONS, {"message_id": message_id}).all()


def _matching(wanted: Select[*tuple[Any, ...]], table: type[Any], filters: Filters) -> Select[*tuple[Any, ...]]:
    given = ((name, value) for name, value in filters.items() if value is not None)
    return wanted.where(*(getattr(table, name) == value for name, value in given))


def _bound(key: Sequence[Any], values: Key) -> ColumnElement[Any]:
    return tuple_(*(bindparam(None, value, type_=column.type) for column, value in zip(key, values, strict=True)))
