"""Days and times as a language says them, on a 12-hour clock as on US appointment cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

CACHED_MOMENTS = 20_000
"""A clinic's visits start on a few thousand different minutes; each is put into words once."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One local date and time in words."""

    day: str
    """Weekday and date."""
    time: str
    when: str
    """Day and time in one phrase."""
    opening: str
    """Weekday and time, for something within a week."""


@dataclass(frozen=True, slots=True)
class Words:
    """A language's own words and patterns. CLDR is not asked: its Haitian Creole is French, and it has no Hmong."""

    weekdays: tuple[str, ...]
    """Monday first."""
    months: tuple[str, ...]
    """January first, in the form that stands beside a day."""
    periods: tuple[str, str]
    day: str
    time: str
    clock: str
    """The time as it stands in a sentence: "at 2:30 PM"."""
    clock_at_one: str
    """The same for one o'clock, where grammar cares: "a la 1:30 PM", not "a las"."""
    when: str
    opening: str


def words(table: Mapping[str, Any]) -> Words:
    """The `[dates]` table of a language file, checked. Raises ValueError or KeyError."""
    clock = str(table["clock"])
    return Words(
        weekdays=_list(table, "weekdays", length=7),
        months=_list(table, "months", length=12),
        periods=_pair(table.get("periods", ("AM", "PM"))),
        day=str(table["day"]),
        time=str(table["time"]),
        clock=clock,
        clock_at_one=str(table.get("clock_at_one", clock)),
        when=str(table["when"]),
        opening=str(table["opening"]),
    )


class Dates:
    """Puts local moments into one language's words, each only once."""

    def __init__(self, language_words: Words) -> None:
        self.words = language_words
        # By wall time: aware datetimes are equal across zones, their wall times are not.
        self._cached = lru_cache(maxsize=CACHED_MOMENTS)(self._compose)
        # A pattern that asks for a part there is none of fails here, not in a patient's reply.
        self._compose(2026, 1, 1, 13, 30)
        self._compose(2026, 1, 1, 9, 30)

    def moment(self, local: datetime) -> Moment:
        """The words for an aware datetime that is already in the reader's zone."""
        if local.tzinfo is None:
            raise ValueError("a naive datetime has no zone")
        return self._cached(local.year, local.month, local.day, local.hour, local.minute)

    def _compose(self, year: int, month: int, day: int, hour: int, minute: int) -> Moment:
        language = self.words
        parts = {
            "weekday": language.weekdays[datetime(year, month, day).weekday()],  # noqa: DTZ001 only its weekday
            "month": language.months[month - 1],
            "date": day,
            "hour": hour % 12 or 12,
            "minute": f"{minute:02}",
            "period": language.periods[hour // 12],
        }
        named_day, time = language.day.format_map(parts), language.time.format_map(parts)
        clock = (language.clock_at_one if hour % 12 == 1 else language.clock).format(time=time)
        phrase = {"day": named_day, "clock": clock, "weekday": parts["weekday"]}
        return Moment(named_day, time, language.when.format_map(phrase), language.opening.format_map(phrase))


def _list(table: Mapping[str, Any], key: str, *, length: int) -> tuple[str, ...]:
    found = tuple(str(word) for word in table[key])
    if len(found) != length or not all(found):
        raise ValueError(f"{key} needs {length} words, found {len(found)}")
    return found


def _pair(found: Sequence[Any]) -> tuple[str, str]:
    morning, afternoon = found
    return str(morning), str(afternoon)
