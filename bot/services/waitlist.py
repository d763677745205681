"""The waitlist at work: a time that comes free is offered in small waves, until one says yes or it is too near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from bot.core.hours import is_quiet, opens_at
from bot.core.messages import MessageStatus
from bot.core.people import AppointmentStatus
from bot.journeys.waitlist import KEEPS
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.loops.moving import report
from bot.services.loops.opening import Opening, open_loop
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import loops, slots
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Enrollment, Slot, SlotStatus, Waiting

WAVE: Final = 4
"""How many are offered one time at once."""
HOLD: Final = timedelta(minutes=30)
"""How long a wave has for itself before the next is asked."""
HOLD_SAME_DAY: Final = timedelta(minutes=15)
LEAST_NOTICE: Final = timedelta(hours=4)
"""Later than this before it, a time is offered to nobody: people have to get there."""
SOONER: Final = timedelta(days=1)
"""A time is an earlier one if it comes so long before the present visit."""
DAILY: Final = 2
"""Offers to one patient in one day."""
BATCH: Final = 20
BOOKED: Final = "booked"
GONE: Final = "gone"
WITHDRAWN: Final = "withdrawn"
"""Whoever has not been asked yet need not be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """A time that has come free. `source`: what it comes from, so that it comes free once."""

    starts_at: datetime
    timezone: str
    service: str = ""
    location: str = ""
    duration_minutes: int | None = None
    source: str | None = None


def add(connection: Connection, freed: Freed, *, actor: str, now: datetime) -> str | None:
    """Put a time on offer, in the caller's transaction; its id, or None where this one has been there before."""
    fresh = new_id()
    row: dict[str, Any] = {
        "id": fresh,
        "starts_at": freed.starts_at,
        "duration_minutes": freed.duration_minutes,
        "timezone": freed.timezone,
        "location": freed.location,
        "service": freed.service,
        "came_from": freed.source,
        "status": SlotStatus.FREE,
        "waves": 0,
        "next_wave_at": now,
        "created_by": actor,
        "created_at": now,
        "updated_at": now,
    }
    connection.execute(insert_or_ignore(connection, Slot.__table__), row)
    return fresh if connection.execute(select(Slot.id).where(Slot.id == fresh)).first() is not None else None


def called_off(connection: Connection, visits: Sequence[AnyRow], now: datetime) -> int:
    """Of these visits that have changed, put the times on offer of those called off, where anybody waits for one."""
    freed = 0
    for visit in visits:
        if visit.status is not AppointmentStatus.CANCELLED or visit.starts_at <= now + LEAST_NOTICE:
            continue
        if slots.wanted(connection, visit.service, visit.location):
            source = f"{visit.appointment_id}:{visit.version}"[:160]
            time = Freed(
                starts_at=visit.starts_at,
                timezone=visit.timezone,
                service=visit.service,
                location=visit.location,
                source=source,
            )
            freed += add(connection, time, actor="import", now=now) is not None
    return freed


def put_on_offer(clinic: Clinic, freed: Freed, *, actor: str, now: datetime) -> str | None:
    """Staff say that a time has come free; its id. Raises DatabaseDown."""
    with clinic.database.begin() as connection:
        slot_id = add(connection, freed, actor=actor, now=now)
        detail = {"service": freed.service, "location": freed.location}
        audit.record(
            connection, at=now, actor=actor, action="slot.offered", object_type="slot", object_id=slot_id, detail=detail
        )
    return slot_id


def offer(clinic: Clinic, now: datetime) -> int:
    """Ask the next wave about every time whose turn it is, and tell whoever was too late; how many offers were made."""
    made = _waves(clinic, now)
    _tell_the_others(clinic, now)
    return made


@once_more
def _waves(clinic: Clinic, now: datetime) -> int:
    made = 0
    with clinic.database.begin() as connection:
        for slot in slots.to_offer(connection, now, BATCH):
            made += _wave(connection, clinic, slot, now)
    return made


def _wave(connection: Connection, clinic: Clinic, slot: AnyRow, now: datetime) -> int:
    if slot.starts_at - now < LEAST_NOTICE:
        slots.settle(connection, slot.id, SlotStatus.BUSY_UNAVAILABLE, now)
        return 0
    quiet = clinic.settings.quiet
    if is_quiet(now, slot.timezone, quiet):
        # Whoever sleeps cannot say yes, and the clock of the wave would run all the same.
        _next_wave(connection, slot, opens_at(now, slot.timezone, quiet), now)
        return 0
    midnight = now.astimezone(ZoneInfo(slot.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    chosen = slots.candidates(connection, slot, day=midnight, daily=DAILY, sooner=SOONER, limit=WAVE)
    for waiting in chosen:
        opening = Opening(
            journey=slots.JOURNEY,
            patient_id=waiting.patient_id,
            subject_id=f"{slot.id}:{waiting.patient_id}",
            kind=slot.id,
            priority=waiting.priority,
            appointment_id=waiting.appointment_id,
            data={
                "slot": slot.id,
                "starts_at": slot.starts_at.isoformat(),
                "zone": slot.timezone,
                **({KEEPS: "yes"} if waiting.has_visit else {}),
            },
        )
        open_loop(connection, clinic, opening, now)
    same_day = slot.starts_at.astimezone(ZoneInfo(slot.timezone)).date() == midnight.date()
    _next_wave(connection, slot, now + (HOLD_SAME_DAY if same_day else HOLD), now, asked=bool(chosen))
    return len(chosen)


def _next_wave(connection: Connection, slot: AnyRow, at: datetime, now: datetime, *, asked: bool = False) -> None:
    values = {"next_wave_at": at, "waves": slot.waves + asked, "updated_at": now}
    connection.execute(update(Slot).where(Slot.id == slot.id).values(**values))


@once_more
def _tell_the_others(clinic: Clinic, now: datetime) -> int:
    told = 0
    with clinic.database.begin() as connection:
        for slot in slots.decided(connection, BATCH):
            for row in slots.offers_of(connection, slot.id, but=slot.taken_by):
                touch = loops.touch_of(connection, row.id, row.version)
                unheard = touch is None or touch.status in (None, MessageStatus.PLANNED, MessageStatus.DROPPED)
                what = WITHDRAWN if unheard else GONE
                told += report(connection, clinic, row, what, data={}, actor="bot", now=now)
    if told:
        clinic.queue.deliver()
    return told


def booked(connection: Connection, loop: AnyRow, now: datetime) -> None:
    """Staff have booked the time that this loop had taken: it is gone, and the patient waits no more."""
    slot_id = loop.data.get("slot")
    if not slot_id:
        return
    slot = connection.execute(select(Slot.__table__).where(Slot.id == slot_id)).first()
    if slot is None or slot.taken_by != loop.id:
        return
    slots.settle(connection, slot_id, SlotStatus.BUSY, now)
    connection.execute(
        update(Waiting)
        .where(Waiting.patient_id == loop.patient_id, Waiting.service == slot.service)
        .values(active=False, updated_at=now)
    )


_BOOKED: Final = (
    select(Enrollment.__table__)
    .join(Slot, Slot.taken_by == Enrollment.id)
    .where(Slot.status == SlotStatus.BUSY_TENTATIVE, Enrollment.outcome == BOOKED)
    .limit(BATCH)
)


def settle_booked(clinic: Clinic, now: datetime) -> int:
    """Loops whose visit staff have booked: their times are no longer to be had. How many."""
    with clinic.database.begin() as connection:
        rows = connection.execute(_BOOKED).all()
        for row in rows:
            booked(connection, row, now)
    return len(rows)
