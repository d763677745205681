"""Measures: which care falls due for whom, how often, and for whom not. Data that a clinic edits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

EVERYWHERE = ("hospice", "deceased", "done-elsewhere")
"""Reasons that leave a patient out of every measure."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: `id` is what recalls are kept under, `also` what files call it besides."""

    id: str
    title: str
    program: str = ""
    """Its id in a quality program, such as HEDIS's BCS-E."""
    ages: tuple[int, int] | None = None
    sex: str = ""
    """`female` or `male`, looked at where it is on file."""
    every_months: int = 12
    sensitive: bool = True
    """Never named in a text, on any condition."""
    exclusions: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    closed_by: tuple[str, ...] = ()
    """Words in the service of a visit that, once it has been, closes the gap."""

    def why_not(self, *, born: date | None, today: date, excluded: Collection[str] = (), sex: str = "") -> str | None:
        """Why this patient is not asked, in a word; None where they are. What is not on file leaves nobody out."""
        if any(reason in (*EVERYWHERE, *self.exclusions) for reason in excluded):
            return "excluded"
        if self.sex and sex and sex != self.sex:
            return "other-sex"
        if self.ages is not None and born is not None:
            age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
            if not self.ages[0] <= age <= self.ages[1]:
                return "other-age"
        return None

    def is_closed_by(self, service: str) -> bool:
        """Whether a visit for this service is the care itself."""
        folded = service.casefold()
        return any(word.casefold() in folded for word in self.closed_by)

    def faults(self) -> Iterator[str]:
        """What is wrong with it."""
        if self.ages is not None and not 0 <= self.ages[0] <= self.ages[1]:
            yield f"{self.id}: ages run from {self.ages[0]} to {self.ages[1]}"
        if self.sex not in ("", "female", "male"):
            yield f"{self.id}: sex is {self.sex!r}, neither female nor male"
        if self.every_months < 1:
            yield f"{self.id}: every {self.every_months} months"


@dataclass(frozen=True, slots=True)
class Measures:
    """All of them."""

    by_id: Mapping[str, Measure] = field(default_factory=dict)

    def named(self, word: str) -> Measure | None:
        """The measure that files call so."""
        folded = " ".join(word.casefold().replace("_", " ").replace("-", " ").split())
        return next((one for one in self.by_id.values() if folded in _names(one)), None)

    def key_of(self, word: str) -> str:
        """What a recall of that name is kept under: the measure's id, or the word itself where none is known."""
        found = self.named(word)
        return found.id if found is not None else word

    def faults(self) -> Iterator[str]:
        """What is wrong with them: each one's own faults, and names that two of them have."""
        taken: dict[str, str] = {}
        for measure in self.by_id.values():
            yield from measure.faults()
            for name in sorted(_names(measure)):
                if name in taken:
                    yield f"{measure.id}: {name!r} is {taken[name]}'s as well"
                taken[name] = measure.id


def _names(measure: Measure) -> frozenset[str]:
    names = (measure.id, measure.program, *measure.also)
    return frozenset(" ".join(name.casefold().replace("_", " ").replace("-", " ").split()) for name in names if name)
