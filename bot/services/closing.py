"""Closing what was brought to a person, and what follows: the conversation is free, journeys go on, nothing is lost.

What is one thing in two places is closed in both: a case with its loop, where the loop's journey says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, or_, select, update

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.core.journey import Enrollment, Journey, OwedBy
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.store.batch import Batch
from bot.store.columns import AnyRow
from bot.store.queries import inbox as queries
from bot.store.queries import notices, threads
from bot.store.tables import Conversation, Patient, PatientContact

HANDLED: Final = "handled"


def close(connection: Connection, row: AnyRow, *, actor_id: str, outcome: str, now: datetime) -> None:
    """Resolve one escalation that the caller has locked. What was written meanwhile is the caller's to look after."""
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
    audit.record(
        connection, at=now, actor=actor_id, action="escalation.resolve", object_type="escalation", object_id=row.id,
        detail={"outcome": outcome},
    )  # fmt: skip
    let_go(connection, row, actor_id=actor_id)
    _unpause(connection, row, now)


def close_with(
    connection: Connection,
    clinic: Clinic,
    journey: Journey,
    loop: Enrollment,
    *,
    actor: str,
    now: datetime,
    reported: bool = False,
) -> int:
    """The loop waits for the office no more: its cases are closed, but for those that somebody else has in hand.

    `reported`: how it ends has not been read in a text, but been told by staff or a file.
    """
    step = journey.step(loop.step)
    reasons = (*journey.joins, *(journey.settles if reported and loop.outcome is not None else ()))
    if not reasons or (step is not None and step.owed_by is OwedBy.OFFICE):
        return 0
    closed = 0
    for escalation_id in queries.of_loop(connection, loop.patient_id, loop.id, reasons):
        row = locked(connection, escalation_id)
        if row is None or row.status is EscalationStatus.RESOLVED or other_holder(connection, row, actor):
            continue
        close(connection, row, actor_id=actor, outcome=HANDLED, now=now)
        if row.conversation_id is not None:
            leave_nothing(clinic, connection, row.conversation_id, now=now)
        closed += 1
    return closed


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


def let_go(connection: Connection, row: AnyRow, *, actor_id: str) -> None:
    """The conversation is free again, unless its holder has more in it."""
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
