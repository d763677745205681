"""When scheduler and worker next have something to do: hours in which nothing is due need no round each half hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, union_all

from bot.core.journey import TouchState
from bot.core.messages import MessageStatus
from bot.services.clinic import Clinic
from bot.store.tables import Enrollment, Message, Slot, SlotStatus, Touch

STEP = timedelta(minutes=30)
LONGEST = timedelta(hours=4)
"""A round comes at least so often: what begins with a new day is not looked up here."""

_NEAREST = union_all(
    select(func.min(Touch.due_at).label("at")).where(Touch.state == TouchState.PLANNED),
    select(func.min(Message.due_at).label("at")).where(Message.status == MessageStatus.PLANNED),
    select(func.min(Enrollment.wake_at).label("at")).where(Enrollment.wake_at.is_not(None)),
    select(func.min(Slot.next_wave_at).label("at")).where(Slot.status == SlotStatus.FREE),
)


def next_round(clinic: Clinic, now: datetime) -> timedelta:
    """How long until the next round: half hours, as many as nothing is due in, and four hours at most."""
    with clinic.database.read() as connection:
        nearest = min((at for at in connection.execute(_NEAREST).scalars() if at is not None), default=None)
    if nearest is None:
        return LONGEST
    steps = -((now - nearest) // STEP)
    return min(max(STEP * steps, STEP), LONGEST)
