"""Replies kept ready, with their words in each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from bot.store.columns import AnyRow
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import CannedReply, CannedText

MOST = 200
"""A clinic with more of them finds none."""


def replies(connection: Connection, *, active_only: bool) -> Sequence[AnyRow]:
    """All of them, by shortcut; those that are switched off last."""
    query = select(CannedReply.__table__).order_by(CannedReply.active.desc(), CannedReply.shortcut).limit(MOST)
    return connection.execute(query.where(CannedReply.active.is_(True)) if active_only else query).all()


def reply(connection: Connection, reply_id: str, *, lock: bool = False) -> AnyRow | None:
    """One of them."""
    query = select(CannedReply.__table__).where(CannedReply.id == reply_id)
    return connection.execute(query.with_for_update() if lock else query).first()


def by_shortcut(connection: Connection, shortcut: str) -> AnyRow | None:
    """The one of that shortcut."""
    return connection.execute(select(CannedReply.__table__).where(CannedReply.shortcut == shortcut)).first()


def texts(
    connection: Connection, reply_ids: Sequence[str], languages: Sequence[str] | None = None
) -> Mapping[str, Mapping[str, AnyRow]]:
    """Their words: by reply, then by language."""
    if not reply_ids:
        return {}
    query = select(CannedText.__table__).where(CannedText.reply_id.in_(reply_ids))
    if languages is not None:
        query = query.where(CannedText.language.in_(languages))
    found: dict[str, dict[str, AnyRow]] = {reply_id: {} for reply_id in reply_ids}
    for row in connection.execute(query):
        found[row.reply_id][row.language] = row
    return found


def write(connection: Connection, reply_id: str, language: str, **values: Any) -> None:
    """Set a reply's words, or what is said of them, in one language."""
    changed = connection.execute(
        update(CannedText).where(CannedText.reply_id == reply_id, CannedText.language == language).values(**values)
    )
    if not changed.rowcount:
        row = {"reply_id": reply_id, "language": language, **values}
        connection.execute(insert_or_ignore(connection, CannedText.__table__), row)
