"""One budget of unsolicited texts for each patient, over all programs: what it allows, and who goes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.core.hours import Span, local_day, next_day, opens_at
from bot.core.journey import Rank

A_DAY: Final = 1
A_WEEK: Final = 3
"""Unsolicited texts to one patient: the limits of the healthcare exemption, 47 CFR 64.1200(a)(9)(iv)."""
WEEK: Final = timedelta(days=7)
LOOKED_AHEAD: Final = 15
"""Days after which a place in the budget is looked for no further."""

FIRST: Final = Rank.APPOINTMENT
"""What nothing goes before: safety texts and answers are no part of the budget."""
LAST: Final = Rank.EDUCATION


@dataclass(frozen=True, slots=True)
class Reserved:
    """A text to come that counts against the budget too: how it ranks, and when its time comes."""

    due_at: datetime
    rank: Rank
    message_id: str | None = None
    """Where it is written down already."""


def over_day(sent: Iterable[datetime], at: datetime, zone: str) -> bool:
    """Whether that day has its text already."""
    today = local_day(at, zone)
    return sum(local_day(moment, zone) == today for moment in sent) >= A_DAY


def over_week(sent: Iterable[datetime], at: datetime) -> bool:
    """Whether the seven days up to then have theirs."""
    return sum(at - WEEK < moment <= at for moment in sent) >= A_WEEK


def fits(at: datetime, sent: Sequence[datetime], zone: str) -> bool:
    """Whether one more at that moment leaves everything in `sent`, before it and after it, within the budget."""
    if over_day(sent, at, zone) or over_week(sent, at):
        return False
    after = (moment for moment in sent if at <= moment < at + WEEK)
    return all(_in_week_up_to(moment, sent) < A_WEEK for moment in after)


def place(due: datetime, sent: Sequence[datetime], zone: str, quiet: Span) -> datetime:
    """The first moment from then on at which one more fits among those, outside the quiet hours."""
    at = opens_at(due, zone, quiet)
    for _ in range(LOOKED_AHEAD):
        if fits(at, sent, zone):
            return at
        at = opens_at(next_free(sent, at, zone), zone, quiet)
    return at


def next_free(sent: Sequence[datetime], at: datetime, zone: str) -> datetime:
    """When to look again, where it does not fit now: with the next day, or when a week's oldest is a week old."""
    tomorrow = next_day(at, zone)
    if not over_day(sent, at, zone) and over_week(sent, at):
        week = sorted(moment for moment in sent if at - WEEK < moment <= at)
        return max(tomorrow, week[-A_WEEK] + WEEK)
    return tomorrow


def places(
    reserved: Iterable[Reserved], sent: Sequence[datetime], since: datetime, zone: str, quiet: Span
) -> list[datetime]:
    """When those will go out, the highest rank having the first choice. In the order of their choosing."""
    taken: list[datetime] = list(sent)
    chosen = []
    for one in sorted(reserved, key=lambda each: (each.rank, max(each.due_at, since), each.due_at)):
        at = place(max(one.due_at, since), taken, zone, quiet)
        taken.append(at)
        chosen.append(at)
    return chosen


def _in_week_up_to(moment: datetime, sent: Iterable[datetime]) -> int:
    return sum(moment - WEEK < other <= moment for other in sent)
