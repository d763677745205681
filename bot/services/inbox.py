"""Who looks after what: claim, release and resolve an escalation, and with it the conversation it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import Connection, or_, select, update

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.store.batch import Batch
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import inbox as queries
from bot.store.queries import notices, threads
from bot.store.tables import Conversation, Escalation, Patient, PatientContact

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
        queries.change_escalation(
            connection,
            row.id,
            now=now,
            status=EscalationStatus.RESOLVED,
            resolved_by=actor_id,
            resolved_at=now,
            outcome=outcome,
        )
        if row.rung:
            notices.void(connection, row.id, now)
        _record(connection, "escalation.resolve", "escalation", row.id, actor_id, now, outcome=outcome)
        _let_go(connection, row, actor_id=actor_id)
        _unpause(connection, row, now)
        if talk is not None:
            leave_nothing(clinic, connection, talk, now=now)
        return Done(EscalationStatus.RESOLVED, row.conversation_id)


def leave_nothing(clinic: Clinic, connection: Connection, conversation_id: str, *, now: datetime) -> None:
    """The bot kept out of it while somebody held the conversation: what the patient wrote then is not to be forgotten.

    Does nothing while it is still held, or anything waits in it: then it is in front of somebody.
    """
    row = queries.lock_conversation(connection, conversation_id)
    if row is None or row.held_by is not None or queries.unresolved_of(connection, conversation_id):
        return
    said = threads.said_by_staff(connection, conversation_id, now)
    left = threads.left(connection, conversation_id)
    # What has been answered keeps its mark: the answer may yet be taken back.
    open_ends = [one for one in left if said is None or one.created_at > said.created_at]
    if not open_ends:
        return
    threads.close_left(connection, open_ends)
    latest = open_ends[0]
    need = Need(
        reason=Reason.UNANSWERED,
        priority=Priority.ROUTINE,
        conversation_id=conversation_id,
        patient_id=latest.patient_id,
        message_id=latest.id,
        evidence={"words": clinic.vault.open("messages.body", latest.id, latest.body), "rules": []},
    )
    batch = Batch(connection)
    raise_to_person(batch, need, clinic=clinic, now=now)
    batch.flush()


def locked(connection: Connection, escalation_id: str) -> AnyRow | None:
    """An escalation, locked after its conversation, in the order in which everybody does."""
    row = queries.escalation(connection, escalation_id)
    if row is not None and row.conversation_id is not None:
        queries.lock_conversation(connection, row.conversation_id)
    return queries.escalation(connection, escalation_id, lock=True)


def other_holder(connection: Connection, row: AnyRow, actor_id: str) -> str | None:
    """Who else has it, or its conversation."""
    holders = {row.claimed_by if row.status is EscalationStatus.CLAIMED else None}
    if row.conversation_id is not None:
        conversation = queries.lock_conversation(connection, row.conversation_id)
        holders.add(conversation.held_by if conversation is not None else None)
    return next(iter(holders - {None, actor_id}), None)


def hand_back(connection: Connection, row: AnyRow, *, actor_id: str, now: datetime, **more: object) -> None:
    """Open again, in the caller's transaction; `more` columns are set with it."""
    free_again = {"status": EscalationStatus.OPEN, "claimed_by": None, "claimed_at": None, "waiting_since": None}
    queries.change_escalation(connection, row.id, now=now, **{**free_again, "returned_at": now, **more})
    _record(connection, "escalation.release", "escalation", row.id, actor_id, now)
    _let_go(connection, row, actor_id=row.claimed_by)


def _let_go(connection: Connection, row: AnyRow, *, actor_id: str) -> None:
    # Whoever has claimed more than one thing in a conversation keeps it until the last of them is done.
    holder = row.claimed_by or actor_id
    if row.conversation_id is not None and not queries.holds_any(connection, row.conversation_id, holder):
        queries.free(connection, row.conversation_id, holder=holder)


def _unpause(connection: Connection, row: AnyRow, now: datetime) -> None:
    # An emergency from a shared phone that named no patient has paused everybody on it.
    on_the_phone = (
        select(PatientContact.patient_id)
        .join(Conversation, Conversation.contact_point_id == PatientContact.contact_point_id)
        .where(Conversation.id == row.conversation_id)
    )
    about = or_(Patient.patient_id == row.patient_id, Patient.patient_id.in_(on_the_phone))
    paused = select(Patient.patient_id).where(about, Patient.paused_since.is_not(None))
    for patient_id in connection.execute(paused).scalars():
        if not queries.emergencies_left(connection, patient_id):
            connection.execute(
                update(Patient).where(Patient.patient_id == patient_id).values(paused_since=None, updated_at=now)
            )


def _record(
    connection: Connection, action: str, kind: str, what: str, actor_id: str, now: datetime, **detail: str
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=action, object_type=kind, object_id=what, detail=detail or None
    )
