"""Realistic values at their longest, to see how long a text can get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from bot.content.languages import Language

LONG_CLINIC, SHORT_CLINIC = "Riverbend Family Clinic", "Main St Clinic"
PHONE = "601-555-0142"
ACCENTED_NAME = "Sofía"
"""Not in GSM-7: the whole text goes out in UCS-2, whatever its language."""
PLACE = "North Main Street Office"
PLACES = "Riverbend Community Pantry 601-555-0142, Main Street Kitchen 601-555-0143"
PROMPT = "Did you get the papers that we sent you last week?"

DIRECTIONS = "Park behind the house and use the side door. Please bring your insurance card and a list of questions"
"""A location's words on how to get in, about as long as they may be."""
LINK = "https://us02web.video.example/j/8123456789?pwd=aBcDeFgHiJkLmNoPqRsTuVwXyZ012345.1"
"""As video services make them."""

_FIRST_DAY = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


def samples(language: Language) -> Iterator[Mapping[str, object]]:
    """Sets of values: every weekday at its longest with a long name, and an accented name at a clinic like most."""
    for moment in _longest_moments(language):
        yield _values(moment, name=language.sample_name, clinic=LONG_CLINIC)
    yield _values(_FIRST_DAY, name=ACCENTED_NAME, clinic=SHORT_CLINIC)


def plain() -> Mapping[str, object]:
    """Values as most texts have them: a short name without accents, a short place."""
    return {**_values(_FIRST_DAY + timedelta(days=12, hours=2), name="Ana", clinic=SHORT_CLINIC), "location": "Main St"}


def household(values: Mapping[str, object], names: tuple[str, ...]) -> Mapping[str, object]:
    """The same with one visit for each of these names."""
    return {**values, "visits": [{"name": name, "starts_at": values["starts_at"]} for name in names]}


def _values(moment: datetime, *, name: str, clinic: str) -> Mapping[str, object]:
    return {
        "clinic": clinic,
        "phone": PHONE,
        "name": name,
        "starts_at": moment,
        "old_starts_at": moment,
        "opens_at": moment,
        "location": PLACE,
        "prompt": PROMPT,
        "places": PLACES,
        "keeps": "yes",
        "directions": {"en": DIRECTIONS},
        "visits": [{"name": name, "starts_at": moment}],
    }


@cache
def _longest_moments(language: Language) -> tuple[datetime, ...]:
    """For each weekday the day of the year with the longest phrase; some weekdays alone leave GSM-7 (sáb)."""
    longest: dict[int, datetime] = {}
    for offset in range(365):
        moment = _FIRST_DAY + timedelta(days=offset)
        best = longest.get(moment.weekday())
        if best is None or _length(language, moment) > _length(language, best):
            longest[moment.weekday()] = moment
    return tuple(longest.values())


def _length(language: Language, moment: datetime) -> int:
    return len(language.dates.moment(moment).when)
