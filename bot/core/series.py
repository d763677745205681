"""Series of lessons: what is told in which order, what is asked now and then, and who has read it before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

MOST_WEEKS: Final = 12
PREGNANCY: Final = ("prenatal", "pregnancy", "postpartum", "newborn")
"""Kinds of loops that are about a pregnancy."""
PREGNANCY_LOST: Final = "pregnancy-lost"
DELIVERED: Final = "delivered"
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a lesson asks, and which answer is for a person: `bad` is `yes` or `no`, or `below` a mark from 0 to 10."""

    bad: str = ""
    below: int = 0
    urgent: bool = False

    @property
    def is_scale(self) -> bool:
        """Whether a number is asked for."""
        return not self.bad


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text of a series (`templates/messages/education/<text>.txt`), where it comes from, and who signed it."""

    text: str
    source: str
    asked: Asked | None = None
    reviewed_by: str = ""
    reviewed_on: date | None = None

    @property
    def is_signed(self) -> bool:
        """Whether it may be sent: a clinician's name and a date stand beside it."""
        return bool(self.reviewed_by) and self.reviewed_on is not None

    @property
    def word(self) -> str:
        """How a loop remembers it: `flu_1`, `flu_2!no`, `flu_3!yes!` (urgent), `flu_4<5`."""
        if self.asked is None:
            return self.text
        if self.asked.is_scale:
            return f"{self.text}<{self.asked.below}"
        return f"{self.text}!{self.asked.bad}{'!' if self.asked.urgent else ''}"


@dataclass(frozen=True, slots=True)
class Series:
    """What the patients with one condition are told, `a_week` texts a week."""

    name: str
    lessons: tuple[Lesson, ...]
    a_week: int = 1
    conditions: tuple[str, ...] = ()
    """Codes and words by which files name what it is about; "E11" is E11.9 as well."""

    @property
    def plan(self) -> tuple[str, ...]:
        """The words of the lessons that may be sent."""
        return tuple(lesson.word for lesson in self.lessons if lesson.is_signed)

    @property
    def data(self) -> Mapping[str, str]:
        """What a loop of this series carries."""
        return {"plan": " ".join(self.plan), "gap": "3" if self.a_week > 1 else "7"}

    def is_about(self, said: str) -> bool:
        """Whether a file that says so (codes and words with "|" between them) means what it is about."""
        folded = {part.strip().casefold() for part in said.split("|") if part.strip()}
        return any(
            one == word or (one.startswith(f"{word}.") and word[:1].isalpha())
            for one in folded
            for word in (self.name.casefold(), *map(str.casefold, self.conditions))
        )

    def faults(self) -> Iterator[str]:
        """What is wrong with it."""
        if self.a_week not in (1, 2):
            yield f"{self.name}: {self.a_week} texts a week, and neither one nor two"
        if len(self.lessons) > MOST_WEEKS * max(self.a_week, 1):
            yield f"{self.name}: goes on for more than {MOST_WEEKS} weeks"
        for lesson in self.lessons:
            if not lesson.source:
                yield f"{self.name}: {lesson.text} names no source"
            if lesson.asked is not None and lesson.asked.bad not in ("", _YES, _NO):
                yield f"{self.name}: {lesson.text} asks with bad = {lesson.asked.bad!r}, neither yes nor no"


@dataclass(frozen=True, slots=True)
class AllSeries:
    """Every series there is."""

    by_name: Mapping[str, Series] = field(default_factory=dict)

    def data_for(self, kind: str) -> Mapping[str, str]:
        """What a loop of that series carries; nothing where it is unknown."""
        found = self.by_name.get(kind)
        return found.data if found is not None else {}

    def about(self, said: str) -> str:
        """The series that is told of this condition; empty where none is."""
        return next((name for name, series in self.by_name.items() if series.is_about(said)), "")

    @property
    def unsigned(self) -> tuple[str, ...]:
        """The lessons that nobody has signed."""
        return tuple(one.text for series in self.by_name.values() for one in series.lessons if not one.is_signed)


def read(word: str) -> tuple[str, Asked | None]:
    """The text's name, and what it asks, from the word that a loop remembers."""
    if "<" in word:
        text, _, below = word.partition("<")
        return text, Asked(below=int(below))
    text, _, bad = word.partition("!")
    return text, Asked(bad=bad.rstrip("!"), urgent=bad.endswith("!")) if bad else None


def parse(tables: Mapping[str, object]) -> AllSeries:
    """Series as `locales/series.toml` has them. Raises ValueError that names the one at fault."""
    return AllSeries({name: _series(name, table) for name, table in tables.items() if isinstance(table, dict)})


def _series(name: str, table: Mapping[str, object]) -> Series:
    lessons, a_week, conditions = table.get("lessons"), table.get("a_week", 1), table.get("conditions", [])
    if not isinstance(lessons, list) or not isinstance(a_week, int) or not isinstance(conditions, list):
        raise ValueError(f"series {name}: needs `lessons`, `a_week` as a number, and `conditions` as a list")
    try:
        return Series(name, tuple(_lesson(**lesson) for lesson in lessons), a_week, tuple(map(str, conditions)))
    except TypeError as error:
        raise ValueError(
            f"series {name}: a lesson has text, source, bad or below, urgent, reviewed_by and reviewed_on"
        ) from error


def _lesson(
    *,
    text: str,
    source: str = "",
    bad: str = "",
    below: int = 0,
    urgent: bool = False,
    reviewed_by: str = "",
    reviewed_on: date | None = None,
) -> Lesson:
    asked = Asked(bad, below, urgent) if bad or below else None
    return Lesson(text, source, asked, reviewed_by, reviewed_on)
