"""A cohort: which patients are meant. Tests of what is known of a patient, joined by all, any and not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias


class Course(StrEnum):
    """Where a patient stands on a journey."""

    RUNNING = "running"
    ENDED = "ended"
    EVER = "ever"


class Side(StrEnum):
    """Who spoke last."""

    CLINIC = "clinic"
    PATIENT = "patient"


class Reach(StrEnum):
    """Whether a patient of a cohort can be sent texts, and why not."""

    REACHED = "reached"
    STATUS = "status"
    PAUSED = "paused"
    NO_NUMBER = "no-number"
    OPTED_OUT = "opted-out"
    NO_CONSENT = "no-consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Speaks one of these, whatever the region: `zh` is not `zh-Hant`, but `es` is `es-MX`, too."""

    among: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """So many whole years old today, both ends included; who has no birth date on file is in no band."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Has, or had, a visit at one of these."""

    among: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """How consent stands at the phone that is tried first."""

    among: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the record says of the patient."""

    among: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """Has a visit ahead within so many days, of this service, at this place, with this answer, where they are given."""

    within_days: int
    service: str = ""
    location: str = ""
    response: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Missed that many visits, or more, in the last months."""

    months: int
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Has an open recall, of one of these measures where some are named, due for so many days or more."""

    among: tuple[str, ...] = ()
    overdue_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """Has an open referral, to this specialty where one is named, asked for so many days ago or more."""

    specialty: str = ""
    older_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """Has a visit ahead without a yes whose risk of being missed (core/noshow) is so many points or more."""

    points: int
    within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoke:
    """A text came from the patient, or from the clinic, within the last days."""

    side: str
    within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnJourney:
    """Is, or was, on that journey, with this outcome where one is named."""

    journey: str
    course: str = Course.RUNNING
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Stands on that uploaded list."""

    list_id: str


Test: TypeAlias = (
    Language | Age | Place | Consent | Status | Upcoming | Missed | Due | Referred | AtRisk | Spoke | OnJourney | Listed
)


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without parts, everybody."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part holds, or more."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition: TypeAlias = Test | All | Either | Not


def leaves(condition: Condition) -> Iterator[Test]:
    """Every test in it."""
    match condition:
        case All(parts) | Either(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


SLOW: Final = (Age, AtRisk)
"""What no database can tell: birth dates are sealed, and points are added up by our own rules."""


def is_slow(condition: Condition) -> bool:
    """Whether some of it is left to find out when the database has answered."""
    return any(isinstance(test, SLOW) for test in leaves(condition))


def left_over(condition: Condition) -> Condition:
    """What is still to be found out of those for whom all that the database can tell holds."""
    if isinstance(condition, All):
        return All(tuple(left_over(part) for part in condition.parts if is_slow(part)))
    return condition if is_slow(condition) else All(())


def holds(condition: Condition, known: Mapping[Test, bool]) -> bool:
    """Whether it holds, by what is known of each test in it."""
    match condition:
        case All(parts):
            return all(holds(part, known) for part in parts)
        case Either(parts):
            return any(holds(part, known) for part in parts)
        case Not(part):
            return not holds(part, known)
    return known[condition]
