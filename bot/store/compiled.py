"""Core statements put together into one for PostgreSQL and compiled once, for places where each round trip counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

_PLACE: Final = re.compile(r"%\((\w+)\)s")

Part: TypeAlias = tuple[ClauseElement, Mapping[str, Any]]
"""A statement, which must be a constant of its module, and the values for its parameters."""

_Place: TypeAlias = tuple[int, str, Callable[[Any], Any] | None]
"""Which part a value comes from, its name there, and how it is bound."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """One statement of many parts: SQL with $1, $2 …, and where each value comes from."""

    name: str
    """What it is prepared as."""
    sql: str
    places: Sequence[_Place]
    fixed: Sequence[Any]
    """Values that are always the same; they stand first."""

    def values(self, parts: Sequence[Part]) -> list[Any]:
        """The values in the order of their places."""
        given = [part[1] for part in parts]
        return [
            *self.fixed,
            *(given[part][name] if bind is None else bind(given[part][name]) for part, name, bind in self.places),
        ]


_Key: TypeAlias = tuple[str, tuple[tuple[int, tuple[str, ...]], ...]]
# The statements are kept beside what came of them, so that their ids stay their own.
_KEPT: Final[dict[_Key, tuple[list[ClauseElement], Compiled]]] = {}
_NUMBERS: Final = count()


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts that are executed as one statement. `shape` names `join`, which puts their SQL together."""

    shape: str
    parts: Sequence[Part]
    join: Callable[[Sequence[str]], str]


def run_in_turn(connection: Connection, statements: Sequence[Joined], *, commit: bool = False) -> Sequence[Any]:
    """Execute these in one round trip, one after another; gives the first row of each, as PostgreSQL writes it.

    Nothing is done after the first that fails. Raises what SQLAlchemy raises.
    """
    # Not above: only PostgreSQL has this driver, and the commands that need neither should not wait for it.
    from bot.store.pipeline import Command, run

    commands = []
    for statement in statements:
        made = _kept(connection, statement)
        commands.append(Command(made.name, made.sql, made.values(statement.parts)))
    return run(connection, commands, commit=commit)


def _kept(connection: Connection, joined: Joined) -> Compiled:
    key = (joined.shape, tuple([(id(statement), tuple(values)) for statement, values in joined.parts]))
    kept = _KEPT.get(key)
    if kept is None:
        made = _compile(connection, joined, f"tendril_{next(_NUMBERS)}")
        kept = _KEPT[key] = ([statement for statement, _values in joined.parts], made)
    return kept[1]


def _compile(connection: Connection, joined: Joined, name: str) -> Compiled:
    fixed: list[Any] = []
    given: list[_Place] = []
    texts: list[tuple[str, dict[str, tuple[bool, int]]]] = []
    for number, (statement, values) in enumerate(joined.parts):
        made = statement.compile(dialect=connection.dialect, column_keys=list(values))
        assert isinstance(made, SQLCompiler)
        where: dict[str, tuple[bool, int]] = {}
        for place in dict.fromkeys(_PLACE.findall(made.string)):
            bind: Any = made._bind_processors.get(place)
            if place in values:
                where[place] = (False, len(given))
                given.append((number, place, bind))
            else:
                where[place] = (True, len(fixed))
                value = _default(made, place)
                fixed.append(value if bind is None else bind(value))
        texts.append((made.string, where))
    first = len(fixed) + 1

    def numbered(text: str, where: Mapping[str, tuple[bool, int]]) -> str:
        def place(match: re.Match[str]) -> str:
            is_fixed, index = where[match[1]]
            return f"${1 + index if is_fixed else first + index}"

        return _PLACE.sub(place, text).replace("%%", "%")

    return Compiled(name, joined.join([numbered(text, where) for text, where in texts]), given, fixed)


def _default(made: SQLCompiler, name: str) -> Any:
    """A value that the statement itself holds, or the default of a column that an insert leaves out."""
    column = next((column for column in made.insert_prefetch or () if column.key == name), None)
    if column is None:
        return made.params[name]
    default: Any = column.default
    return default.arg({}) if default.is_callable else default.arg
