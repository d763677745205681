"""The events of one day, as reports count them: each by an index, none that reads more than its day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Select, func, or_, select, union

from bot.core.escalation import EscalationStatus
from bot.core.messages import Direction, Origin
from bot.core.people import ConsentBasis, ConsentStatus
from bot.store.columns import AnyRow
from bot.store.tables import (
    Appointment,
    AppointmentChange,
    ConsentEntry,
    Conversation,
    Discharge,
    Enrollment,
    EnrollmentMove,
    Escalation,
    Message,
    Patient,
    Touch,
)

BATCH: Final = 2_000
IDS: Final = 500
"""So many ids stand in one statement."""
EVERY_PROGRAM: Final = "all"
LEAVES: Final = timedelta(days=7)
"""An opt-out is laid to the last text of so long before."""

_LOOP: Final = (
    Enrollment.id, Enrollment.patient_id, Enrollment.kind, Enrollment.outcome, Enrollment.ended_at,
    Enrollment.created_at, Appointment.location,
)  # fmt: skip
_PLACE = (
    select(Appointment.location)
    .where(Appointment.patient_id == Patient.patient_id)
    .order_by(Appointment.starts_at.desc())
    .limit(1)
    .scalar_subquery()
)


def sent(connection: Connection, since: datetime, until: datetime) -> Iterator[Sequence[AnyRow]]:
    """Texts that the carrier took in that time, in batches."""
    query = (
        select(
            Message.conversation_id, Message.patient_id, Message.appointment_id, Message.origin, Message.kind,
            Message.status, Message.segments, Message.language, Message.sent_at, Appointment.location,
        )
        .outerjoin(Appointment, Appointment.appointment_id == Message.appointment_id)
        .where(Message.sent_at >= since, Message.sent_at < until, Message.direction == Direction.OUTBOUND)
    )  # fmt: skip
    yield from _batches(connection, query)


def heard(connection: Connection, since: datetime, until: datetime) -> Iterator[Sequence[AnyRow]]:
    """Texts from patients in that time, in batches."""
    query = select(
        Message.conversation_id, Message.patient_id, Message.kind, Message.language, Message.created_at
    ).where(Message.direction == Direction.INBOUND, Message.created_at >= since, Message.created_at < until)
    yield from _batches(connection, query)


def opted_out(connection: Connection, since: datetime, until: datetime) -> Sequence[AnyRow]:
    """Who asked in that time that nothing more be sent, or of whom the carrier said so."""
    return connection.execute(
        select(ConsentEntry.contact_point_id, ConsentEntry.patient_id, ConsentEntry.at)
        .where(
            ConsentEntry.status == ConsentStatus.OPTED_OUT,
            ConsentEntry.at >= since,
            ConsentEntry.at < until,
            ConsentEntry.basis.in_((ConsentBasis.PATIENT, ConsentBasis.PROVIDER)),
            ConsentEntry.program == EVERY_PROGRAM,
        )
        .order_by(ConsentEntry.at)
    ).all()


def last_before(connection: Connection, contact_point_id: str, at: datetime) -> AnyRow | None:
    """The last text that went to that phone in the days before, but for what is about consent itself."""
    return connection.execute(
        select(Message.kind, Message.patient_id, Message.language)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.contact_point_id == contact_point_id,
            Message.direction == Direction.OUTBOUND,
            Message.sent_at.is_not(None),
            Message.origin != Origin.CONSENT,
            Message.created_at > at - LEAVES,
            Message.created_at < at,
        )
        .order_by(Message.created_at.desc())
        .limit(1)
    ).first()


def visits(connection: Connection, since: datetime, until: datetime) -> Sequence[AnyRow]:
    """Visits of that time, and those that stood in it before they last moved, by where they stood."""
    columns = (
        Appointment.appointment_id, Appointment.patient_id, Appointment.location, Appointment.service,
        Appointment.status, Appointment.response, Appointment.starts_at, Appointment.previous_starts_at,
        Appointment.created_at,
    )  # fmt: skip
    here = select(*columns).where(Appointment.starts_at >= since, Appointment.starts_at < until)
    left = select(*columns).where(
        Appointment.previous_starts_at >= since,
        Appointment.previous_starts_at < until,
        or_(Appointment.starts_at < since, Appointment.starts_at >= until),
    )
    return [*connection.execute(here), *connection.execute(left)]


def changes(connection: Connection, appointment_ids: Sequence[str]) -> Iterator[AnyRow]:
    """When these visits moved or were called off, the earliest first."""
    for ids in _pieces(appointment_ids):
        yield from connection.execute(
            select(
                AppointmentChange.appointment_id, AppointmentChange.field, AppointmentChange.before,
                AppointmentChange.after, AppointmentChange.at,
            )
            .where(AppointmentChange.appointment_id.in_(ids), AppointmentChange.field.in_(("status", "starts_at")))
            .order_by(AppointmentChange.at, AppointmentChange.id)
        )  # fmt: skip


def asked(connection: Connection, appointment_ids: Sequence[str], *, asking: Sequence[str]) -> set[str]:
    """Of these visits, those about which a text of such a kind went out, alone or for a household."""
    found: set[str] = set()
    for ids in _pieces(appointment_ids):
        alone = select(Message.appointment_id).where(
            Message.appointment_id.in_(ids), Message.kind.in_(asking), Message.sent_at.is_not(None)
        )
        together = (
            select(Touch.subject_id)
            .join(Message, Message.id == Touch.message_id)
            .where(Touch.subject_id.in_(ids), Message.kind.in_(asking), Message.sent_at.is_not(None))
        )
        found.update(connection.execute(union(alone, together)).scalars().all())
    return found


def brought(connection: Connection, since: datetime, until: datetime) -> Sequence[AnyRow]:
    """What was brought to a person in that time."""
    return connection.execute(
        select(
            Escalation.id, Escalation.patient_id, Escalation.conversation_id, Escalation.priority, Escalation.reason,
            Escalation.status, Escalation.claimed_at, Escalation.resolved_at, Escalation.respond_by,
            Escalation.created_at, Appointment.location,
        )
        .outerjoin(Appointment, Appointment.appointment_id == Escalation.appointment_id)
        # All there are of both, so that the index on them leads to the time.
        .where(
            Escalation.status.in_(tuple(EscalationStatus)),
            Escalation.priority_rank.in_((0, 1, 2)),
            Escalation.created_at >= since,
            Escalation.created_at < until,
        )
    ).all()  # fmt: skip


def loops(connection: Connection, journey: str, since: datetime, until: datetime) -> Sequence[AnyRow]:
    """Loops of a journey that were taken up in that time."""
    return connection.execute(
        select(*_LOOP)
        .outerjoin(Appointment, Appointment.appointment_id == Enrollment.appointment_id)
        .where(Enrollment.journey == journey, Enrollment.created_at >= since, Enrollment.created_at < until)
    ).all()


def discharges(connection: Connection, journey: str, since: datetime, until: datetime) -> Sequence[AnyRow]:
    """Loops about discharges that were taken up in that time, with when the patient went home."""
    return connection.execute(
        select(*_LOOP, Discharge.discharged_at)
        .outerjoin(Discharge, Discharge.discharge_id == Enrollment.subject_id)
        .outerjoin(Appointment, Appointment.appointment_id == Enrollment.appointment_id)
        .where(Enrollment.journey == journey, Enrollment.created_at >= since, Enrollment.created_at < until)
    ).all()


def moves(connection: Connection, journey: str, since: datetime, until: datetime) -> Sequence[AnyRow]:
    """Moves of a journey's loops in that time."""
    return connection.execute(
        select(*_LOOP, EnrollmentMove.enrollment_id, EnrollmentMove.from_step, EnrollmentMove.to_step,
               EnrollmentMove.at)
        .join(Enrollment, Enrollment.id == EnrollmentMove.enrollment_id)
        .outerjoin(Appointment, Appointment.appointment_id == Enrollment.appointment_id)
        .where(EnrollmentMove.at >= since, EnrollmentMove.at < until, Enrollment.journey == journey)
    ).all()  # fmt: skip


