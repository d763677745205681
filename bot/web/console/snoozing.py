"""The snooze menu: what its words mean on the clinic's clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.hours import Span, next_opening
from bot.web.console.language import Said

MENU: Final = Said(
    {
        "later": "Later today (in 3 hours)",
        "tomorrow": "Tomorrow, 8:00",
        "next-day": "When the clinic opens next",
        "reply": "Until the patient writes",
    }
)
LATER: Final = timedelta(hours=3)
MORNING: Final = time(8)
TILL_REPLY: Final = timedelta(days=30)
"""Nothing sleeps for longer, whoever does not write."""


def until(choice: str, typed: str, now: datetime, zone: str, office: Span) -> datetime | None:
    """The moment that a choice of the menu, or a local time typed beside it, stands for; None where it is no time."""
    local = now.astimezone(ZoneInfo(zone))
    tomorrow = datetime.combine(local.date() + timedelta(days=1), MORNING, local.tzinfo).astimezone(UTC)
    match choice:
        case "later":
            return now + LATER
        case "tomorrow":
            return tomorrow
        case "next-day":
            return next_opening(max(now, tomorrow - timedelta(hours=8)), zone, office)
        case "reply":
            return now + TILL_REPLY
        case "at":
            return _typed(typed, zone, now)
        case _:
            return None


def _typed(typed: str, zone: str, now: datetime) -> datetime | None:
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return None
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    return moment if moment > now else None
