"""What the day asks for beside the inbox: visits to be confirmed, numbers that do not work, answers for the chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, func, or_, select, update

from bot.core.escalation import EscalationStatus
from bot.core.messages import Direction, MessageStatus
from bot.core.people import AppointmentStatus, NumberStatus, Participation
from bot.store.columns import AnyRow
from bot.store.queries.inbox import awake, with_patient
from bot.store.queries.scope import within
from bot.store.tables import (
    Appointment,
    AppointmentChange,
    ContactPoint,
    Conversation,
    Escalation,
    Message,
    Patient,
    PatientContact,
)
from bot.store.tables.visits import TO_CHART

MOST_VISITS: Final = 3000
"""So many unconfirmed visits are weighed at most, the soonest first."""
AHEAD: Final = (AppointmentStatus.BOOKED, AppointmentStatus.PENDING)
HAPPENED: Final = (AppointmentStatus.FULFILLED, AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN)
CHART_WITHIN: Final = timedelta(days=14)
"""What nobody has put into the chart in so long is not asked for any more: the list must not grow for ever."""
JUST_OVER: Final = timedelta(hours=12)
HERE_FOR: Final = timedelta(hours=3)
"""So long somebody who has come may still wait."""
ARRIVED: Final = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ)
UNANSWERED: Final = (Participation.NEEDS_ACTION, Participation.TENTATIVE)


def needing(
    connection: Connection, *, user_id: str | None, locations: Sequence[str], now: datetime, limit: int
) -> Sequence[AnyRow]:
    """What stands open, or is that person's own, out of sight of nobody: the most urgent and soonest due first."""
    mine = and_(Escalation.status == EscalationStatus.CLAIMED, Escalation.claimed_by == user_id)
    query = select(Escalation.__table__).where(
        or_(Escalation.status == EscalationStatus.OPEN, mine),
        awake(now),
        Escalation.waiting_since.is_(None),
        within(Escalation.patient_id, locations),
    )
    keys = (Escalation.priority_rank, Escalation.respond_by, Escalation.id)
    return connection.execute(with_patient(query, keys, limit=limit)).all()


def own_mark(connection: Connection, *, user_id: str, now: datetime, limit: int) -> Sequence[AnyRow]:
    """What tells whether what this person holds looks as it did."""
    return connection.execute(_OWN.limit(limit), {"user_id": user_id, "now": now}).all()


_OWN = (
    select(Escalation.id, Escalation.version, Conversation.last_inbound_at, Conversation.last_outbound_at)
    .outerjoin(Conversation, Conversation.id == Escalation.conversation_id)
    .where(
        Escalation.status == EscalationStatus.CLAIMED,
        Escalation.claimed_by == bindparam("user_id"),
        awake(bindparam("now")),
        Escalation.waiting_since.is_(None),
    )
    .order_by(Escalation.priority_rank, Escalation.respond_by, Escalation.id)
)


def unanswered(connection: Connection, *, locations: Sequence[str], limit: int) -> Sequence[AnyRow]:
    """Conversations that somebody holds and in which the patient spoke last, the longest wait first."""
    return connection.execute(
        select(Conversation.id, Conversation.held_by, Conversation.last_inbound_at, ContactPoint.phone, *_who())
        .select_from(Conversation)
        .join(ContactPoint, ContactPoint.id == Conversation.contact_point_id)
        .outerjoin(Patient, Patient.patient_id == _first_on(Conversation.contact_point_id))
        .where(
            Conversation.held_by.is_not(None),
            Conversation.last_inbound_at.is_not(None),
            or_(
                Conversation.last_outbound_at.is_(None),
                Conversation.last_inbound_at > Conversation.last_outbound_at,
            ),
            within(Patient.patient_id, locations),
        )
        .order_by(Conversation.last_inbound_at)
        .limit(limit)
    ).all()


