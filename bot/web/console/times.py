"""How the console says times: the day and the hour in the right zone, how long ago, how much time is left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from bot.web.console.language import SOURCE, say, tongue


class Patterns(NamedTuple):
    """CLDR patterns of one language."""

    locale: str
    clock: str
    day: str
    day_and_year: str
    full_day: str


PATTERNS: Final = {
    "en": Patterns("en_US", "h:mm a", "EEE, MMM d", "EEE, MMM d, y", "EEEE, MMMM d"),
    "es": Patterns("es_US", "h:mm a", "EEE d MMM", "EEE d MMM y", "EEEE d 'de' MMMM"),
}


def _patterns() -> Patterns:
    return PATTERNS.get(tongue(), PATTERNS[SOURCE])


def span(length: timedelta) -> str:
    """A length of time in its largest unit."""
    minutes = int(abs(length.total_seconds()) // 60)
    if minutes < 60:
        return say("%(count)s min", count=minutes)
    if minutes < 48 * 60:
        return say("%(count)s h", count=minutes // 60)
    return say("%(count)s days", count=minutes // (24 * 60))


def age(moment: datetime, now: datetime) -> str:
    """How long ago."""
    if now - moment < timedelta(minutes=1):
        return say("just now")
    return say("%(long)s ago", long=span(now - moment))


def due(respond_by: datetime, now: datetime) -> str:
    """How much time is left to respond, or by how much it is late."""
    left = respond_by - now
    if left >= timedelta(minutes=1):
        return say("due in %(long)s", long=span(left))
    return say("due now") if left > timedelta(minutes=-1) else say("overdue %(long)s", long=span(left))


def urgency(respond_by: datetime, now: datetime) -> str:
    """`late`, `soon` or `fine`, for colour and icon beside the words."""
    left = respond_by - now
    if left < timedelta():
        return "late"
    return "soon" if left < timedelta(minutes=15) else "fine"


def clock(moment: datetime, zone: str) -> str:
    """The time of day in that zone."""
    known = _patterns()
    return format_time(moment.astimezone(ZoneInfo(zone)), known.clock, locale=known.locale)


def full_day(moment: datetime, zone: str) -> str:
    """The day in that zone, in full."""
    known = _patterns()
    return format_date(moment.astimezone(ZoneInfo(zone)).date(), known.full_day, locale=known.locale)


def day(moment: datetime, zone: str, now: datetime) -> str:
    """The day in that zone, as people say it."""
    local, today = moment.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()
    match (local - today).days:
        case 0:
            return say("Today")
        case 1:
            return say("Tomorrow")
        case -1:
            return say("Yesterday")
    known = _patterns()
    return format_date(local, known.day if local.year == today.year else known.day_and_year, locale=known.locale)


def when(moment: datetime, zone: str, now: datetime) -> str:
    """Day and time in that zone."""
    return f"{day(moment, zone, now)}, {clock(moment, zone)}"
