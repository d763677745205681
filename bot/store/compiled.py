"""Core statements compiled once, for places where each round trip counts: executed on PostgreSQL in a pipeline."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

_PLACE: Final = re.compile(r"%\((\w+)\)s")

Part: TypeAlias = tuple[ClauseElement, Mapping[str, Any]]
"""A statement, which must be a constant of its module, and the values for its parameters."""

_Place: TypeAlias = tuple[str, Callable[[Any], Any] | None, Any]
"""The name of a value, how it is bound, and what it always is where it has no name."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """One statement: its SQL with $1, $2 …, the name it is prepared under, and where each value comes from."""

    name: str
    sql: str
    places: Sequence[_Place]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in the order of their places."""
        return [
            fixed if not name else given[name] if bind is None else bind(given[name])
            for name, bind, fixed in self.places
        ]


_Key: TypeAlias = tuple[int, tuple[str, ...]]
# The statements are kept beside what came of them, so that their ids stay their own.
_KEPT: Final[dict[_Key, tuple[ClauseElement, Compiled]]] = {}


def run_in_turn(connection: Connection, parts: Sequence[Part], *, commit: bool = False) -> Sequence[Any]:
    """Execute these in one round trip, one after another; gives the first row of each, as PostgreSQL writes it.

    Nothing is done after the first that fails. Raises what SQLAlchemy raises.
    """
    # Not above: only PostgreSQL has this driver, and the commands that need neither should not wait for it.
    from bot.store.pipeline import Command, run

    commands = []
    for statement, values in parts:
        made = _kept(connection, statement, values)
        commands.append(Command(made.name, made.sql, made.values(values)))
    return run(connection, commands, commit=commit)


def _kept(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> Compiled:
    key = (id(statement), tuple(values))
    kept = _KEPT.get(key)
    if kept is None:
        kept = _KEPT[key] = (statement, _compile(connection, statement, values))
    return kept[1]


def _compile(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> Compiled:
    made = statement.compile(dialect=connection.dialect, column_keys=list(values))
    assert isinstance(made, SQLCompiler)
    names = list(dict.fromkeys(_PLACE.findall(made.string)))
    places: list[_Place] = []
    for name in names:
        bind: Any = made._bind_processors.get(name)
        if name in values:
            places.append((name, bind, None))
        else:
            value = _default(made, name)
            places.append(("", None, value if bind is None else bind(value)))
    numbers = {name: f"${number}" for number, name in enumerate(names, start=1)}
    sql = _PLACE.sub(lambda match: numbers[match[1]], made.string).replace("%%", "%")
    # Named for what it says, so that a name means the same to every process, whoever's connection it comes upon.
    return Compiled(f"tendril_{hashlib.sha256(sql.encode()).hexdigest()[:24]}", sql, places)


def _default(made: SQLCompiler, name: str) -> Any:
    """A value that the statement itself holds, or the default of a column that an insert leaves out."""
    column = next((column for column in made.insert_prefetch or () if column.key == name), None)
    if column is None:
        return made.params[name]
    default: Any = column.default
    return default.arg({}) if default.is_callable else default.arg
