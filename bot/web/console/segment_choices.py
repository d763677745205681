"""What the fields of a segment offer: each one's kind, label, limits and choices, from what the clinic has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from bot.core.cohort import Course, Side
from bot.core.cohort_data import FORMS, Number, Words
from bot.core.people import ConsentStatus, Participation, PatientStatus
from bot.journeys import discover
from bot.services import patient_lists
from bot.store.queries import cohort_choices as queries
from bot.store.queries import places
from bot.web.console import segment_words as said
from bot.web.console import words
from bot.web.console.guard import person
from bot.web.console.segment_form import Form, Row
from bot.web.console.story_words import STATUSES
from bot.web.console.templates import JOURNEYS
from bot.web.current import clinic

Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a condition, ready to be drawn. `shape`: number, choice, many, or text."""

    name: str
    label: str
    shape: str
    values: Sequence[str]
    options: Options = ()
    limits: Number | None = None
    needed: bool = False
    fault: str = ""

    @property
    def value(self) -> str:
        """What stands in it."""
        return next(iter(self.values), "")


@dataclass(slots=True)
class Choices:
    """What there is to choose from; each thing looked up once, and only when a field asks for it."""

    connection: Connection
    _found: dict[str, Options] = field(default_factory=dict)

    def fields(self, row: Row, place: str) -> list[Field]:
        """The fields of one condition."""
        return [self._field(row, name, place) for name in FORMS[row.kind]]

    def _field(self, row: Row, name: str, place: str) -> Field:
        form, key = FORMS[row.kind][name], (row.kind, name)
        values = row.values.get(name, [])
        fault = row.faults.get(name)
        options = self._options(key)
        shape = "number" if isinstance(form, Number) else "many" if isinstance(form, Words) else "choice"
        if key in SUGGESTED:
            shape = "text"
        elif shape != "number":
            # What was chosen once stays to be seen, though nobody has it any more.
            options = [*options, *((value, value) for value in values if value not in dict(options))]
        return Field(
            name=f"{name}.{place}",
            label=said.FIELDS[key],
            shape=shape,
            values=values,
            options=options,
            limits=form if isinstance(form, Number) else None,
            needed=form.needed,
            fault=said.wrong(fault.why, fault.about) if fault else "",
        )

    def _options(self, key: tuple[str, str]) -> Options:
        find = FOUND.get(key)
        if find is None:
            return ()
        name = find.__name__
        if name not in self._found:
            self._found[name] = find(self.connection)
        return self._found[name]


def drawn(connection: Connection, form: Form) -> list[list[list[Field]]]:
    """The fields of every condition of every block."""
    choices = Choices(connection)
    return [
        [choices.fields(row, f"{block}.{number}") for number, row in enumerate(one.rows)]
        for block, one in enumerate(form.blocks)
    ]


def list_names(connection: Connection) -> Mapping[str, str]:
    """The names of uploaded lists."""
    return {row.id: row.name for row in patient_lists.all_of(connection)}


def _languages(connection: Connection) -> Options:
    tags = dict.fromkeys([*clinic().texts.languages(), *queries.languages(connection)])
    return sorted(((tag, words.language(tag)) for tag in tags), key=lambda option: option[1])


def _places(connection: Connection) -> Options:
    named = [row.name for row in places.locations(connection)]
    named += places.unplaced(connection, clinic().clock())
    own = person().locations
    return [(name, name) for name in sorted(set(named)) if not own or name in own]


def _consents(_connection: Connection) -> Options:
    return [(str(one), said.CONSENTS[one]) for one in ConsentStatus]


def _statuses(_connection: Connection) -> Options:
    return [(str(one), STATUSES[one]) for one in PatientStatus]


def _services(connection: Connection) -> Options:
    return [(name, name) for name in queries.services(connection, clinic().clock())]


def _answers(_connection: Connection) -> Options:
    return [(str(one), said.ANSWERS[one]) for one in Participation]


def _measures(connection: Connection) -> Options:
    return [(name, name) for name in queries.measures(connection)]


def _specialties(connection: Connection) -> Options:
    return [(name, name) for name in queries.specialties(connection)]


def _sides(_connection: Connection) -> Options:
    return [(str(one), said.SIDES[one]) for one in Side]


def _journeys(_connection: Connection) -> Options:
    return [(name, JOURNEYS[name] if name in JOURNEYS.source else name) for name in sorted(discover())]


def _outcomes(connection: Connection) -> Options:
    return [(name, name) for name in queries.outcomes(connection)]


def _courses(_connection: Connection) -> Options:
    return [(str(one), said.COURSES[one]) for one in Course]


def _lists(connection: Connection) -> Options:
    return list(list_names(connection).items())


FOUND: Final[Mapping[tuple[str, str], Callable[[Connection], Options]]] = {
    ("language", "among"): _languages,
    ("location", "among"): _places,
    ("consent", "among"): _consents,
    ("status", "among"): _statuses,
    ("upcoming", "service"): _services,
    ("upcoming", "location"): _places,
    ("upcoming", "response"): _answers,
    ("recall", "among"): _measures,
    ("referral", "specialty"): _specialties,
    ("spoke", "side"): _sides,
    ("journey", "journey"): _journeys,
    ("journey", "course"): _courses,
    ("journey", "outcome"): _outcomes,
    ("list", "list_id"): _lists,
}
SUGGESTED: Final = frozenset({("upcoming", "service"), ("referral", "specialty"), ("journey", "outcome")})
"""Words that are typed, with suggestions."""
