"""How likely a visit is to be missed: a transparent sum of what is known of visits and reminders, and of nothing else.

Only what the patient did counts: never who they are. Race, language, insurance, age and address are no part of it.
Prior no-shows and lead time are the two predictors that reviews of no-show studies find again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Sign(StrEnum):
    """One reason why a visit may be missed."""

    MISSED_BEFORE = "missed-before"
    BOOKED_LONG_AGO = "booked-long-ago"
    REMINDERS_UNANSWERED = "reminders-unanswered"
    NOT_REACHED = "not-reached"
    WANTED_ANOTHER_TIME = "wanted-another-time"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known: visits missed and visits that have taken place or were missed, days from booking to the visit,
    reminders that arrived and met silence, whether any arrived at all, and whether another time was asked for."""

    missed: int = 0
    past: int = 0
    lead_days: int = 0
    unanswered: int = 0
    reached: bool = True
    wanted_another_time: bool = False


@dataclass(frozen=True, slots=True)
class Risk:
    """Points, 0 to 100, and each sign with the number that it is about, the weightiest first."""

    points: int
    signs: tuple[tuple[Sign, int], ...]


MISSED_POINTS: Final = 18
MISSED_MOST: Final = 45
LONG_LEAD_DAYS: Final = 14
LEAD_POINTS: Final = 15
LONGER_LEAD_DAYS: Final = 45
UNANSWERED_POINTS: Final = 10
UNANSWERED_MOST: Final = 20
NOT_REACHED_POINTS: Final = 15
ANOTHER_TIME_POINTS: Final = 25


@lru_cache(maxsize=4_096)
def risk(history: History) -> Risk:
    """Add the signs up. Of thousands of visits few have a history that no other has."""
    found: list[tuple[int, Sign, int]] = []
    if history.missed:
        # Two of two is worse than two of twenty.
        share = history.missed / max(history.past, history.missed)
        points = min(MISSED_MOST, MISSED_POINTS * history.missed) * (0.5 + share / 2)
        found.append((round(points), Sign.MISSED_BEFORE, history.missed))
    if history.wanted_another_time:
        found.append((ANOTHER_TIME_POINTS, Sign.WANTED_ANOTHER_TIME, 1))
    if not history.reached:
        found.append((NOT_REACHED_POINTS, Sign.NOT_REACHED, 0))
    elif history.unanswered:
        points = min(UNANSWERED_MOST, UNANSWERED_POINTS * history.unanswered)
        found.append((points, Sign.REMINDERS_UNANSWERED, history.unanswered))
    if history.lead_days >= LONG_LEAD_DAYS:
        points = LEAD_POINTS if history.lead_days >= LONGER_LEAD_DAYS else LEAD_POINTS // 2
        found.append((points, Sign.BOOKED_LONG_AGO, history.lead_days))
    found.sort(key=lambda sign: -sign[0])
    return Risk(min(100, sum(points for points, _, _ in found)), tuple((sign, count) for _, sign, count in found))
