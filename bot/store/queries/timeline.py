"""One patient's story, source by source: each gives at most one page of rows before a mark, newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Connection, Select, literal, select, true, tuple_, union_all

from bot.core.journey import TouchState
from bot.store.columns import AnyRow
from bot.store.tables import (
    Appointment,
    AppointmentChange,
    AuditEntry,
    ConsentEntry,
    Conversation,
    Enrollment,
    Escalation,
    Message,
    Note,
    PatientContact,
    Touch,
)

VIEWS: Final = ("patient.view", "conversation.view", "break-glass")
CHANGES: Final = (
    "patient.language", "patient.status", "contact.add", "contact.change", "contact.end", "contact.renew",
    "number.unsafe", "number.safe",
)  # fmt: skip
HANDLED: Final = (
    "escalation.assign", "escalation.claim", "escalation.climb", "escalation.release", "escalation.reopen",
    "escalation.resolve", "escalation.snooze", "escalation.undo", "escalation.wake",
)  # fmt: skip


_AUDIT: Final[tuple[Any, ...]] = (
    AuditEntry.seq.label("id"),
    AuditEntry.at.label("moment"),
    AuditEntry.actor,
    AuditEntry.action,
    AuditEntry.object_type,
    AuditEntry.detail,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the moment, then the source's name, then the row's id, each falling."""

    at: datetime
    source: str
    id: str


Source = Callable[[Connection, str, Mark | None, int], Sequence[AnyRow]]


def _before(at: Any, row_id: Any, source: str, mark: Mark | None) -> ColumnElement[bool]:
    """What stands after the mark on a page that is ordered by falling (moment, source, id)."""
    if mark is None:
        return true()
    if source == mark.source:
        last = int(mark.id) if source in BY_NUMBER else mark.id
        return tuple_(at, row_id) < (mark.at, last)
    return cast(ColumnElement[bool], at <= mark.at if source < mark.source else at < mark.at)


def _page(query: Any, at: Any, row_id: Any, source: str, mark: Mark | None, limit: int) -> Any:
    return query.where(_before(at, row_id, source, mark)).order_by(at.desc(), row_id.desc()).limit(limit)


def _numbers(patient_id: str) -> Select[Any]:
    return select(PatientContact.contact_point_id).where(PatientContact.patient_id == patient_id)


def _conversations(patient_id: str) -> Select[Any]:
    return select(Conversation.id).where(Conversation.contact_point_id.in_(_numbers(patient_id)))


