"""Which contacts a visit calls for, when each is due, and which one of those that fall due together is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.journey import PlannedTouch
from bot.core.people import AppointmentStatus, Participation, Visit

DAY: Final = timedelta(days=1)
LEAST_NOTICE: Final = timedelta(hours=1)
"""A reminder later than this before the visit is of no use."""
NOTICE_LIFE: Final = timedelta(days=2)
"""How long the news that a visit was booked, moved or cancelled stays news."""
SAME_DAY_FROM: Final = time(8, 0)
SAME_DAY_BEFORE: Final = timedelta(hours=3)
CHECK_IN_BEFORE: Final = timedelta(hours=1)
"""How to check in, or the link to a visit by video, is wanted shortly before."""
CHECK_IN_UNTIL: Final = timedelta(minutes=10)
# Of contacts that fall due together, the one further right is made: one text says what both would.
ORDER: Final = ("booked", "reminder_first", "reminder_last", "same_day", "moved", "cancelled")
SAID_ALREADY: Final = "another-text-says-it"
AT_ONCE: Final = timedelta(hours=12)
"""A second text about one visit that follows sooner than this is one too many."""
A_MOMENT_AGO: Final = timedelta(hours=1)
"""The same for what the day itself asks for."""
REMINDERS: Final = ("reminder_first", "reminder_last")


@dataclass(frozen=True, slots=True)
class Rules:
    """How a clinic, a service or a location reminds. `days` before the visit, in any order."""

    days: tuple[int, ...] = (3, 1)
    booked_notice: bool = True
    same_day_note: bool = True
    check_in: bool = False
    """Whether patients are told on the day how to check in, also those who have not confirmed."""


@dataclass(frozen=True, slots=True)
class History:
    """What planning must know of the past: whether the patient has been told of this visit, and what time."""

    told: bool = False
    previous_starts_at: datetime | None = None


def plan_visit(visit: Visit, rules: Rules, history: History, now: datetime) -> tuple[PlannedTouch, ...]:
    """Every contact that this version of the visit calls for from now on.

    Times are wall-clock times in the visit's zone: "one day before" a visit at 9:00 is 9:00 the day before, also
    when the clocks change in between.
    """
    if visit.starts_at <= now:
        return ()
    if visit.status is AppointmentStatus.CANCELLED:
        if not history.told or visit.response is Participation.DECLINED:
            return ()  # Nobody expects it, or the patient called it off.
        return (PlannedTouch("cancelled", now, min(now + NOTICE_LIFE, visit.starts_at)),)
    if not visit.status.is_ahead:
        return ()
    notices = _notices(visit, rules, history, now)
    reminders = _reminders(visit, rules, now, replaced=any(touch.step == "moved" for touch in notices))
    return (*notices, *reminders, *_same_day(visit, rules, now))


def _notices(visit: Visit, rules: Rules, history: History, now: datetime) -> tuple[PlannedTouch, ...]:
    until = min(now + NOTICE_LIFE, visit.starts_at)
    moved = history.previous_starts_at is not None and history.previous_starts_at != visit.starts_at
    if moved and history.told:
        return (PlannedTouch("moved", now, until),)
    due = [_days_before(visit, days) for days in rules.days]
    reminder_soon = any(at <= now + DAY for at in due if at > now) or visit.starts_at - now <= DAY
    if not rules.booked_notice or reminder_soon or history.told:
        return ()
    return (PlannedTouch("booked", now, until),)


def _reminders(visit: Visit, rules: Rules, now: datetime, *, replaced: bool) -> tuple[PlannedTouch, ...]:
    days = sorted(set(rules.days), reverse=True)
    touches = []
    for index, day in enumerate(days):
        due_at = _days_before(visit, day)
        is_last = index == len(days) - 1
        # A step whose time was past when the visit was booked is skipped, but for the last one: that is the reminder.
        if due_at <= now and not is_last:
            continue
        if replaced and due_at <= now + DAY:
            continue  # The notice that it moved asks the same and goes out now.
        following = _days_before(visit, days[index + 1]) if not is_last else visit.starts_at - LEAST_NOTICE
        touches.append(PlannedTouch("reminder_last" if is_last else "reminder_first", due_at, following))
    return tuple(touch for touch in touches if touch.expires_at > now)


def _same_day(visit: Visit, rules: Rules, now: datetime) -> tuple[PlannedTouch, ...]:
    closer = rules.check_in or visit.is_video
    if not (closer or rules.same_day_note):
        return ()
    before, until = (CHECK_IN_BEFORE, CHECK_IN_UNTIL) if closer else (SAME_DAY_BEFORE, LEAST_NOTICE / 2)
    zone = ZoneInfo(visit.timezone)
    morning = datetime.combine(visit.starts_at.astimezone(zone).date(), SAME_DAY_FROM, zone).astimezone(UTC)
    due_at = max(morning, visit.starts_at - before)
    expires_at = visit.starts_at - until
    if due_at <= now or due_at >= expires_at:
        return ()  # Booked on the day itself, or too early in the morning for a note to be of use.
    return (PlannedTouch("same_day", due_at, expires_at),)


def _days_before(visit: Visit, days: int) -> datetime:
    zone = ZoneInfo(visit.timezone)
    local = visit.starts_at.astimezone(zone)
    return (local.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=zone).astimezone(UTC)


def pick(steps: Sequence[str]) -> str:
    """Of the steps of one visit that are due together, the one to make. Of those that prepare, the last."""
    return max(steps, key=lambda step: ORDER.index(step) if step in ORDER else len(ORDER))


def too_late(step: str, visit: Visit, expires_at: datetime, at: datetime, *, for_all: bool = False) -> str | None:
    """Why a due contact about this visit is not made after all; None when it is.

    `for_all`: what the day itself asks for is of use also to those who have not confirmed.
    """
    if step == "cancelled":
        return None if visit.status is AppointmentStatus.CANCELLED else "visit-changed"
    if not visit.status.is_ahead:
        return "visit-cancelled"
    if visit.starts_at <= at:
        return "visit-over"
    if expires_at <= at:
        return "too-late"
    if step == "same_day":
        coming = (Participation.ACCEPTED, Participation.NEEDS_ACTION) if for_all else (Participation.ACCEPTED,)
        return None if visit.response in coming else "not-confirmed"
    if step in ("booked", "moved", *REMINDERS) and visit.response is not Participation.NEEDS_ACTION:
        return "already-answered"
    return None
