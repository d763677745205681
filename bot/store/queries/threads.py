"""One conversation as the console shows it: its phone and people, messages, notes and visits, each bounded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, and_, bindparam, func, or_, select, tuple_, update

from bot.core.escalation import EscalationStatus
from bot.core.messages import Direction, MessageStatus, Origin
from bot.store.columns import AnyRow
from bot.store.queries.conversations import LEFT
from bot.store.queries.loops import VISITS as VISIT_DIALOGUES
from bot.store.tables import (
    Appointment,
    ConsentEntry,
    ContactPoint,
    Conversation,
    Decision,
    Enrollment,
    Escalation,
    Message,
    Note,
    Patient,
    PatientContact,
)

MESSAGES = 50
NOTES = 20
PEOPLE = 20
VISITS = 6
ABOUT_TO = timedelta(minutes=1)
"""A reply that is due within so long is as good as said: nobody can take it back for longer."""
_LOOP = (
    select(Enrollment.id)
    .where(Enrollment.id == Escalation.enrollment_id, Enrollment.journey != VISIT_DIALOGUES)
    .scalar_subquery()
    .label("loop_id")
)
"""The loop that an escalation belongs to; what was asked about a visit stands with the visit."""


def conversation(connection: Connection, conversation_id: str) -> AnyRow | None:
    """One conversation."""
    return connection.execute(select(Conversation.__table__).where(Conversation.id == conversation_id)).first()


def number(connection: Connection, contact_point_id: str) -> AnyRow:
    """The phone of a conversation."""
    return connection.execute(select(ContactPoint.__table__).where(ContactPoint.id == contact_point_id)).one()


def people(connection: Connection, contact_point_id: str) -> Sequence[AnyRow]:
    """The patients on a phone, with their consent there."""
    return connection.execute(
        select(*Patient.__table__.c, *(getattr(PatientContact, name) for name in _LINK), CONSENTED_AT)
        .join(PatientContact, PatientContact.patient_id == Patient.patient_id)
        .where(PatientContact.contact_point_id == contact_point_id, PatientContact.active.is_(True))
        .order_by(PatientContact.rank, Patient.patient_id)
        .limit(PEOPLE)
    ).all()


CONSENTED_AT = (
    select(func.max(ConsentEntry.at))
    .where(
        ConsentEntry.patient_id == PatientContact.patient_id,
        ConsentEntry.contact_point_id == PatientContact.contact_point_id,
        ConsentEntry.status == PatientContact.consent,
    )
    .correlate(PatientContact)
    .scalar_subquery()
    .label("consented_at")
)
"""When consent came to stand as it does on that link."""
_LINK = ("relation", "scope", "rank", "consent", "consent_basis")


def subject(connection: Connection, conversation_id: str, on_the_phone: Sequence[AnyRow]) -> str | None:
    """The patient that a conversation is about now: of its open escalations, else of its latest message."""
    ids = [person.patient_id for person in on_the_phone]
    if len(ids) < 2:
        return ids[0] if ids else None
    waiting = (
        select(Escalation.patient_id)
        .where(
            Escalation.conversation_id == conversation_id,
            Escalation.status != EscalationStatus.RESOLVED,
            Escalation.patient_id.in_(ids),
        )
        .order_by(Escalation.priority_rank, Escalation.created_at)
    )
    latest = (
        select(Message.patient_id)
        .where(Message.conversation_id == conversation_id, Message.patient_id.in_(ids))
        .order_by(Message.created_at.desc(), Message.id.desc())
    )
    for query in (waiting, latest):
        if (found := connection.execute(query.limit(1)).scalar_one_or_none()) is not None:
            return str(found)
    return None


def messages(
    connection: Connection, conversation_id: str, *, before: tuple[datetime, str] | None = None, limit: int = MESSAGES
) -> Sequence[AnyRow]:
    """The latest messages, newest first, and one more, which tells that there are earlier ones."""
    query = select(Message.__table__).where(Message.conversation_id == conversation_id)
    if before is not None:
        query = query.where(tuple_(Message.created_at, Message.id) < before)
    return connection.execute(query.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit + 1)).all()


def mark(connection: Connection, message_id: str) -> tuple[datetime, str] | None:
    """Where a message stands in its conversation."""
    row = connection.execute(select(Message.created_at, Message.id).where(Message.id == message_id)).first()
    return None if row is None else (row.created_at, row.id)


def last_said(connection: Connection, conversation_id: str) -> datetime | None:
    """When anything last went out to that phone."""
    unsaid = (MessageStatus.PLANNED, MessageStatus.CLAIMED, MessageStatus.DROPPED)
    query = select(func.max(func.coalesce(Message.sent_at, Message.created_at))).where(
        Message.conversation_id == conversation_id,
        Message.direction == Direction.OUTBOUND,
        Message.status.not_in(unsaid),
    )
    return connection.execute(query).scalar_one()


def newest_inbound(connection: Connection, conversation_id: str) -> str | None:
    """The id of the last thing the patient said."""
    return connection.execute(_inbound(conversation_id).limit(1)).scalar_one_or_none()


def inbound_by(connection: Connection, conversation_id: str, moment: datetime) -> str | None:
    """The id of the last thing the patient had said at that moment."""
    query = _inbound(conversation_id).where(Message.created_at <= moment)
    return connection.execute(query.limit(1)).scalar_one_or_none()


def inbound_since(connection: Connection, conversation_id: str, seen: str) -> tuple[str, ...]:
    """Ids of what the patient has said after the message `seen` (empty: after nothing), the oldest first."""
    query = _inbound(conversation_id)
    # Of a page that names no message of ours nothing is known to have been seen.
    if seen and (since := mark(connection, seen)) is not None:
        query = query.where(tuple_(Message.created_at, Message.id) > since)
    return tuple(reversed(connection.execute(query.limit(5)).scalars().all()))


def last_inbound(connection: Connection, conversation_id: str) -> AnyRow | None:
    """The patient's last message."""
    latest = _inbound(conversation_id).limit(1).scalar_subquery()
    return connection.execute(select(Message.id, Message.patient_id, Message.body).where(Message.id == latest)).first()


