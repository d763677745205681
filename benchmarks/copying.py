"""Rows into PostgreSQL by COPY, as the table's own defaults complete them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

import psycopg

from bot.store.columns import Table

Row: TypeAlias = dict[str, Any]


def copy(connection: psycopg.Connection[Any], table: type[Table], rows: Iterator[Row]) -> None:
    """Rows as the table would be given them, its own defaults filled in."""
    first = next(rows, None)
    if first is None:
        return
    defaults = _defaults(table)
    names = list({**defaults, **first})
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor().copy(f"COPY {table.__tablename__} ({columns}) FROM STDIN") as stream:  # type: ignore[arg-type]
        for row in _again(first, rows):
            stream.write_row([row[name] if name in row else defaults[name] for name in names])


def _again(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _defaults(table: type[Table]) -> Row:
    found: Row = {}
    for column in table.__table__.c:
        default: Any = column.default
        if default is not None and (default.is_scalar or default.is_callable):
            value = default.arg if default.is_scalar else default.arg(None)
            found[column.name] = json.dumps(value) if isinstance(value, list | dict) else value
    return found
