"""Cohorts as JSON, versioned: what each test asks for, reading with every fault named, and writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, TypeAlias

from bot.core.cohort import (
    Age,
    All,
    AtRisk,
    Condition,
    Consent,
    Course,
    Due,
    Either,
    Language,
    Listed,
    Missed,
    Not,
    OnJourney,
    Place,
    Referred,
    Side,
    Spoke,
    Status,
    Test,
    Upcoming,
    leaves,
)
from bot.core.people import ConsentStatus, Participation, PatientStatus

VERSION: Final = 1
MOST_DEPTH: Final = 5
MOST_TESTS: Final = 40
MOST_WORDS: Final = 100
LONGEST_WORD: Final = 120


class Why(StrEnum):
    """What is wrong with a definition."""

    SHAPE = "shape"
    VERSION = "version"
    KIND = "kind"
    FIELD = "field"
    MISSING = "missing"
    NUMBER = "number"
    WORD = "word"
    CHOICE = "choice"
    BAND = "band"
    EMPTY = "empty"
    DEEP = "deep"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (`where.all.0.not`), in which field, and what; `about` has the limits or words."""

    place: str
    field: str
    why: Why
    about: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.place}.{self.field}".rstrip("."), self.why, self.about) if part)


class Malformed(ValueError):
    """A definition that means nothing: every fault of it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within limits."""

    least: int
    most: int
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Word:
    """One word, of these where some are given."""

    needed: bool = True
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """Several words, of these where some are given."""

    needed: bool = True
    among: tuple[str, ...] = ()


Form: TypeAlias = Number | Word | Words
DAYS: Final = Number(1, 730)
YEARS: Final = Number(0, 120, needed=False)
SINCE: Final = Number(0, 3650, needed=False)

KINDS: Final[Mapping[str, type[Any]]] = {
    "language": Language, "age": Age, "location": Place, "consent": Consent, "status": Status, "upcoming": Upcoming,
    "missed": Missed, "recall": Due, "referral": Referred, "risk": AtRisk, "spoke": Spoke, "journey": OnJourney,
    "list": Listed,
}  # fmt: skip
"""The word of each test in JSON."""
NAMES: Final = {made: name for name, made in KINDS.items()}
FORMS: Final[Mapping[str, Mapping[str, Form]]] = {
    "language": {"among": Words()},
    "age": {"least": YEARS, "most": YEARS},
    "location": {"among": Words()},
    "consent": {"among": Words(among=tuple(ConsentStatus))},
    "status": {"among": Words(among=tuple(PatientStatus))},
    "upcoming": {
        "within_days": DAYS, "service": Word(needed=False), "location": Word(needed=False),
        "response": Word(needed=False, among=tuple(Participation)),
    },
    "missed": {"months": Number(1, 60), "times": Number(1, 20, needed=False)},
    "recall": {"among": Words(needed=False), "overdue_days": SINCE},
    "referral": {"specialty": Word(needed=False), "older_days": SINCE},
    "risk": {"points": Number(1, 100), "within_days": Number(1, 60)},
    "spoke": {"side": Word(among=tuple(Side)), "within_days": DAYS},
    "journey": {"journey": Word(), "course": Word(among=tuple(Course)), "outcome": Word(needed=False)},
    "list": {"list_id": Word()},
}  # fmt: skip
"""What each test asks for."""


def read(data: object) -> Condition:
    """The condition that this JSON value, `{"version": 1, "where": …}`, means. Raises Malformed."""
    if not isinstance(data, Mapping) or set(data) != {"version", "where"}:
        raise Malformed([Fault("", "", Why.SHAPE)])
    if data["version"] != VERSION:
        raise Malformed([Fault("version", "", Why.VERSION, str(VERSION))])
    faults: list[Fault] = []
    found = _condition(data["where"], "where", 1, faults)
    if found is not None and sum(1 for _ in leaves(found)) > MOST_TESTS:
        faults.append(Fault("where", "", Why.MANY, str(MOST_TESTS)))
    if faults or found is None:
        raise Malformed(faults)
    return found


