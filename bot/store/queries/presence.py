"""Who has a conversation open now, and whether they are writing in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.store.columns import AnyRow
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Presence, User

MOST = 20


def there(connection: Connection, conversation_id: str, *, since: datetime) -> Sequence[AnyRow]:
    """Whoever has been seen there since then."""
    return connection.execute(_THERE, {"which": conversation_id, "since": since}).all()


# Built once: every open conversation asks every few seconds.
_THERE = (
    select(Presence.user_id, Presence.seen_at, Presence.typing_at, User.name, User.email)
    .join(User, User.id == Presence.user_id)
    .where(Presence.conversation_id == bindparam("which"), Presence.seen_at > bindparam("since"))
    .order_by(Presence.user_id)
    .limit(MOST)
)


def mark(connection: Connection, conversation_id: str, user_id: str, **moments: datetime) -> bool:
    """They are there, or writing, at that moment; whether they were not there before."""
    mine = (Presence.conversation_id == conversation_id, Presence.user_id == user_id)
    if connection.execute(update(Presence).where(*mine).values(**moments)).rowcount:
        return False
    row = {"conversation_id": conversation_id, "user_id": user_id, **moments}
    connection.execute(insert_or_ignore(connection, Presence.__table__), row)
    return True


def prune(connection: Connection, *, before: datetime) -> None:
    """Forget whoever was last seen before that. The table holds two days of open pages, so it is read through."""
    connection.execute(delete(Presence).where(Presence.seen_at < before))