def moves_before(
    connection: Connection, enrollment_ids: Sequence[str], until: datetime
) -> Mapping[str, Sequence[tuple[datetime, str]]]:
    """When each of these loops came to which step, as far as that time."""
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for ids in _pieces(enrollment_ids):
        query = select(EnrollmentMove.enrollment_id, EnrollmentMove.at, EnrollmentMove.to_step).where(
            EnrollmentMove.enrollment_id.in_(ids),
            EnrollmentMove.at < until,
            # To stay, after a chase say, is not to come.
            EnrollmentMove.from_step != EnrollmentMove.to_step,
        )
        for row in connection.execute(query):
            found[row.enrollment_id].append((row.at, row.to_step))
    return found


def reported(connection: Connection, enrollment_ids: Sequence[str], cause: str) -> Mapping[str, datetime]:
    """When that was first reported of each of these loops."""
    found: dict[str, datetime] = {}
    for ids in _pieces(enrollment_ids):
        query = select(EnrollmentMove.enrollment_id, EnrollmentMove.at).where(
            EnrollmentMove.enrollment_id.in_(ids), EnrollmentMove.cause == cause
        )
        for row in connection.execute(query):
            found[row.enrollment_id] = min(row.at, found.get(row.enrollment_id, row.at))
    return found


def people(connection: Connection, patient_ids: Sequence[str]) -> Iterator[AnyRow]:
    """These patients' language, sealed birth date, and where they have, or last had, a visit."""
    for ids in _pieces(patient_ids):
        yield from connection.execute(
            select(Patient.patient_id, Patient.language, Patient.birth_date, _PLACE.label("location")).where(
                Patient.patient_id.in_(ids)
            )
        )


def names(connection: Connection, patient_ids: Sequence[str]) -> Iterator[AnyRow]:
    """The sealed names of these patients."""
    for ids in _pieces(patient_ids):
        yield from connection.execute(
            select(Patient.patient_id, Patient.given_name, Patient.family_name).where(Patient.patient_id.in_(ids))
        )


def earliest(connection: Connection) -> datetime | None:
    """When the clinic's first text went out."""
    moment: datetime | None = connection.execute(
        select(func.min(Message.sent_at)).where(Message.sent_at.is_not(None))
    ).scalar()
    return moment


def _batches(connection: Connection, query: Select[*tuple[object, ...]]) -> Iterator[Sequence[AnyRow]]:
    # For this statement alone: set on the connection, it would hold for all that follow.
    with connection.execute(query, execution_options={"stream_results": True, "yield_per": BATCH}) as result:
        yield from result.partitions(BATCH)


def _pieces(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + IDS] for at in range(0, len(ids), IDS))
