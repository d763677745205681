"""Several reads in one round trip: on PostgreSQL statements that answer in JSON, on SQLite one after another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, Connection, LargeBinary, Select, func, literal_column, select
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import TypeEngine

from bot.store.columns import UtcDateTime, Word
from bot.store.compiled import run_in_turn

Rows: TypeAlias = Sequence[Any]
"""Rows with their columns as attributes."""

_Readers: TypeAlias = Sequence[tuple[str, Callable[[Any], Any]]]


class Look:
    """Selects that see the database at one moment, each by its name. Built once, as a constant of its module."""

    def __init__(self, **selects: Select[*tuple[Any, ...]]) -> None:
        self.selects = selects
        self.statement = select(*(_as_json(chosen, f"r{number}") for number, chosen in enumerate(selects.values())))
        """All of them as one, for PostgreSQL."""
        self.readers = {name: _readers(chosen) for name, chosen in selects.items()}
        binds = [clause for clause in iterate(self.statement) if isinstance(clause, BindParameter)]
        self._open = sorted({bind.key for bind in binds if bind.required})

    def values(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of these, the ones that the selects leave open."""
        return {name: given[name] for name in self._open}


def read_in_turn(
    connection: Connection, looks: Sequence[Look], values: Mapping[str, Any]
) -> Sequence[Mapping[str, Rows]]:
    """One look after another, all in one round trip: for each, the rows of its selects by their names.

    A look sees what others have committed while the one before it waited for a lock. All take from the same values.
    """
    if connection.dialect.name != "postgresql":
        return [
            {name: connection.execute(chosen, values).all() for name, chosen in look.selects.items()} for look in looks
        ]
    rows = run_in_turn(connection, [(look.statement, look.values(values)) for look in looks])
    return [
        {
            name: [_row(record, readers) for record in json.loads(found)] if found else []
            for (name, readers), found in zip(look.readers.items(), row, strict=True)
        }
        for look, row in zip(looks, rows, strict=True)
    ]


def _as_json(chosen: Select[*tuple[Any, ...]], name: str) -> Any:
    return select(func.json_agg(literal_column(name))).select_from(chosen.subquery(name)).scalar_subquery()


def _row(record: dict[str, Any], readers: _Readers) -> SimpleNamespace:
    for name, read in readers:
        value = record[name]
        if value is not None:
            record[name] = read(value)
    return SimpleNamespace(**record)


def _readers(chosen: Select[*tuple[Any, ...]]) -> _Readers:
    found = [(str(column.key), _reader(column.type)) for column in chosen.selected_columns]
    return [(name, reader) for name, reader in found if reader is not None]


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """How a value of that type is read out of JSON; None where JSON has it right."""
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat
    if isinstance(kind, Word):
        return kind.words
    if isinstance(kind, LargeBinary):
        return lambda text: bytes.fromhex(text[2:])  # PostgreSQL writes bytea as \x…
    return None
