"""Business days: Monday to Friday, but for the holidays of a place."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SATURDAY: Final = 5
CLOSES: Final = time(17, 0)


def after(day: date, count: int, holidays: Collection[date] = ()) -> date:
    """The `count`th business day after that day."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY and day not in holidays
    return day


def contact_by(discharged_at: datetime, zone: str, holidays: Collection[date] = (), *, days: int = 2) -> datetime:
    """By when a patient who went home then is to have been reached: five o'clock of the second business day."""
    local = discharged_at.astimezone(ZoneInfo(zone)).date()
    return datetime.combine(after(local, days, holidays), CLOSES, ZoneInfo(zone)).astimezone(UTC)
