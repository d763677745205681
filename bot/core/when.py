"""When the text of a step goes out: a delay, a time of day in the patient's zone, and no weekend where not wanted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.journey import Enrollment, Sends, waits

SATURDAY = 5


def due_at(sends: Sends, enrollment: Enrollment, zone: str, now: datetime) -> datetime:
    """The moment, aware UTC: never before `now` and the delay; by the wall clock where a time of day is given."""
    earliest = now + waits(sends.after, enrollment)
    local = earliest.astimezone(ZoneInfo(zone))
    chosen = local
    if sends.at is not None:
        chosen = local.replace(hour=sends.at.hour, minute=sends.at.minute, second=0, microsecond=0, fold=0)
        if chosen < local:
            chosen = _next_day(chosen)
    while sends.weekdays and chosen.weekday() >= SATURDAY:
        chosen = _next_day(chosen)
    return chosen.astimezone(UTC)


def local_time(iso: str, zone: str) -> datetime:
    """An ISO instant as the wall clock of that zone shows it."""
    return datetime.fromisoformat(iso).astimezone(ZoneInfo(zone))


def _next_day(local: datetime) -> datetime:
    # On the wall clock: a day on which the clocks change has 23 or 25 hours.
    return (local.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=local.tzinfo)