def left(connection: Connection, conversation_id: str) -> Sequence[AnyRow]:
    """What the bot left to whoever held the conversation, and nobody has closed since; the newest first."""
    return connection.execute(
        select(Message.id, Message.patient_id, Message.body, Message.understood, Message.created_at)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == Direction.INBOUND,
            Message.understood[LEFT].as_boolean().is_(True),
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(MESSAGES)
    ).all()


def close_left(connection: Connection, rows: Sequence[AnyRow]) -> None:
    """Somebody has seen to these, or they stand in front of people by themselves."""
    for row in rows:
        rest = {name: value for name, value in row.understood.items() if name != LEFT}
        connection.execute(update(Message).where(Message.id == row.id).values(understood=rest))


def said_by_staff(connection: Connection, conversation_id: str, now: datetime) -> AnyRow | None:
    """The last reply of a person that has gone out or is about to."""
    on_its_way = or_(Message.status != MessageStatus.PLANNED, Message.due_at <= now + ABOUT_TO)
    return connection.execute(
        select(Message.id, Message.body, Message.created_at)
        .where(
            Message.conversation_id == conversation_id,
            Message.origin == Origin.STAFF,
            Message.status != MessageStatus.DROPPED,
            on_its_way,
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    ).first()


def _inbound(conversation_id: str) -> Select[str]:
    return (
        select(Message.id)
        .where(Message.conversation_id == conversation_id, Message.direction == Direction.INBOUND)
        .order_by(Message.created_at.desc(), Message.id.desc())
    )


def notes(connection: Connection, conversation_id: str, limit: int = NOTES) -> Sequence[AnyRow]:
    """The latest notes, newest first."""
    query = select(Note.__table__).where(Note.conversation_id == conversation_id)
    return connection.execute(query.order_by(Note.at.desc(), Note.id.desc()).limit(limit)).all()


def visits_ahead(connection: Connection, patient_id: str, now: datetime) -> Sequence[AnyRow]:
    """The next visits of a patient; one of earlier today counts too."""
    return connection.execute(
        select(Appointment.__table__)
        .where(Appointment.patient_id == patient_id, Appointment.starts_at > now - timedelta(hours=12))
        .order_by(Appointment.starts_at)
        .limit(VISITS)
    ).all()


def escalations_of(connection: Connection, *, conversation_id: str | None, patient_id: str | None) -> Sequence[AnyRow]:
    """What waits for a person in a conversation, and of its patient where it stands in none; the most urgent first."""
    places = []
    if conversation_id is not None:
        places.append(Escalation.conversation_id == conversation_id)
    if patient_id is not None:
        places.append(and_(Escalation.patient_id == patient_id, Escalation.conversation_id.is_(None)))
    if not places:
        return ()
    return connection.execute(
        select(Escalation.__table__, _LOOP)
        .where(or_(*places), Escalation.status != EscalationStatus.RESOLVED)
        .order_by(Escalation.priority_rank, Escalation.created_at, Escalation.id)
        .limit(NOTES)
    ).all()


def escalations_of_patient(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """What waits for a person about the patient, wherever it stands; the most urgent first."""
    return connection.execute(
        select(Escalation.__table__, _LOOP)
        .where(Escalation.patient_id == patient_id, Escalation.status != EscalationStatus.RESOLVED)
        .order_by(Escalation.priority_rank, Escalation.created_at, Escalation.id)
        .limit(NOTES)
    ).all()


def visits(connection: Connection, appointment_ids: set[str]) -> dict[str, AnyRow]:
    """These visits, by id."""
    if not appointment_ids:
        return {}
    query = select(Appointment.__table__).where(Appointment.appointment_id.in_(appointment_ids))
    return {row.appointment_id: row for row in connection.execute(query)}


def version(connection: Connection, conversation_id: str) -> AnyRow | None:
    """What tells whether anything in a conversation has changed since it was shown."""
    return connection.execute(_VERSION, {"which": conversation_id}).first()


_SHOWN = (
    select(Message.updated_at)
    .where(Message.conversation_id == bindparam("which"))
    .order_by(Message.created_at.desc(), Message.id.desc())
    .limit(MESSAGES)
    .subquery()
)
_RAISED = select(func.max(Escalation.updated_at)).where(Escalation.conversation_id == bindparam("which"))
_NOTED = select(func.max(Note.at)).where(Note.conversation_id == bindparam("which"))
_VERSION = select(
    Conversation.version,
    Conversation.held_by,
    select(func.max(_SHOWN.c.updated_at)).scalar_subquery().label("changed_at"),
    _RAISED.scalar_subquery().label("raised_at"),
    _NOTED.scalar_subquery().label("noted_at"),
).where(Conversation.id == bindparam("which"))


def decisions(connection: Connection, message_ids: Sequence[str]) -> dict[str, list[AnyRow]]:
    """What the gate said of these messages, the oldest first."""
    found: dict[str, list[AnyRow]] = {}
    query = select(Decision.__table__).where(Decision.message_id.in_(message_ids)).order_by(Decision.at, Decision.id)
    for row in connection.execute(query):
        found.setdefault(row.message_id, []).append(row)
    return found
