"""Times that have come free, the race for each, and who is to be offered one next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, bindparam, case, exists, func, or_, select, update

from bot.core.delivery import FAILURES
from bot.core.journey import Urgency
from bot.core.messages import MessageStatus, Origin
from bot.core.people import AppointmentStatus, PatientStatus
from bot.store.columns import AnyRow
from bot.store.tables import Appointment, Enrollment, Message, Patient, Slot, SlotStatus, Waiting

JOURNEY: Final = "waitlist"
ORDER: Final = {Urgency.STAT: 0, Urgency.ASAP: 1, Urgency.URGENT: 2, Urgency.ROUTINE: 3}


def one(connection: Connection, slot_id: str) -> AnyRow | None:
    """One time."""
    return connection.execute(select(Slot.__table__).where(Slot.id == slot_id)).first()


def page(
    connection: Connection, *, status: SlotStatus | None, after: tuple[datetime, str] | None, limit: int
) -> Sequence[AnyRow]:
    """Times, the soonest first."""
    query = select(Slot.__table__)
    if status is not None:
        query = query.where(Slot.status == status)
    if after is not None:
        at, last = after
        query = query.where(or_(Slot.starts_at > at, and_(Slot.starts_at == at, Slot.id > last)))
    return connection.execute(query.order_by(Slot.starts_at, Slot.id).limit(limit)).all()


def offered(connection: Connection, slot_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How the offers of these times stand: for each the number by outcome, `open` where there is none yet."""
    rows = connection.execute(
        select(Enrollment.kind, Enrollment.outcome, func.count().label("count"))
        .where(Enrollment.journey == JOURNEY, Enrollment.kind.in_(slot_ids))
        .group_by(Enrollment.kind, Enrollment.outcome)
    ).all()
    found: dict[str, dict[str, int]] = {slot_id: {} for slot_id in slot_ids}
    for kind, outcome, count in rows:
        found[kind][outcome or "open"] = count
    return found


def take(connection: Connection, slot_id: str, enrollment_id: str, now: datetime) -> bool:
    """Take it for this loop, unless another one has it or its time has come; whether it is theirs.

    One conditional UPDATE: of any number of yeses at once, the database lets one through.
    """
    won = connection.execute(
        update(Slot)
        .where(Slot.id == slot_id, Slot.status == SlotStatus.FREE, Slot.starts_at > now)
        .values(status=SlotStatus.BUSY_TENTATIVE, taken_by=enrollment_id, taken_at=now, updated_at=now)
    )
    if won.rowcount == 1:
        return True
    mine = select(Slot.id).where(Slot.id == slot_id, Slot.taken_by == enrollment_id)
    return connection.execute(mine).first() is not None


def told(connection: Connection, enrollment_id: str, kinds: Collection[str], *, since: datetime) -> bool:
    """Whether one of these texts of this loop went out since then, or is on its way.

    Whoever is just now telling, or taking such a text to send it, is waited for: what still waits afterwards is this
    transaction's to take back.
    """
    connection.execute(select(Enrollment.id).where(Enrollment.id == enrollment_id).with_for_update())
    theirs = (Message.enrollment_id == enrollment_id, Message.origin == Origin.OUTREACH, Message.kind.in_(kinds))
    rows = connection.execute(select(Message.status, Message.sent_at).where(*theirs).with_for_update()).all()
    gone = [row for row in rows if row.status not in (MessageStatus.PLANNED, MessageStatus.DROPPED, *FAILURES)]
    return any(row.sent_at is None or row.sent_at >= since for row in gone)


def give_back(connection: Connection, slot_id: str, enrollment_id: str | None, now: datetime) -> bool:
    """It is free again, if this loop had it."""
    freed = connection.execute(
        update(Slot)
        .where(Slot.id == slot_id, Slot.taken_by == enrollment_id, Slot.status == SlotStatus.BUSY_TENTATIVE)
        .values(status=SlotStatus.FREE, taken_by=None, taken_at=None, next_wave_at=now, updated_at=now)
    )
    return freed.rowcount == 1


