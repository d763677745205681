"""Which claims lie idle: who holds a conversation, and when they last did anything in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.store.columns import AnyRow
from bot.store.tables import Conversation, Note, Presence


def lying(connection: Connection, *, before: datetime, limit: int = 200) -> Sequence[str]:
    """Conversations held since before that moment in which their holder wrote nothing since, the longest first."""
    return (
        connection.execute(
            select(Conversation.id)
            .where(
                Conversation.held_by.is_not(None),
                Conversation.held_since <= before,
                func.coalesce(Conversation.last_staff_at, Conversation.held_since) <= before,
            )
            .order_by(Conversation.held_since)
            .limit(limit)
        )
        .scalars()
        .all()
    )


def last_act(connection: Connection, conversation: AnyRow) -> datetime:
    """When the holder last took, wrote, noted or typed anything there."""
    noted = select(func.max(Note.at)).where(
        Note.conversation_id == conversation.id, Note.author_id == conversation.held_by
    )
    typed = select(Presence.typing_at).where(
        Presence.conversation_id == conversation.id, Presence.user_id == conversation.held_by
    )
    moments = (
        conversation.held_since,
        conversation.last_staff_at,
        connection.execute(noted).scalar_one_or_none(),
        connection.execute(typed).scalar_one_or_none(),
    )
    return max(moment for moment in moments if moment is not None)
