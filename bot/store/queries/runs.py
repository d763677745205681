"""Loads of files: the newest ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from bot.store.tables import ImportRun

MOST: Final = 5
"""More are not under way at the same time."""
_NEWEST = select(ImportRun.id, ImportRun.finished_at).order_by(ImportRun.id.desc()).limit(MOST)


def newest(connection: Connection) -> Sequence[tuple[object, ...]]:
    """The last ones, and when each ended: what is another once a file has come in."""
    return [tuple(row) for row in connection.execute(_NEWEST)]
