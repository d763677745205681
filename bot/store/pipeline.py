"""Several statements to PostgreSQL in one round trip: libpq's pipeline mode, for the few places where each trip counts.

SQLAlchemy's and psycopg's own ways of executing cost more here than the statements do (docs/performance.md). The
connection and its transaction stay SQLAlchemy's: what begins here is committed or rolled back by it like anything else.
"""

from __future__ import annotations

import json
import select
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from psycopg import Binary, DataError, Error, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.types.json import Json
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Cells: TypeAlias = Sequence[bytes | None]

PATIENCE: Final = 60.0
"""Seconds until an answer: well above `lock_timeout`, so that only a server which has gone for good takes as long."""
_PREPARED: Final = "tendril prepared"
_NAMES: Final = b"SELECT name FROM pg_prepared_statements WHERE name LIKE 'tendril%'"


@dataclass(frozen=True, slots=True)
class Command:
    """A statement with $1, $2 … in its text, the name it is kept prepared under, and its values."""

    name: str
    sql: str
    values: Sequence[Any]


def run(connection: Connection, commands: Sequence[Command], *, commit: bool = False) -> Sequence[Cells]:
    """Execute them one after another in the connection's transaction, which begins with them if need be.

    Gives the first row of each, as PostgreSQL writes its values; none for a statement that gives none. Each sees what
    those before it did and, after a wait for a lock, what others have committed meanwhile. The first failure ends it:
    nothing after it is done. `commit` ends the transaction. Raises what SQLAlchemy raises.
    """
    driver: Any = connection.connection.driver_connection
    libpq: PGconn = driver.pgconn
    try:
        given = [[None if value is None else _TEXT[type(value)](value) for value in c.values] for c in commands]
        prepared = _prepared(connection.info, libpq)
        fresh = {command.name: command for command in commands if command.name not in prepared}
        before = _send(libpq, commands, given, fresh.values(), commit=commit)
        results = _results(libpq)
    except Error as error:
        raise DBAPIError.instance(
            commands[0].name, None, error, Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    prepared.update(fresh)
    return [_first_row(result) for result in results[before : before + len(commands)]]


def forget_prepared(connection: Connection) -> None:
    """To be called at a rollback, after which psycopg lets go of all that is prepared on a connection."""
    connection.info.pop(_PREPARED, None)


def _prepared(info: dict[Any, Any], libpq: PGconn) -> set[str]:
    """The names of what is prepared on this connection: kept with it, and asked for where that is not known."""
    known: set[str] | None = info.get(_PREPARED)
    if known is None:
        libpq.enter_pipeline_mode()
        libpq.send_query_params(_NAMES, None)
        libpq.pipeline_sync()
        (result,) = _results(libpq)
        names = (result.get_value(row, 0) for row in range(result.ntuples))
        known = info[_PREPARED] = {name.decode() for name in names if name is not None}
    return known


def _send(
    libpq: PGconn, commands: Sequence[Command], given: Sequence[Any], fresh: Collection[Command], *, commit: bool
) -> int:
    """Send everything; gives how many results come before those of the commands."""
    libpq.enter_pipeline_mode()
    begins = libpq.transaction_status == TransactionStatus.IDLE
    if begins:
        libpq.send_query_params(b"BEGIN", None)
    for command in fresh:
        libpq.send_prepare(command.name.encode(), command.sql.encode())
    for command, values in zip(commands, given, strict=True):
        libpq.send_query_prepared(command.name.encode(), values)
    if commit:
        libpq.send_query_params(b"COMMIT", None)
    libpq.pipeline_sync()
    return begins + len(fresh)


def _results(libpq: PGconn) -> Sequence[PGresult]:
    """The results of the pipeline, which ends. Raises psycopg's error for the first statement that failed."""
    results = list(_receive(libpq))
    libpq.exit_pipeline_mode()
    for result in results:
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(result)
    return results


def _receive(libpq: PGconn) -> Iterator[PGresult]:
    """The result of each statement, up to the end of the pipeline."""
    between = False
    while True:
        if libpq.is_busy():
            _wait(libpq)
        result = libpq.get_result()
        if result is None:  # stands between two statements, once
            if between or libpq.status == ConnStatus.BAD:
                libpq.finish()
                raise OperationalError("the connection is lost")
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return
        else:
            yield result
        between = result is None


def _wait(libpq: PGconn) -> None:
    # Not in libpq, which would keep the interpreter's lock while it waits.
    poll = select.poll()
    poll.register(libpq.socket, select.POLLIN)
    while libpq.is_busy():
        if not poll.poll(PATIENCE * 1000):
            libpq.finish()
            raise OperationalError("no answer")
        libpq.consume_input()


def _first_row(result: PGresult) -> Cells:
    return [result.get_value(0, column) for column in range(result.nfields)] if result.ntuples else []


def _text(value: str) -> bytes:
    written = value.encode()
    if b"\0" in written:  # where libpq would take the end of it to be
        raise DataError("PostgreSQL takes no NUL in a text")
    return written


def _bytea(value: bytes) -> bytes:
    return b"\\x" + value.hex().encode()


class _Texts(dict[type, Callable[[Any], bytes]]):
    """How a value of each type is written; of a type that is not among them, as the first of its bases is."""

    def __missing__(self, kind: type) -> Callable[[Any], bytes]:
        found = next((self[base] for base in kind.__mro__[1:] if base in self), None)
        if found is None:
            raise TypeError(f"no text for {kind.__name__}")
        self[kind] = found
        return found


_KNOWN: Final[Mapping[type, Callable[[Any], bytes]]] = {
    str: _text,
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: b"%d" % value,
    float: lambda value: repr(value).encode(),
    bytes: _bytea,
    Binary: lambda value: _bytea(value.obj),
    datetime: lambda value: value.isoformat().encode(),
    Json: lambda value: _text(json.dumps(value.obj)),
}
_TEXT: Final = _Texts(_KNOWN)
