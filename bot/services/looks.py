"""How often whoever comes round every second looks through what is seldom news."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from bot.store.queries import runs

LOOK_EVERY: Final = timedelta(minutes=1)


class Looks:
    """When to look for new loops: when a file has come in, and once a minute for all else.

    To tell what a hundred thousand open loops call for takes a look at each, and seldom does one call for anything:
    a row of a file, a visit that was missed, a patient who is free to be asked about the next thing.
    """

    def __init__(self) -> None:
        self._looked_at: datetime | None = None
        self._files: Sequence[tuple[Any, ...]] = ()

    def due(self, connection: Connection, now: datetime) -> bool:
        """Whether to look now; whoever is told so has to look."""
        files = runs.newest(connection)
        if self._looked_at is not None and files == self._files and now < self._looked_at + LOOK_EVERY:
            return False
        self._files, self._looked_at = files, now
        return True