def settle(connection: Connection, slot_id: str, status: SlotStatus, now: datetime) -> None:
    """This is what has become of it."""
    connection.execute(update(Slot).where(Slot.id == slot_id).values(status=status, updated_at=now))


_TO_OFFER: Final = (
    select(Slot.__table__)
    .where(Slot.status == SlotStatus.FREE, Slot.next_wave_at <= bindparam("now"))
    .order_by(Slot.starts_at, Slot.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def to_offer(connection: Connection, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Free times whose next wave is due, the soonest first, locked where the database can."""
    return connection.execute(_TO_OFFER, {"now": now, "most": limit}).all()


def candidates(
    connection: Connection, slot: AnyRow, *, day: datetime, daily: int, sooner: timedelta, limit: int
) -> Sequence[AnyRow]:
    """Who is offered this time next: by clinical priority, then by how long they have waited.

    Nobody who was offered it already, who has an offer open, who had `daily` offers since `day`, or whose present visit
    is not later than it by `sooner`.
    """
    offers = select(Enrollment.id).where(Enrollment.journey == JOURNEY, Enrollment.patient_id == Waiting.patient_id)
    offered = offers.where(Enrollment.kind == slot.id).exists()
    in_hand = offers.where(Enrollment.ended_at.is_(None)).exists()
    today = (
        select(func.count())
        .select_from(Enrollment)
        .where(
            Enrollment.journey == JOURNEY,
            Enrollment.patient_id == Waiting.patient_id,
            Enrollment.created_at >= day,
            Enrollment.kind != "",
        )
        .scalar_subquery()
    )
    later = or_(
        Appointment.appointment_id.is_(None),
        and_(
            Appointment.starts_at > slot.starts_at + sooner,
            Appointment.status.in_([AppointmentStatus.BOOKED, AppointmentStatus.PENDING]),
        ),
    )
    rank = case(dict(ORDER), value=Waiting.priority, else_=9)
    return connection.execute(
        select(
            Waiting.waitlist_id,
            Waiting.patient_id,
            Waiting.priority,
            Waiting.appointment_id,
            Appointment.appointment_id.is_not(None).label("has_visit"),
        )
        .join(Patient, Patient.patient_id == Waiting.patient_id)
        .outerjoin(Appointment, Appointment.appointment_id == Waiting.appointment_id)
        .where(
            Waiting.active.is_(True),
            Waiting.service == slot.service,
            Waiting.location.in_(["", slot.location]),
            Patient.status == PatientStatus.ACTIVE,
            Patient.paused_since.is_(None),
            later,
            ~offered,
            ~in_hand,
            today < daily,
        )
        .order_by(rank, Waiting.since, Waiting.waitlist_id)
        .limit(limit)
    ).all()


def offers_of(connection: Connection, slot_id: str, *, but: str | None) -> Sequence[AnyRow]:
    """Offers of this time that are still open, but for one, locked where the database can."""
    query = select(Enrollment.__table__).where(
        Enrollment.journey == JOURNEY, Enrollment.kind == slot_id, Enrollment.ended_at.is_(None)
    )
    return connection.execute((query.where(Enrollment.id != but) if but else query).with_for_update()).all()


_pending = exists().where(
    Enrollment.journey == JOURNEY,
    Enrollment.kind == Slot.id,
    Enrollment.ended_at.is_(None),
    or_(Slot.taken_by.is_(None), Enrollment.id != Slot.taken_by),
)
_DECIDED: Final = (
    select(Slot.id, Slot.taken_by).where(Slot.status != SlotStatus.FREE, _pending).limit(bindparam("most"))
)


def decided(connection: Connection, limit: int) -> Sequence[AnyRow]:
    """Times that are not to be had any more, while somebody still has an offer of one."""
    return connection.execute(_DECIDED, {"most": limit}).all()


def wanted(connection: Connection, service: str, location: str) -> bool:
    """Whether somebody waits for such a time."""
    waiting = select(Waiting.waitlist_id).where(
        Waiting.active.is_(True), Waiting.service == service, Waiting.location.in_(["", location])
    )
    return connection.execute(waiting.limit(1)).first() is not None
