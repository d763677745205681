"""Claims that lie idle go back to everybody: no patient waits for somebody who has gone home."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.core.escalation import RETURNS_AFTER, RETURNS_AFTER_URGENT, WAITS_AT_MOST, Priority
from bot.services import audit, inbox
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import inbox as queries
from bot.store.queries import returns

ACTOR: Final = "timer"


def give_back_idle(clinic: Clinic, now: datetime) -> int:
    """Free every conversation whose holder has let it lie, and open what they had claimed; how many that were."""
    with clinic.database.read() as connection:
        held = returns.lying(connection, before=now - RETURNS_AFTER_URGENT)
    return sum(_give_back(clinic, conversation_id, now) for conversation_id in held)


@once_more
def _give_back(clinic: Clinic, conversation_id: str, now: datetime) -> bool:
    with clinic.database.begin() as connection:
        conversation = queries.lock_conversation(connection, conversation_id)
        if conversation is None or conversation.held_by is None:
            return False
        waiting = [
            row for row in queries.unresolved_of(connection, conversation_id) if row.claimed_by == conversation.held_by
        ]
        if now - returns.last_act(connection, conversation) < _patience(conversation, waiting):
            return False
        _return(clinic, connection, conversation, waiting, now)
    return True


def _return(clinic: Clinic, connection: Connection, conversation: AnyRow, waiting: list[AnyRow], now: datetime) -> None:
    for row in waiting:
        inbox.hand_back(connection, row, actor_id=ACTOR, now=now, returned_from=conversation.held_by)
    queries.free(connection, conversation.id, holder=conversation.held_by)
    inbox.leave_nothing(clinic, connection, conversation.id, now=now)
    audit.record(
        connection, at=now, actor=ACTOR, action="conversation.return", object_type="conversation",
        object_id=conversation.id, detail={"from": conversation.held_by},
    )  # fmt: skip


def _patience(conversation: AnyRow, waiting: list[AnyRow]) -> timedelta:
    """How long the holder may do nothing: the patient's turn is waited for longer than the holder's own."""
    heard, said = conversation.last_inbound_at, conversation.last_staff_at
    # What somebody wrote before this claim is no answer of its holder's.
    theirs = said is not None and said >= conversation.held_since and (heard is None or said >= heard)
    if theirs:
        return WAITS_AT_MOST
    return RETURNS_AFTER_URGENT if any(row.priority_rank <= Priority.URGENT.rank for row in waiting) else RETURNS_AFTER
