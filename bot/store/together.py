"""Several reads in one round trip: on PostgreSQL statements that answer in JSON, on SQLite one after another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from sqlalchemy import BindParameter, Connection, LargeBinary, Select
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import TypeEngine

from bot.store.columns import UtcDateTime, Word
from bot.store.compiled import Joined, run_in_turn

Rows: TypeAlias = Sequence[Any]
"""Rows with their columns as attributes."""

_Readers: TypeAlias = Sequence[tuple[str, Callable[[Any], Any]]]
_NAMES: Final[dict[int, Sequence[str]]] = {}
_READERS: Final[dict[int, tuple[Select[Any], _Readers]]] = {}


def read_in_turn(
    connection: Connection, looks: Sequence[Mapping[str, Select[Any]]], values: Mapping[str, Any]
) -> Sequence[Mapping[str, Rows]]:
    """One look after another, all in one round trip: for each, the rows of its selects by their names.

    The selects of one look see the database at one moment; the next look sees what others have committed while the one
    before waited for a lock. They share `values`, and must be constants of their module.
    """
    if connection.dialect.name != "postgresql":
        return [
            {name: connection.execute(statement, values).all() for name, statement in look.items()} for look in looks
        ]
    rows = run_in_turn(connection, [_joined(look, values) for look in looks])
    return [
        {
            name: [_row(record, _readers(statement)) for record in json.loads(found)] if found else []
            for (name, statement), found in zip(look.items(), row, strict=True)
        }
        for look, row in zip(looks, rows, strict=True)
    ]


def _joined(look: Mapping[str, Select[Any]], values: Mapping[str, Any]) -> Joined:
    parts = [(statement, {name: values[name] for name in _names(statement)}) for statement in look.values()]
    return Joined("reads together", parts, _as_json)


def _as_json(texts: Sequence[str]) -> str:
    # Our own statements, with places for every value.
    found = (f"(SELECT json_agg(r{number}) FROM ({text}) AS r{number})" for number, text in enumerate(texts))  # noqa: S608
    return f"SELECT {', '.join(found)}"


def _names(statement: Select[Any]) -> Sequence[str]:
    """The parameters that a statement leaves open."""
    kept = _NAMES.get(id(statement))
    if kept is None:
        binds = (clause for clause in iterate(statement) if isinstance(clause, BindParameter))
        kept = _NAMES[id(statement)] = sorted({bind.key for bind in binds if bind.required})
    return kept


def _row(record: dict[str, Any], readers: _Readers) -> SimpleNamespace:
    for name, read in readers:
        value = record[name]
        if value is not None:
            record[name] = read(value)
    return SimpleNamespace(**record)


def _readers(statement: Select[Any]) -> _Readers:
    kept = _READERS.get(id(statement))
    if kept is None:
        found = [(str(column.key), _reader(column.type)) for column in statement.selected_columns]
        readers: _Readers = [(name, reader) for name, reader in found if reader is not None]
        kept = (statement, readers)
        _READERS[id(statement)] = kept
    return kept[1]


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """How a value of that type is read out of JSON; None where JSON has it right."""
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat
    if isinstance(kind, Word):
        return kind.words
    if isinstance(kind, LargeBinary):
        return lambda text: bytes.fromhex(text[2:])  # PostgreSQL writes bytea as \x…
    return None