def unconfirmed(
    connection: Connection, *, locations: Sequence[str], now: datetime, until: datetime
) -> Sequence[AnyRow]:
    """Visits until then without a yes, with what tells whether they may be missed: at most MOST_VISITS."""
    soon = (
        select(
            Appointment.appointment_id, Appointment.patient_id, Appointment.starts_at, Appointment.created_at,
            Appointment.response,
        )
        .where(
            Appointment.starts_at > now,
            Appointment.starts_at <= until,
            Appointment.status.in_(AHEAD),
            Appointment.response.in_(UNANSWERED),
            *([Appointment.location.in_(locations)] if locations else []),
        )
        .order_by(Appointment.starts_at)
        .limit(MOST_VISITS)
        .cte("soon")
    )  # fmt: skip
    past = (
        select(
            Appointment.patient_id,
            func.sum(case((Appointment.status == AppointmentStatus.NOSHOW, 1), else_=0)).label("missed"),
            func.count().label("past"),
        )
        .where(
            Appointment.patient_id.in_(select(soon.c.patient_id)),
            Appointment.status.in_((AppointmentStatus.NOSHOW, *HAPPENED)),
        )
        .group_by(Appointment.patient_id)
        .subquery()
    )
    told = (
        select(
            Message.appointment_id,
            func.sum(case((Message.status.in_(ARRIVED), 1), else_=0)).label("reminders"),
            func.count().label("tried"),
        )
        .where(
            Message.appointment_id.in_(select(soon.c.appointment_id)),
            Message.direction == Direction.OUTBOUND,
            Message.kind.like("appointment/%"),
            Message.reply_to.is_(None),
        )
        .group_by(Message.appointment_id)
        .subquery()
    )
    return connection.execute(
        select(
            *soon.c,
            func.coalesce(past.c.missed, 0).label("missed"),
            func.coalesce(past.c.past, 0).label("past"),
            func.coalesce(told.c.reminders, 0).label("reminders"),
            func.coalesce(told.c.tried, 0).label("tried"),
        )
        .select_from(soon)
        .outerjoin(past, past.c.patient_id == soon.c.patient_id)
        .outerjoin(told, told.c.appointment_id == soon.c.appointment_id)
    ).all()


