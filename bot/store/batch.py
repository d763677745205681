"""Several writes in one round trip: on PostgreSQL one statement of many parts, on SQLite one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.sql.dml import Insert, Update

from bot.store.compiled import Part, run


class Batch:
    """Writes of one transaction, collected until somebody has to look.

    All parts of a batch see the database as it was before, so no part may depend on another's outcome; two updates of
    one table are never put together, since both might mean the same row. Statements must be constants of their
    module: what they compile to is kept.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._at_once = connection.dialect.name != "postgresql"
        self._waiting: list[Part] = []
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
                self.flush()
            self._updated.add(table)
        self._waiting.append((statement, values))

    def flush(self) -> None:
        """Write what is waiting."""
        if not self._waiting:
            return
        parts, self._waiting = self._waiting, []
        self._updated.clear()
        run(self._connection, "batch of writes", parts, _all_of)


def _all_of(texts: Sequence[str]) -> str:
    parts = ", ".join(f"w{number} AS ({text})" for number, text in enumerate(texts))
    return f"WITH {parts} SELECT 1"