def written(condition: Condition) -> dict[str, Any]:
    """The JSON value that `read` gives this condition for."""
    return {"version": VERSION, "where": _written(condition)}


def check(kind: str, values: Mapping[str, object], place: str, faults: list[Fault]) -> Test | None:
    """The test of that kind with these values; None, and faults more, where they do not do."""
    before, forms = len(faults), FORMS[kind]
    faults += [Fault(place, name, Why.FIELD) for name in values if name not in forms]
    found = {name: _value(form, values.get(name), place, name, faults) for name, form in forms.items()}
    given = {name: value for name, value in found.items() if value is not None}
    if kind == "age" and len(faults) == before:
        _check_band(given, place, faults)
    made: Test | None = KINDS[kind](**given) if len(faults) == before else None
    return made


def _check_band(given: Mapping[str, Any], place: str, faults: list[Fault]) -> None:
    if not given:
        faults.append(Fault(place, "least", Why.EMPTY))
    elif given.get("least", 0) > given.get("most", given.get("least", 0)):
        faults.append(Fault(place, "most", Why.BAND))


def _condition(data: object, place: str, depth: int, faults: list[Fault]) -> Condition | None:
    if not isinstance(data, Mapping) or len(data) != 1:
        faults.append(Fault(place, "", Why.SHAPE))
        return None
    if depth > MOST_DEPTH:
        faults.append(Fault(place, "", Why.DEEP, str(MOST_DEPTH)))
        return None
    kind, inner = next(iter(data.items()))
    place = f"{place}.{kind}"
    if kind in ("all", "any"):
        return _group(str(kind), inner, place, depth, faults)
    if kind == "not":
        part = _condition(inner, place, depth + 1, faults)
        return Not(part) if part is not None else None
    if kind not in KINDS or not isinstance(inner, Mapping):
        faults.append(Fault(place, "", Why.KIND if kind not in KINDS else Why.SHAPE))
        return None
    return check(str(kind), inner, place, faults)


def _group(kind: str, inner: object, place: str, depth: int, faults: list[Fault]) -> Condition | None:
    if not isinstance(inner, Sequence) or isinstance(inner, str):
        faults.append(Fault(place, "", Why.SHAPE))
        return None
    if kind == "any" and not inner:
        # Of no parts none holds: nobody would be meant, which nobody means.
        faults.append(Fault(place, "", Why.EMPTY))
    parts = [_condition(part, f"{place}.{number}", depth + 1, faults) for number, part in enumerate(inner)]
    sound = tuple(part for part in parts if part is not None)
    return All(sound) if kind == "all" else Either(sound)


def _value(form: Form, value: object, place: str, name: str, faults: list[Fault]) -> Any:
    if value is None or value in ("", [], ()):
        if form.needed:
            faults.append(Fault(place, name, Why.MISSING))
        return None
    if isinstance(form, Number):
        if isinstance(value, bool) or not isinstance(value, int) or not form.least <= value <= form.most:
            faults.append(Fault(place, name, Why.NUMBER, f"{form.least}-{form.most}"))
            return None
        return value
    words = [value] if isinstance(form, Word) else value
    if not isinstance(words, list | tuple) or len(words) > MOST_WORDS or not all(_is_word(word) for word in words):
        faults.append(Fault(place, name, Why.WORD))
        return None
    if form.among and not set(words) <= set(form.among):
        faults.append(Fault(place, name, Why.CHOICE, ", ".join(form.among)))
        return None
    return tuple(dict.fromkeys(words)) if isinstance(form, Words) else words[0]


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_WORD and value.isprintable() and bool(value.strip())


def _written(condition: Condition) -> dict[str, Any]:
    match condition:
        case All(parts):
            return {"all": [_written(part) for part in parts]}
        case Either(parts):
            return {"any": [_written(part) for part in parts]}
        case Not(part):
            return {"not": _written(part)}
    values = {field.name: getattr(condition, field.name) for field in fields(condition)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {NAMES[type(condition)]: {name: value for name, value in plain.items() if value not in (None, "", [])}}
