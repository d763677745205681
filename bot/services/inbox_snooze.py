"""Putting something out of sight for a while: until a time, or until the patient writes. Never an emergency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from bot.core.escalation import EscalationStatus, Priority
from bot.services import audit, inbox
from bot.services.clinic import Clinic
from bot.services.inbox import Closed, Gone, HeldBy
from bot.store.database import once_more
from bot.store.queries import inbox as queries

LONGEST: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Snoozed:
    """It sleeps until then."""

    until: datetime
    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class NotNow:
    """It may not sleep: an emergency never does, and nothing sleeps into the past or for longer than LONGEST."""

    emergency: bool


Outcome: TypeAlias = Snoozed | NotNow | HeldBy | Closed | Gone


@once_more
def snooze(clinic: Clinic, *, escalation_id: str, until: datetime, actor_id: str, now: datetime) -> Outcome:
    """Out of everybody's sight until then or until the patient writes; the conversation is the bot's meanwhile."""
    with clinic.database.begin() as connection:
        row = inbox.locked(connection, escalation_id)
        if row is None:
            return Gone()
        if row.status is EscalationStatus.RESOLVED:
            return Closed()
        if holder := inbox.other_holder(connection, row, actor_id):
            return HeldBy(holder, queries.name_of(connection, holder))
        if row.priority is Priority.EMERGENCY or not now < until <= now + LONGEST:
            return NotNow(row.priority is Priority.EMERGENCY)
        sleeping = {"snoozed_until": until, "snoozed_by": actor_id}
        if row.status is EscalationStatus.CLAIMED:
            inbox.hand_back(connection, row, actor_id=actor_id, now=now, **sleeping)
        else:
            queries.change_escalation(connection, row.id, now=now, **sleeping)
        audit.record(
            connection, at=now, actor=actor_id, action="escalation.snooze", object_type="escalation", object_id=row.id,
            detail={"until": until.isoformat()},
        )  # fmt: skip
        return Snoozed(until, row.conversation_id)


@once_more
def wake(clinic: Clinic, *, escalation_id: str, actor_id: str, now: datetime) -> Snoozed | Closed | Gone:
    """Back in sight at once."""
    with clinic.database.begin() as connection:
        row = inbox.locked(connection, escalation_id)
        if row is None:
            return Gone()
        if row.status is EscalationStatus.RESOLVED:
            return Closed()
        queries.change_escalation(connection, row.id, now=now, snoozed_until=None, snoozed_by=None)
        audit.record(
            connection, at=now, actor=actor_id, action="escalation.wake", object_type="escalation", object_id=row.id
        )
        return Snoozed(now, row.conversation_id)