def messages(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """Texts in and out that are about the patient."""
    query = select(Message.__table__, Message.created_at.label("moment")).where(Message.patient_id == patient_id)
    return connection.execute(_page(query, Message.created_at, Message.id, "message", mark, limit)).all()


def visits(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """Visits, at the moment when we first heard of them."""
    query = select(
        Appointment.appointment_id.label("id"),
        Appointment.created_at.label("moment"),
        Appointment.starts_at,
        Appointment.timezone,
        Appointment.service,
        Appointment.location,
        Appointment.previous_starts_at,
    ).where(Appointment.patient_id == patient_id)
    return connection.execute(
        _page(query, Appointment.created_at, Appointment.appointment_id, "visit", mark, limit)
    ).all()


def changes(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """What became of visits: moved, called off, answered; by whom."""
    query = (
        select(
            AppointmentChange.__table__,
            AppointmentChange.at.label("moment"),
            Appointment.starts_at,
            Appointment.timezone,
            Appointment.service,
            Appointment.location,
        )
        .join(Appointment, Appointment.appointment_id == AppointmentChange.appointment_id)
        .where(Appointment.patient_id == patient_id)
    )
    return connection.execute(_page(query, AppointmentChange.at, AppointmentChange.id, "change", mark, limit)).all()


def enrollments(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """Journeys that began."""
    query = (
        select(
            Enrollment.id,
            Enrollment.journey,
            Enrollment.step,
            Enrollment.ended_at,
            Enrollment.created_at.label("moment"),
            Appointment.starts_at,
            Appointment.timezone,
        )
        .outerjoin(Appointment, Appointment.appointment_id == Enrollment.subject_id)
        .where(Enrollment.patient_id == patient_id)
    )
    return connection.execute(_page(query, Enrollment.created_at, Enrollment.id, "enrolled", mark, limit)).all()


def touches(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """Contacts that were left out, each with its reason; one that became a message is told by its message."""
    query = _touches(patient_id).where(Touch.state.not_in((TouchState.QUEUED, TouchState.PLANNED)))
    return connection.execute(_page(query, Touch.updated_at, Touch.id, "touch", mark, limit)).all()


def planned(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """Contacts that are planned, at the moment when they were."""
    query = _touches(patient_id).where(Touch.state == TouchState.PLANNED)
    return connection.execute(_page(query, Touch.updated_at, Touch.id, "planned", mark, limit)).all()


def _touches(patient_id: str) -> Any:
    return (
        select(
            Touch.id,
            Touch.journey,
            Touch.step,
            Touch.state,
            Touch.reason,
            Touch.due_at,
            Touch.updated_at.label("moment"),
            Appointment.starts_at,
            Appointment.timezone,
        )
        .outerjoin(Appointment, Appointment.appointment_id == Touch.subject_id)
        .where(Touch.patient_id == patient_id, Touch.message_id.is_(None))
    )


def ledger(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """What was said about texts by the patient, or for their numbers by whoever uses them."""
    # Not OR: PostgreSQL would read the whole ledger for it.
    theirs = select(ConsentEntry.id).where(ConsentEntry.patient_id == patient_id)
    for_number = select(ConsentEntry.id).where(
        ConsentEntry.patient_id.is_(None), ConsentEntry.contact_point_id.in_(_numbers(patient_id))
    )
    query = select(ConsentEntry.__table__, ConsentEntry.at.label("moment")).where(
        ConsentEntry.id.in_(union_all(theirs, for_number))
    )
    return connection.execute(_page(query, ConsentEntry.at, ConsentEntry.id, "consent", mark, limit)).all()


def escalations(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """What was brought to a person."""
    query = select(Escalation.__table__, Escalation.created_at.label("moment")).where(
        Escalation.patient_id == patient_id
    )
    return connection.execute(_page(query, Escalation.created_at, Escalation.id, "escalation", mark, limit)).all()


def handled(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """What people did with it: claimed, handed back, put off, resolved."""
    theirs = select(Escalation.id).where(Escalation.patient_id == patient_id)
    query = (
        select(*_AUDIT, Escalation.reason, Escalation.outcome)
        .join(Escalation, Escalation.id == AuditEntry.object_id)
        .where(AuditEntry.object_id.in_(theirs), AuditEntry.action.in_(HANDLED))
    )
    return connection.execute(_page(query, AuditEntry.at, AuditEntry.seq, "handled", mark, limit)).all()


def notes(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """What colleagues wrote down in the patient's conversations, calls among it."""
    query = select(Note.__table__, Note.at.label("moment")).where(Note.conversation_id.in_(_conversations(patient_id)))
    return connection.execute(_page(query, Note.at, Note.id, "note", mark, limit)).all()


def record(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """What people changed in the record: language, status, phones."""
    query = select(*_AUDIT).where(AuditEntry.object_id == patient_id, AuditEntry.action.in_(CHANGES))
    return connection.execute(_page(query, AuditEntry.at, AuditEntry.seq, "record", mark, limit)).all()


def views(connection: Connection, patient_id: str, mark: Mark | None, limit: int) -> Sequence[AnyRow]:
    """Who looked at the patient's page or conversation."""
    looked_at = union_all(select(literal(patient_id)), _conversations(patient_id))
    query = select(*_AUDIT).where(AuditEntry.object_id.in_(looked_at), AuditEntry.action.in_(VIEWS))
    return connection.execute(_page(query, AuditEntry.at, AuditEntry.seq, "viewed", mark, limit)).all()


BY_NUMBER: Final = frozenset({"handled", "record", "viewed"})
"""Sources whose ids are numbers."""

SOURCES: Final[Mapping[str, Source]] = {
    "message": messages,
    "visit": visits,
    "change": changes,
    "enrolled": enrollments,
    "touch": touches,
    "planned": planned,
    "consent": ledger,
    "escalation": escalations,
    "handled": handled,
    "note": notes,
    "record": record,
    "viewed": views,
}
