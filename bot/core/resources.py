"""Community resources: which of them fit a need, by kind, language and place, and how fresh their record is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

STALE_AFTER: Final = timedelta(days=180)
MOST_OFFERED: Final = 2
CATEGORIES: Final = ("transport", "food", "cost", "housing", "other")
# Words of taxonomies (Open Eligibility, 211 LA) and of plain speech, by our category.
_WORDS: Final = {
    "transport": ("transport", "ride", "bus", "taxi", "transit"),
    "food": ("food", "meal", "pantry", "grocer", "nutrition"),
    "housing": ("hous", "shelter", "rent", "homeless"),
    "cost": ("financ", "utilit", "bill", "energy", "pay", "cost", "insur", "prescription"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One resource, as far as matching looks at it. `area`: names or postal codes, comma apart; empty: everywhere."""

    id: str
    name: str
    category: str
    phone: str = ""
    languages: tuple[str, ...] = ()
    area: str = ""
    verified_on: date | None = None
    ages: tuple[int | None, int | None] = (None, None)
    """From and to, both included; None: no limit."""

    def takes(self, age: int | None) -> bool:
        """Whether somebody of that age is let in. Whose age is not on file is not sent where it matters."""
        least, most = self.ages
        if least is None and most is None:
            return True
        return age is not None and (least is None or age >= least) and (most is None or age <= most)

    def is_fresh(self, today: date) -> bool:
        """Whether somebody has verified it lately enough to send a patient there."""
        return self.verified_on is not None and today - self.verified_on <= STALE_AFTER

    def speaks(self, language: str) -> bool:
        """Whether they can be talked to in it; one that names no language takes all comers."""
        wanted = language.partition("-")[0].casefold()
        return not self.languages or wanted in {tag.partition("-")[0].casefold() for tag in self.languages}

    def serves(self, places: Iterable[str]) -> bool:
        """Whether it is there for one of these places."""
        parts = {part.strip().casefold() for part in self.area.split(",") if part.strip()}
        return not parts or bool(parts & {place.strip().casefold() for place in places})


def matching(
    every: Iterable[Place], category: str, *, language: str, places: Iterable[str], today: date, age: int | None = None
) -> tuple[Place, ...]:
    """At most two that fit: those for the patient's own place first, then the freshest."""
    here = tuple(places)
    fits = [
        place
        for place in every
        if place.category == category
        and place.phone
        and place.is_fresh(today)
        and place.speaks(language)
        and place.serves(here)
        and place.takes(age)
    ]
    ordered = sorted(fits, key=lambda place: (not place.area, -(place.verified_on or today).toordinal(), place.name))
    return tuple(ordered[:MOST_OFFERED])


def category_of(words: str) -> str:
    """Our category for what a taxonomy calls it."""
    folded = words.casefold()
    if folded.strip() in CATEGORIES:
        return folded.strip()
    return next((ours for ours, signs in _WORDS.items() if any(sign in folded for sign in signs)), "other")
