"""Counting by groups: a day's events become figures, and each figure keeps enough to tell how many people it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

LEAST: Final = 11
"""Groups of fewer people are not shown (CMS: no cell of 1 to 10)."""
DIGEST_BYTES: Final = 4


class Group(NamedTuple):
    """Whose figure it is."""

    location: str
    language: str
    age_band: str


class Key(NamedTuple):
    """What is counted, of which group."""

    measure: str
    part: str
    group: Group


@dataclass(slots=True)
class Tally:
    """One figure as it grows."""

    numerator: int = 0
    denominator: int = 0
    people: set[int] = field(default_factory=set)
    """Digests of some of its people: of all where there are fewer than LEAST, of LEAST at least otherwise."""

    def add(self, numerator: int, denominator: int, people: Iterable[int] = ()) -> None:
        """Take that in as well."""
        self.numerator += numerator
        self.denominator += denominator
        if len(self.people) < LEAST:
            self.people.update(people)

    @property
    def is_small(self) -> bool:
        """Whether it holds somebody, and too few to be shown."""
        return 0 < len(self.people) < LEAST


def digest_of(person: str) -> int:
    """A short digest of somebody's id: enough to tell eleven people apart."""
    return int.from_bytes(hashlib.blake2s(person.encode(), digest_size=DIGEST_BYTES).digest())


def packed(people: Iterable[int]) -> bytes:
    """As a row keeps them: LEAST of them are enough."""
    return b"".join(one.to_bytes(DIGEST_BYTES) for one in sorted(people)[:LEAST])


def unpacked(kept: bytes) -> Iterator[int]:
    """What a row keeps."""
    return (int.from_bytes(kept[at : at + DIGEST_BYTES]) for at in range(0, len(kept), DIGEST_BYTES))


def some_of(digests: str) -> set[int]:
    """LEAST different ones of many rows' digests in hexadecimal, or all there are."""
    found: set[int] = set()
    size = 2 * DIGEST_BYTES
    for at in range(0, len(digests), size):
        found.add(int(digests[at : at + size], 16))
        if len(found) == LEAST:
            break
    return found


class Count:
    """The figures of one day."""

    def __init__(self) -> None:
        self.tallies: dict[Key, Tally] = {}

    def add(
        self, measure: str, group: Group, person: str, *, numerator: int, denominator: int = 1, part: str = ""
    ) -> None:
        """One event of one person."""
        key = Key(measure, part[:64], group)
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally()
        tally.add(numerator, denominator, (digest_of(person),))
