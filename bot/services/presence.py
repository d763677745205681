"""Two people never answer one patient: each sees who else has the conversation open, and who is writing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.database import forgettable, once_more
from bot.store.queries import presence as queries

FRESH: Final = timedelta(seconds=30)
"""Whoever has not been seen for so long has gone."""
EVERY: Final = timedelta(seconds=10)
"""An open page is written down no more often than that."""
WRITING: Final = timedelta(seconds=20)
"""Somebody who has pressed a key so lately is writing."""
KEPT: Final = timedelta(days=2)
"""What somebody did last in a conversation that they hold counts for a day."""


@dataclass(frozen=True, slots=True)
class Someone:
    """A colleague who has the conversation open."""

    name: str
    writing: bool


@dataclass(frozen=True, slots=True)
class Company:
    """Who else is there, and whether one's own being there is to be written down again."""

    others: Sequence[Someone] = ()
    due: bool = False

    @property
    def mark(self) -> str:
        """What changes when anybody comes, goes, begins or ends writing."""
        if not self.others:
            return ""
        told = "|".join(f"{someone.name}{someone.writing:d}" for someone in self.others)
        return hashlib.sha256(told.encode()).hexdigest()[:8]


def company(connection: Connection, conversation_id: str, user_id: str, now: datetime) -> Company:
    """Who is there beside that person."""
    rows = queries.there(connection, conversation_id, since=now - FRESH)
    mine = next((row for row in rows if row.user_id == user_id), None)
    others = [_someone(row, now) for row in rows if row.user_id != user_id]
    return Company(others, mine is None or mine.seen_at <= now - EVERY)


@once_more
def here(clinic: Clinic, *, conversation_id: str, user_id: str, now: datetime, writing: bool = False) -> None:
    """That person has it open, or is writing there."""
    moments = {"seen_at": now, "typing_at": now} if writing else {"seen_at": now}
    with clinic.database.begin() as connection:
        forgettable(connection)
        if queries.mark(connection, conversation_id, user_id, **moments):
            queries.prune(connection, before=now - KEPT)


def _someone(row: AnyRow, now: datetime) -> Someone:
    writing = row.typing_at is not None and row.typing_at > now - WRITING
    return Someone(str(row.name or row.email), writing)
