"""Loads of files: the newest ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from bot.store.tables import ImportRun

MOST: Final = 5
"""More are not under way at the same time."""
_NEWEST = (
    select(ImportRun.id, ImportRun.started_at, ImportRun.finished_at).order_by(ImportRun.id.desc()).limit(MOST)
)


def newest(connection: Connection) -> Sequence[tuple[str, datetime, datetime | None]]:
    """The last ones, with when each began and ended: what is another once a file has come in."""
    return [(row.id, row.started_at, row.finished_at) for row in connection.execute(_NEWEST)]
