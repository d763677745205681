"""The engine: one place where transactions begin, on PostgreSQL and on SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError

log = structlog.get_logger()

POOL_SIZE = 5
IDLE_SECONDS = 10.0

NOT_MIGRATED = frozenset({"UndefinedTable", "UndefinedColumn"})
"""PostgreSQL's words for a schema that `bot db upgrade` has not brought up to this version yet."""


class DatabaseDown(Exception):
    """The database cannot be reached or does not answer."""


class InACircle(DatabaseDown):
    """Two transactions waited for each other, and this one was undone so that the other could go on.

    Or the server no longer had what was prepared: nothing was done either, and it is there at the next try.
    """


# What the driver calls it.
_CIRCLES = frozenset({"DeadlockDetected", "SerializationFailure"})
# Somebody has let go of what was prepared on this connection: after the rollback it is prepared again.
_LET_GO = "InvalidSqlStatementName"
TRIES = 3

P = ParamSpec("P")
R = TypeVar("R")


def once_more(work: Callable[P, R]) -> Callable[P, R]:
    """Do it again when its transaction was undone for another's sake: nothing of it is there. For one transaction."""

    @wraps(work)
    def trying(*args: P.args, **kwargs: P.kwargs) -> R:
        for _try in range(TRIES - 1):
            try:
                return work(*args, **kwargs)
            except InACircle as error:
                log.warning("undone, once more", work=work.__name__, reason=str(error))
        return work(*args, **kwargs)

    return trying


class Database:
    """Opens transactions. `begin` is for writing, `read` for looking."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def dialect(self) -> str:
        """`postgresql` or `sqlite`."""
        return self.engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed at the end of the block, rolled back by any exception. Raises DatabaseDown."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            reason = type(error.orig).__name__
            if reason in _CIRCLES or reason == _LET_GO:
                raise InACircle(reason) from error
            if not is_down(error):
                raise
            raise DatabaseDown(reason) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only looks. Raises DatabaseDown."""
        try:
            with self.engine.connect().execution_options(read_only=True) as connection:
                yield connection
                # There is nothing to keep, but a rollback makes psycopg forget all that it has prepared.
                connection.commit()
        except DBAPIError as error:
            if is_down(error):
                raise DatabaseDown(type(error.orig).__name__) from error
            raise

    def ping(self) -> None:
        """Raise DatabaseDown unless the database answers."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close what is pooled; a forked child calls this first (`close=False` there keeps the parent's sockets)."""
        self.engine.dispose()


_FORGETTABLE = text("SET LOCAL synchronous_commit = off")


def forgettable(connection: Connection) -> None:
    """What this transaction writes may be lost with the database's host: its commit does not wait for the disk.

    For what is written down all the time and worth little, so that patients' answers do not wait behind it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_FORGETTABLE)


def is_down(error: BaseException) -> bool:
    """Whether it is no fault of the statement's."""
    if isinstance(error, OperationalError | InterfaceError | DatabaseDown):
        return True
    return isinstance(error, DBAPIError) and type(error.orig).__name__ in NOT_MIGRATED


def open_database(url: str, *, pool_size: int = POOL_SIZE) -> Database:
    """An engine for that SQLAlchemy URL. Connects on first use only."""
    # hide_parameters: an exception's text must not carry a statement's values into a log.
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 15, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=5,
            connect_args={
                "options": "-c timezone=UTC -c lock_timeout=10s -c jit=off",
                "client_encoding": "utf8",
                "connect_timeout": 5,
            },
        )
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", _ask_after_rest)
        event.listen(engine, "rollback", _forget_prepared)
    return Database(engine)


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["resting since"] = time.monotonic()


def _ask_after_rest(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that has lain idle whether it still stands; a ping at each use costs as much as a statement."""
    since = record.info.get("resting since")
    if since is None or time.monotonic() - since < IDLE_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        # At a rollback psycopg would let go of all that is prepared, also of what the pipeline has prepared.
        connection.commit()
    except Exception as error:
        raise DisconnectionError from error


def _forget_prepared(connection: Connection) -> None:
    from bot.store.pipeline import forget_prepared  # not above: its driver is there for PostgreSQL only

    forget_prepared(connection)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling is off: its deferred BEGIN loses concurrent updates (measured).
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
