"""Quiet hours and office hours: wall time in a named zone, through gaps and folds of summer time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

Span: TypeAlias = tuple[time, time]
"""From, until, in local time; the end may lie on the next day."""

# A clinic may be closed over a weekend, and a zone may skip a day altogether (Samoa did in 2011).
DAYS_AHEAD: Final = 9
LONGEST_CLOSING: Final = 60
"""Days. A place that opens in none of them is not known to open at all."""
WORKDAYS: Final = 5


@dataclass(frozen=True, slots=True)
class Week:
    """When somebody reads at one place: by the day of the week, and never on a holiday."""

    zone: str
    days: tuple[Span | None, ...]
    """Monday first; None: closed. Equal ends mean the whole day."""
    holidays: frozenset[date] = frozenset()

    def span(self, day: date) -> Span | None:
        """The hours of that day; None when it is closed."""
        return None if day in self.holidays else self.days[day.weekday()]


def workdays(zone: str, office: Span) -> Week:
    """The same hours from Monday to Friday."""
    return Week(zone, (*[office] * WORKDAYS, None, None))


def is_quiet(now: datetime, zone: str, quiet: Span) -> bool:
    """Whether no outreach may start now, where the patient lives. Equal ends mean that no hour is quiet."""
    return quiet[0] != quiet[1] and _within(now.astimezone(ZoneInfo(zone)).time(), quiet)


def opens_at(now: datetime, zone: str, quiet: Span) -> datetime:
    """The next moment at which outreach may start: now, or when the quiet hours end."""
    if not is_quiet(now, zone, quiet):
        return now
    ends = (moment for moment in _moments(now, zone, quiet[1]) if not is_quiet(moment, zone, quiet))
    return next(ends)


def quiet_from(now: datetime, zone: str, quiet: Span) -> datetime | None:
    """When the quiet hours begin next, for a moment outside them; None where there are none."""
    if quiet[0] == quiet[1]:
        return None
    return next(moment for moment in _moments(now, zone, quiet[0]) if moment > now)


def next_day(now: datetime, zone: str) -> datetime:
    """The first moment of the next calendar day there."""
    local = now.astimezone(ZoneInfo(zone)).date()
    return next(moment for moment in _moments(now, zone, time(0)) if moment.astimezone(ZoneInfo(zone)).date() > local)


def local_day(moment: datetime, zone: str) -> date:
    """The calendar day there."""
    return moment.astimezone(ZoneInfo(zone)).date()


def is_open(now: datetime, zone: str, office: Span) -> bool:
    """Whether somebody reads: Monday to Friday within office hours. Equal ends mean the whole day."""
    return reads(now, workdays(zone, office))


def next_opening(now: datetime, zone: str, office: Span) -> datetime:
    """The next moment at which somebody reads: now, or when the office opens."""
    opening = next_reading(now, workdays(zone, office))
    assert opening is not None, "there is a Monday in every week"
    return opening


def reads(now: datetime, week: Week) -> bool:
    """Whether somebody reads at that place."""
    local = now.astimezone(ZoneInfo(week.zone))
    span = week.span(local.date())
    return span is not None and (span[0] == span[1] or _within(local.time(), span))


def next_reading(now: datetime, week: Week) -> datetime | None:
    """The next moment at which somebody reads there: now, or when it opens. None where no opening is known."""
    if reads(now, week):
        return now
    # Midnight too: hours that reach past it, and whole days, open a Monday with the day itself.
    return next((moment for moment in _turns(now, week, 0) if reads(moment, week)), None)


def next_closing(now: datetime, week: Week) -> datetime | None:
    """When somebody who reads now stops to; None where nobody ever does."""
    return next((moment for moment in _turns(now, week, 1) if moment > now and not reads(moment, week)), None)


def after_reading(now: datetime, length: timedelta, week: Week) -> datetime:
    """When somebody will have read for so long; by the plain clock where no opening is known."""
    left, at = length, next_reading(now, week)
    while at is not None:
        closing = next_closing(at, week)
        if closing is None or closing - at >= left:
            return at + left
        left -= closing - at
        at = next_reading(closing, week)
    return now + length


def _turns(now: datetime, week: Week, end: int) -> Iterator[datetime]:
    """When days there begin and when their hours start (or, with 1, end), from now on, the earliest first."""
    today = now.astimezone(ZoneInfo(week.zone)).date()
    for ahead in range(-1, LONGEST_CLOSING):
        day = today + timedelta(days=ahead)
        span = week.span(day)
        walls = {time(0)} if span is None else {time(0), span[end]}
        moments = {moment for wall in walls for moment in _shown(day, week.zone, wall)}
        yield from (moment for moment in sorted(moments) if moment >= now)


def _within(local: time, span: Span) -> bool:
    start, end = span
    return start <= local < end if start <= end else local >= start or local < end


def _moments(now: datetime, zone: str, wall: time) -> Iterator[datetime]:
    """When clocks there show that time, from now on, the earliest first; the end of the gap where they skip it."""
    today = now.astimezone(ZoneInfo(zone)).date()
    for ahead in range(-1, DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        yield from (moment for moment in _shown(day, zone, wall) if moment >= now)


def _shown(day: date, zone: str, wall: time) -> list[datetime]:
    tz = ZoneInfo(zone)
    first, second = (datetime.combine(day, wall.replace(fold=fold), tz).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return [first] if first == second else [first, second]
    # In a gap fold=0 reads the clock as before the jump and fold=1 as after it: the jump lies between the two.
    return [_jump(second, first, tz)]


def _jump(before: datetime, after: datetime, tz: ZoneInfo) -> datetime:
    offset = after.astimezone(tz).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle <= before:
            break
        if middle.astimezone(tz).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
