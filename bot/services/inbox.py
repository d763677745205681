"""Who looks after what: claim, release and resolve an escalation, and with it the conversation it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import Connection

from bot.core.escalation import EscalationStatus
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.closing import close, let_go
from bot.services.closing import leave_nothing as leave_nothing
from bot.services.closing import locked as locked
from bot.services.closing import other_holder as other_holder
from bot.services.loops.moving import RESOLVED, tell_loop
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import inbox as queries
from bot.store.queries import notices, threads
from bot.store.tables import Escalation

OUTCOMES: Final = ("handled", "called", "booked-elsewhere", "wrong-number", "no-answer-needed", "false-alarm")


@dataclass(frozen=True, slots=True)
class Done:
    """It is so now, or was already: the escalation's state, and its conversation's id."""

    status: EscalationStatus
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class HeldBy:
    """Somebody else has it."""

    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Closed:
    """It is resolved; nothing is left to claim or release."""


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such escalation, or no such conversation."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """The patient has written since the page was made: these messages, the oldest first."""

    message_ids: tuple[str, ...]


Change: TypeAlias = Done | HeldBy | Closed | Gone


@once_more
def claim(clinic: Clinic, *, escalation_id: str, actor_id: str, now: datetime) -> Change:
    """Take one escalation, and its conversation: the bot is silent there until release or resolve."""
    with clinic.database.begin() as connection:
        row = locked(connection, escalation_id)
        if row is None:
            return Gone()
        if row.status is EscalationStatus.RESOLVED:
            return Closed()
        if holder := other_holder(connection, row, actor_id):
            return HeldBy(holder, queries.name_of(connection, holder))
        if not take(connection, row, actor_id=actor_id, now=now):
            return HeldBy(row.claimed_by or "", queries.name_of(connection, row.claimed_by))
        return Done(EscalationStatus.CLAIMED, row.conversation_id)


@once_more
def claim_conversation(clinic: Clinic, *, conversation_id: str, actor_id: str, now: datetime) -> Change:
    """Take a conversation with everything in it that waits for a person; also one in which nothing waits."""
    with clinic.database.begin() as connection:
        return take_conversation(connection, conversation_id, actor_id=actor_id, now=now)


def take_conversation(connection: Connection, conversation_id: str, *, actor_id: str, now: datetime) -> Change:
    """`claim_conversation` in the caller's transaction."""
    conversation = queries.lock_conversation(connection, conversation_id)
    if conversation is None:
        return Gone()
    waiting = queries.unresolved_of(connection, conversation_id)
    others = {conversation.held_by, *(row.claimed_by for row in waiting)} - {None, actor_id}
    if others:
        holder = min(others)
        return HeldBy(holder, queries.name_of(connection, holder))
    if conversation.held_by is None:
        queries.hold(connection, conversation_id, holder=actor_id, now=now)
        _record(connection, "conversation.claim", "conversation", conversation_id, actor_id, now)
    for row in waiting:
        if row.status is EscalationStatus.OPEN:
            take(connection, row, actor_id=actor_id, now=now)
    return Done(EscalationStatus.CLAIMED, conversation_id)


def take(connection: Connection, row: AnyRow, *, actor_id: str, now: datetime, by: str | None = None) -> bool:
    """Claim one escalation whose conversation is locked and free; whether it was still to be had.

    `by` is who gives it to them, where it is somebody else.
    """
    if row.status is EscalationStatus.CLAIMED and row.claimed_by == actor_id:
        return True
    taken = queries.change_escalation(
        connection,
        row.id,
        Escalation.status == EscalationStatus.OPEN,
        now=now,
        status=EscalationStatus.CLAIMED,
        claimed_by=actor_id,
        claimed_at=now,
        snoozed_until=None,
        snoozed_by=None,
        returned_at=None,
        returned_from=None,
        rung=0,
    )
    if taken:
        if row.rung:
            notices.void(connection, row.id, now)
        if row.conversation_id is not None:
            queries.hold(connection, row.conversation_id, holder=actor_id, now=now)
        _record(connection, "escalation.claim", "escalation", row.id, by or actor_id, now)
    return taken


