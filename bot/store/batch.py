"""Several writes in one round trip: on PostgreSQL in a pipeline, on SQLite one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert, Update

from bot.store.compiled import Part, run_in_turn
from bot.store.database import InACircle

UNTRUE: Final = "DivisionByZero"
"""The driver's name for what a condition raises that does not hold."""


class Untrue(InACircle):
    """A condition of the batch no longer holds: of this transaction nothing is there, and it may be tried again."""


class Batch:
    """Writes of one transaction in their order, collected until somebody has to look.

    Statements must be constants of their module: what they compile to is kept.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._at_once = connection.dialect.name != "postgresql"
        self._waiting: list[Part] = []

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
        else:
            self._waiting.append((statement, values))

    def require(self, statement: Select[Any], values: Mapping[str, Any]) -> None:
        """Let PostgreSQL look whether a condition holds, at its place among the writes; where not, it divides by zero.

        On SQLite, where nobody else writes meanwhile, it is not asked.
        """
        if not self._at_once:
            self._waiting.append((statement, values))

    def flush(self, *, commit: bool = False) -> None:
        """Write what is waiting; with `commit` end the transaction, too, on PostgreSQL in the same trip.

        Raises Untrue.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            run_in_turn(self._connection, waiting, commit=commit)
        except DBAPIError as error:
            if type(error.orig).__name__ == UNTRUE:
                raise Untrue from error
            raise
