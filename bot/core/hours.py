"""Quiet hours and office hours: wall time in a named zone, through gaps and folds of summer time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

Span: TypeAlias = tuple[time, time]
"""From, until, in local time; the end may lie on the next day."""

# A clinic may be closed over a weekend, and a zone may skip a day altogether (Samoa did in 2011).
DAYS_AHEAD: Final = 9
SATURDAY: Final = 5


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
    local = now.astimezone(ZoneInfo(zone))
    return local.weekday() < SATURDAY and (office[0] == office[1] or _within(local.time(), office))


def next_opening(now: datetime, zone: str, office: Span) -> datetime:
    """The next moment at which somebody reads: now, or when the office opens."""
    if is_open(now, zone, office):
        return now
    # Midnight too: hours that reach past it, and whole days, open a Monday with the day itself.
    starts = sorted({*_moments(now, zone, office[0]), *_moments(now, zone, time(0))})
    return next(moment for moment in starts if is_open(moment, zone, office))


def when_open_for(length: timedelta, since: datetime, zone: str, office: Span) -> datetime:
    """When the office will have been open for so long since then."""
    left, moment = length, next_opening(since, zone, office)
    while (rest := _closes_at(moment, zone, office) - moment) < left:
        left -= rest
        moment = next_opening(moment + rest, zone, office)
    return moment + left


def _closes_at(moment: datetime, zone: str, office: Span) -> datetime:
    """When an open office closes. Midnight too: a Saturday ends hours that reach past it, and whole days."""
    ends = sorted({*_moments(moment, zone, office[1]), *_moments(moment, zone, time(0))})
    return next(end for end in ends if end > moment and not is_open(end, zone, office))


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