def visits(connection: Connection, appointment_ids: Sequence[str]) -> Sequence[AnyRow]:
    """These visits with whose they are and the phone that is tried first."""
    return connection.execute(
        select(
            *Appointment.__table__.c, Patient.given_name, Patient.family_name, Patient.language,
            ContactPoint.phone, ContactPoint.id.label("contact_point_id"),
            Conversation.id.label("conversation_id"),
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .outerjoin(ContactPoint, ContactPoint.id == _phone_of(Appointment.patient_id))
        .outerjoin(Conversation, Conversation.contact_point_id == ContactPoint.id)
        .where(Appointment.appointment_id.in_(appointment_ids))
    ).all()  # fmt: skip


def here(connection: Connection, *, locations: Sequence[str], now: datetime, limit: int) -> Sequence[AnyRow]:
    """Visits whose patients have texted of late that they are there, and of whom the chart does not know it yet."""
    return connection.execute(
        select(
            Appointment.appointment_id, Appointment.starts_at, Appointment.timezone, Appointment.service,
            Appointment.location, Appointment.arrived_at, Appointment.telehealth_url.is_not(None).label("is_video"),
            Patient.patient_id, Patient.given_name, Patient.family_name,
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .where(
            Appointment.arrived_at > now - HERE_FOR, Appointment.status.in_(AHEAD),
            *([Appointment.location.in_(locations)] if locations else []),
        )
        .order_by(Appointment.arrived_at, Appointment.appointment_id)
        .limit(limit)
    ).all()  # fmt: skip


def unreachable(
    connection: Connection, *, locations: Sequence[str], now: datetime, until: datetime, limit: int
) -> Sequence[AnyRow]:
    """Visits until then whose patient has no number that takes texts, the soonest first."""
    works = (
        select(PatientContact.contact_point_id)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .where(
            PatientContact.patient_id == Appointment.patient_id,
            PatientContact.active.is_(True),
            ContactPoint.status == NumberStatus.ACTIVE,
        )
    )
    return connection.execute(
        select(
            Appointment.appointment_id, Appointment.starts_at, Appointment.timezone, Appointment.service,
            Appointment.location, Patient.patient_id, Patient.given_name, Patient.family_name,
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .where(
            Appointment.starts_at > now, Appointment.starts_at <= until, Appointment.status.in_(AHEAD),
            ~exists(works), *([Appointment.location.in_(locations)] if locations else []),
        )
        .order_by(Appointment.starts_at, Appointment.appointment_id)
        .limit(limit)
    ).all()  # fmt: skip


def to_chart(connection: Connection, *, locations: Sequence[str], now: datetime, limit: int) -> Sequence[AnyRow]:
    """Answers of late that are not in the chart: the latest one of each visit not yet over, the soonest visit first."""
    latest = (
        select(func.max(AppointmentChange.id).label("id"))
        .where(TO_CHART, AppointmentChange.at > now - CHART_WITHIN)
        .group_by(AppointmentChange.appointment_id)
        .subquery()
    )
    return connection.execute(
        select(
            AppointmentChange.id, AppointmentChange.appointment_id, AppointmentChange.at, AppointmentChange.after,
            AppointmentChange.actor, Appointment.starts_at, Appointment.timezone, Appointment.service,
            Appointment.location, Appointment.status, Patient.patient_id, Patient.given_name, Patient.family_name,
        )
        .join(latest, latest.c.id == AppointmentChange.id)
        .join(Appointment, Appointment.appointment_id == AppointmentChange.appointment_id)
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .where(
            Appointment.starts_at > now - JUST_OVER,
            AppointmentChange.after != str(Participation.NEEDS_ACTION),
            *([Appointment.location.in_(locations)] if locations else []),
        )
        .order_by(Appointment.starts_at, AppointmentChange.id)
        .limit(limit)
    ).all()  # fmt: skip


def chart_mark(connection: Connection, now: datetime) -> AnyRow:
    """How many answers of late wait for the chart, and the newest of them: whether anything has changed."""
    query = select(func.count(), func.max(AppointmentChange.id))
    return connection.execute(query.where(TO_CHART, AppointmentChange.at > now - CHART_WITHIN)).one()


def charted(
    connection: Connection, change_id: str, *, locations: Sequence[str], actor_id: str, now: datetime
) -> str | None:
    """That answer, and older ones about the same visit, stand in the chart. Gives the visit; None when it is gone."""
    named = (
        select(AppointmentChange.appointment_id)
        .join(Appointment, Appointment.appointment_id == AppointmentChange.appointment_id)
        .where(AppointmentChange.id == change_id, *([Appointment.location.in_(locations)] if locations else []))
    )
    visit: str | None = connection.execute(named).scalar_one_or_none()
    if visit is None:
        return None
    connection.execute(
        update(AppointmentChange)
        .where(AppointmentChange.appointment_id == visit, AppointmentChange.id <= change_id, TO_CHART)
        .values(charted_at=now, charted_by=actor_id)
    )
    return visit


def uncharted(connection: Connection, change_id: str, *, actor_id: str) -> bool:
    """Take that back, if it was that person who said so."""
    named = select(AppointmentChange.appointment_id, AppointmentChange.charted_at).where(
        AppointmentChange.id == change_id, AppointmentChange.charted_by == actor_id
    )
    row = connection.execute(named).first()
    if row is None:
        return False
    connection.execute(
        update(AppointmentChange)
        .where(
            AppointmentChange.appointment_id == row.appointment_id,
            AppointmentChange.charted_at == row.charted_at,
            AppointmentChange.charted_by == actor_id,
        )
        .values(charted_at=None, charted_by=None)
    )
    return True


def _who() -> tuple[ColumnElement[object], ...]:
    columns = (Patient.patient_id, Patient.given_name, Patient.family_name, Patient.language)
    return (*columns, ContactPoint.id.label("contact_point_id"))  # type: ignore[return-value]


def _first_on(contact_point_id: object) -> ColumnElement[str]:
    query = select(PatientContact.patient_id).where(
        PatientContact.contact_point_id == contact_point_id, PatientContact.active.is_(True)
    )
    return query.order_by(PatientContact.rank, PatientContact.patient_id).limit(1).scalar_subquery()


def _phone_of(patient_id: object) -> ColumnElement[str]:
    query = (
        select(PatientContact.contact_point_id)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .where(PatientContact.patient_id == patient_id, PatientContact.active.is_(True))
        .where(ContactPoint.status == NumberStatus.ACTIVE)
    )
    return query.order_by(PatientContact.rank, PatientContact.contact_point_id).limit(1).scalar_subquery()