@once_more
def release(clinic: Clinic, *, escalation_id: str, actor_id: str, now: datetime, force: bool = False) -> Change:
    """Hand one escalation back: open again, and its conversation free. `force` hands back somebody else's."""
    with clinic.database.begin() as connection:
        row = locked(connection, escalation_id)
        if row is None:
            return Gone()
        if row.status is EscalationStatus.RESOLVED:
            return Closed()
        if row.status is EscalationStatus.CLAIMED:
            if row.claimed_by != actor_id and not force:
                return HeldBy(row.claimed_by, queries.name_of(connection, row.claimed_by))
            hand_back(connection, row, actor_id=actor_id, now=now)
        return Done(EscalationStatus.OPEN, row.conversation_id)


@once_more
def release_conversation(
    clinic: Clinic, *, conversation_id: str, actor_id: str, now: datetime, force: bool = False
) -> Change:
    """Hand a conversation back with everything that its holder had claimed in it."""
    with clinic.database.begin() as connection:
        conversation = queries.lock_conversation(connection, conversation_id)
        if conversation is None:
            return Gone()
        holder = conversation.held_by
        if holder is None:
            return Done(EscalationStatus.OPEN, conversation_id)
        if holder != actor_id and not force:
            return HeldBy(holder, queries.name_of(connection, holder))
        for row in queries.unresolved_of(connection, conversation_id):
            if row.claimed_by == holder:
                hand_back(connection, row, actor_id=actor_id, now=now)
        queries.free(connection, conversation_id, holder=holder)
        leave_nothing(clinic, connection, conversation_id, now=now)
        _record(connection, "conversation.release", "conversation", conversation_id, actor_id, now)
        return Done(EscalationStatus.OPEN, conversation_id)


@once_more
def resolve(
    clinic: Clinic,
    *,
    escalation_id: str,
    actor_id: str,
    now: datetime,
    outcome: str = "handled",
    force: bool = False,
    seen: str | None = None,
) -> Change | Unseen:
    """Close one escalation: its conversation is free again, and after the last emergency so are the journeys.

    `seen` is the patient's last message on the page, empty if there was none: what came after it is to be read first.
    None asks for no check, and then a text that came while somebody held the conversation stays in front of people.
    """
    with clinic.database.begin() as connection:
        row = locked(connection, escalation_id)
        if row is None:
            return Gone()
        if row.status is EscalationStatus.RESOLVED:
            return Done(EscalationStatus.RESOLVED, row.conversation_id)
        if not force and (holder := other_holder(connection, row, actor_id)):
            return HeldBy(holder, queries.name_of(connection, holder))
        talk = row.conversation_id
        if seen is not None and talk is not None:
            if unseen := threads.inbound_since(connection, talk, seen):
                return Unseen(unseen)
            threads.close_left(connection, threads.left(connection, talk))
        close(connection, row, actor_id=actor_id, outcome=outcome, now=now)
        if talk is not None:
            leave_nothing(clinic, connection, talk, now=now)
        tell_loop(connection, clinic, row, RESOLVED, {"outcome": outcome}, actor=actor_id, now=now)
        return Done(EscalationStatus.RESOLVED, row.conversation_id)


def hand_back(connection: Connection, row: AnyRow, *, actor_id: str, now: datetime, **more: object) -> None:
    """Open again, in the caller's transaction; `more` columns are set with it."""
    free_again = {"status": EscalationStatus.OPEN, "claimed_by": None, "claimed_at": None, "waiting_since": None}
    queries.change_escalation(connection, row.id, now=now, **{**free_again, "returned_at": now, **more})
    _record(connection, "escalation.release", "escalation", row.id, actor_id, now)
    let_go(connection, row, actor_id=row.claimed_by)


def _record(
    connection: Connection, action: str, kind: str, what: str, actor_id: str, now: datetime, **detail: str
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=action, object_type=kind, object_id=what, detail=detail or None
    )
