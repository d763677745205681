"""Several writes in one round trip: on PostgreSQL one statement of many parts, on SQLite one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert, Update

from bot.store.compiled import Joined, Part, run_in_turn
from bot.store.database import InACircle

UNTRUE: Final = "DivisionByZero"
"""The driver's name for what a condition raises that does not hold."""


class Untrue(InACircle):
    """A condition of the batch does not hold any more: nothing of this transaction is there, and it may be tried again."""


class Batch:
    """Writes of one transaction, collected until somebody has to look.

    All parts of a batch see the database as it was before, so no part may depend on another's outcome; two updates of
    one table are never put together, since both might mean the same row. Statements must be constants of their
    module: what they compile to is kept.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._at_once = connection.dialect.name != "postgresql"
        self._conditions: list[Part] = []
        self._waiting: list[list[Part]] = []
        self._updated: set[object] = set()

    @property
    def connection(self) -> Connection:
        """The connection, with everything so far written."""
        self.flush()
        return self._connection

    @property
    def looking(self) -> Connection:
        """The connection, for a look at what this batch has not touched."""
        return self._connection

    def add(self, statement: Insert | Update, values: Mapping[str, Any]) -> None:
        """Write this, now or with what follows."""
        if self._at_once:
            self._connection.execute(statement, values)
            return
        if isinstance(statement, Update):
            table: Table | Any = statement.table
            if table in self._updated:
                self._waiting.append([])
                self._updated.clear()
            self._updated.add(table)
        if not self._waiting:
            self._waiting.append([])
        self._waiting[-1].append((statement, values))

    def require(self, statement: Select[Any], values: Mapping[str, Any]) -> None:
        """Let PostgreSQL execute this before what is written; it divides by zero where the condition does not hold.

        On SQLite, where nobody else writes meanwhile, it is not asked.
        """
        if not self._at_once:
            self._conditions.append((statement, values))

    def flush(self, *, commit: bool = False) -> None:
        """Write what is waiting; with `commit` end the transaction, too, on PostgreSQL in the same trip.

        Raises Untrue.
        """
        statements = [Joined("condition", [part], _alone) for part in self._conditions]
        statements += [Joined("batch of writes", parts, _all_of) for parts in self._waiting]
        self._conditions, self._waiting = [], []
        self._updated.clear()
        if not statements:
            return
        try:
            run_in_turn(self._connection, statements, commit=commit)
        except DBAPIError as error:
            if type(error.orig).__name__ == UNTRUE:
                raise Untrue from error
            raise


def _alone(texts: Sequence[str]) -> str:
    (text,) = texts
    return text


def _all_of(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    parts = ", ".join(f"w{number} AS ({text})" for number, text in enumerate(texts))
    return f"WITH {parts} SELECT 1"
