"""Many rows of one table at once: on PostgreSQL by COPY, on SQLite as one statement for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import ColumnElement, Connection, Dialect, any_, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.types import UserDefinedType

Rows: TypeAlias = Sequence[Mapping[str, Any]]
"""Rows that all have the same columns."""

_COUNTED: Final = {"preserve_rowcount": True}
_NOTHING: Final = "\\N"
_ESCAPES: Final = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_ESCAPED: Final = str.maketrans(_ESCAPES)


def put_many(connection: Connection, table: Any, rows: Rows, *, or_ignore: bool = False) -> int:
    """Insert these rows and give how many they are: with `or_ignore` only those that break no unique constraint.

    Raises what SQLAlchemy raises.
    """
    if not rows:
        return 0
    if connection.dialect.name != "postgresql":
        made = sqlite.insert(table).on_conflict_do_nothing() if or_ignore else insert(table)
        return connection.execute(made, rows, execution_options=_COUNTED).rowcount
    if not or_ignore:
        return _copy(connection, table, rows)
    try:
        # COPY knows no ON CONFLICT. What is there already is so seldom that it may cost a second try.
        with connection.begin_nested():
            return _copy(connection, table, rows)
    except IntegrityError:
        rest = postgresql.insert(table).on_conflict_do_nothing()
        return connection.execute(rest, rows, execution_options=_COUNTED).rowcount


def among(connection: Connection, column: Any, values: Collection[str]) -> ColumnElement[bool]:
    """`column IN (values)`: on PostgreSQL one parameter for them all, so that no statement is compiled anew for it."""
    if connection.dialect.name == "postgresql":
        return cast(ColumnElement[bool], column == any_(array_of(values)))
    return cast(ColumnElement[bool], column.in_(values))


def array_of(values: Collection[str]) -> Any:
    """An array of texts, for PostgreSQL."""
    return bindparam(None, list(values), type_=_Texts())


class _Texts(UserDefinedType[Any]):
    """`varchar[]`, written here: the driver's own way of writing a list takes longer than the query that uses it."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_options: Any) -> str:
        """What a parameter is cast to."""
        return "VARCHAR[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:  # noqa: ARG002
        """PostgreSQL's own notation."""
        return _array


def _array(values: Collection[str]) -> str:
    together = "".join(values)
    if '"' in together or "\\" in together:
        values = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(values) + '"}' if values else "{}"


def _copy(connection: Connection, table: Any, rows: Rows) -> int:
    # Not above: only PostgreSQL has this driver.
    from psycopg import Error

    names, block = _block(connection, table, rows)
    preparer = connection.dialect.identifier_preparer
    into = f"{preparer.format_table(table)} ({', '.join(map(preparer.quote, names))})"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            copy.write(block)
    except Error as error:
        raise DBAPIError.instance(
            f"COPY {into}", None, error, Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    return len(rows)


def _block(connection: Connection, table: Any, rows: Rows) -> tuple[Sequence[str], bytes]:
    """The columns' names, and the rows as PostgreSQL's text format for COPY."""
    given = list(rows[0])
    names, cells = [], []
    for name in given:
        column = table.c[name]
        bind = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        names.append(name)
        cells.append(_cells(list(map(itemgetter(name), rows)), bind))
    for column in table.columns:
        if column.name not in rows[0] and column.default is not None:
            bind = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
            default: Any = column.default
            names.append(column.name)
            cells.append(_cells([default.arg(None) if default.is_callable else default.arg] * len(rows), bind))
    return names, ("\n".join(map("\t".join, zip(*cells, strict=True))) + "\n").encode()


def _cells(values: list[Any], bind: Callable[[Any], Any] | None) -> list[str]:
    """One column's values as text, escaped."""
    first = values[0]
    if values.count(first) == len(values):
        # Most columns of a batch say the same in every row.
        return [_cell(first if bind is None else bind(first))] * len(values)
    if bind is not None:
        values = [bind(value) for value in values]
    if set(map(type, values)) == {str}:
        together = "".join(values)
        if not any(mark in together for mark in _ESCAPES):
            return values
    return [_cell(value) for value in values]


def _cell(value: Any) -> str:
    if value is None:
        return _NOTHING
    return _WRITTEN[type(value)](value)


class _Written(dict[type, Callable[[Any], str]]):
    """How a value of each type is written; of a type that is not among them, as the first of its bases is."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        found = next((self[base] for base in kind.__mro__[1:] if base in self), None)
        if found is None and kind.__name__ in ("Json", "Jsonb", "Binary"):
            # The driver's wrappers, which cannot be named here.
            found = _json if kind.__name__ != "Binary" else lambda value: _bytes(value.obj)
        if found is None:
            raise TypeError(f"no text for {kind.__name__}")
        self[kind] = found
        return found


def _text(value: str) -> str:
    return value.translate(_ESCAPED)


def _bytes(value: bytes) -> str:
    return "\\\\x" + value.hex()


def _json(value: Any) -> str:
    return _text(json.dumps(value.obj))


_WRITTEN: Final = _Written(
    {
        str: _text,
        bool: lambda value: "t" if value else "f",
        int: str,
        bytes: _bytes,
        date: date.isoformat,
        datetime: datetime.isoformat,
    }
)
