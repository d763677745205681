"""Intervals for shares and for the difference of two: by scores, so that they hold for small groups and none at all."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """From, to."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether the value lies within."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Difference:
    """How much larger the first share is than the second, and the interval of that."""

    value: float
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """Whether no difference at all lies outside the interval."""
        return not self.interval.holds(0)


def wilson(successes: int, total: int, *, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a share (Wilson 1927), without continuity correction. Raises ValueError for no group."""
    _check(successes, total)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, z2 = successes / total, z * z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = z / (1 + z2 / total) * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    # Rounding must not put an end beyond what a share can be.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return Interval(low, 1.0 if successes == total else min(1.0, middle + half))


def newcombe(first: tuple[int, int], second: tuple[int, int], *, confidence: float = CONFIDENCE) -> Difference:
    """The difference of two independent shares, each (successes, total), by Newcombe's hybrid score interval.

    Method 10 of Newcombe, Statistics in Medicine 1998;17:873-890. Raises ValueError for an empty group.
    """
    one, other = wilson(*first, confidence=confidence), wilson(*second, confidence=confidence)
    p, q = first[0] / first[1], second[0] / second[1]
    below = sqrt((p - one.low) ** 2 + (other.high - q) ** 2)
    above = sqrt((one.high - p) ** 2 + (q - other.low) ** 2)
    return Difference(p - q, Interval(max(-1.0, p - q - below), min(1.0, p - q + above)))


def _check(successes: int, total: int) -> None:
    if total < 1 or not 0 <= successes <= total:
        raise ValueError(f"{successes} of {total} is no share")
