"""Replies kept for later: they go out through the gate at their time, unless the patient has written meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.core.escalation import Priority, Reason
from bot.core.messages import STAFF_LATER, MessageStatus
from bot.core.outreach import GateDecision, GateReason
from bot.services import audit, inbox
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.services.inbox import Gone, HeldBy
from bot.services.inbox_reply import ASKS, KIND, Night, Written, night
from bot.store.batch import Batch
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import inbox as queries
from bot.store.queries import threads
from bot.store.tables import Conversation, Message, Patient

LOOK_AT_IT = "look-at-held-reply"
"""Key of the next step that the inbox suggests."""


@once_more
def send_now(
    clinic: Clinic, *, message_id: str, actor_id: str, now: datetime, at_night: bool = False
) -> Written | Night | HeldBy | Gone:
    """Send it at once, whatever the patient has written since: somebody has read that now."""
    with clinic.database.begin() as connection:
        row = connection.execute(select(Message.__table__).where(Message.id == message_id)).first()
        if row is None or row.kind != STAFF_LATER:
            return Gone()
        until = _night(clinic, connection, row, now)
        if until is not None and not at_night:
            return Night(until)
        taken = inbox.take_conversation(connection, row.conversation_id, actor_id=actor_id, now=now)
        if isinstance(taken, HeldBy):
            return taken
        changed = connection.execute(
            update(Message)
            .where(Message.id == message_id, Message.status == MessageStatus.PLANNED)
            .values(kind=KIND, due_at=now, expires_at=None, created_at=now, updated_at=now)
        )
        if not changed.rowcount:
            return Gone()
        going(connection, row.conversation_id, clinic.vault.open("messages.body", row.id, row.body), actor_id, now)
        audit.record(
            connection, at=now, actor=actor_id, action="message.send-now", object_type="message", object_id=message_id,
            detail={"conversation_id": row.conversation_id},
        )  # fmt: skip
    clinic.queue.deliver()
    return Written(message_id, now)


def _night(clinic: Clinic, connection: Connection, row: AnyRow, now: datetime) -> datetime | None:
    conversation = queries.lock_conversation(connection, row.conversation_id)
    theirs = select(Patient.timezone).where(Patient.patient_id == row.patient_id)
    zone = connection.execute(theirs).scalar_one_or_none() or clinic.settings.clinic_timezone
    return night(clinic, zone, conversation.last_inbound_at if conversation is not None else None, None, now=now)


def going(connection: Connection, conversation_id: str, body: str, holder: str | None, now: datetime) -> None:
    """It is said now: what the patient answers, they answer a person. In the caller's transaction."""
    connection.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(last_staff_at=now, last_staff_asked=ASKS.search(body) is not None, misses=0)
    )
    if holder is not None:
        queries.wait_for_patient(connection, conversation_id, holder=holder, now=now)


def warn(
    clinic: Clinic,
    connection: Connection,
    rows: Sequence[AnyRow],
    decisions: Mapping[str, GateDecision],
    now: datetime,
) -> None:
    """Bring to a person what the gate holds for the first time because the patient wrote. Before that is stored."""
    for row in rows:
        held = decisions[row.id].reason is GateReason.PATIENT_WROTE
        if held and row.decision_reason != GateReason.PATIENT_WROTE:
            queries.lock_conversation(connection, row.conversation_id)
            _raise(clinic, connection, row, now)


def _raise(clinic: Clinic, connection: Connection, row: AnyRow, now: datetime) -> None:
    latest = threads.last_inbound(connection, row.conversation_id)
    words = clinic.vault.open("messages.body", latest.id, latest.body) if latest is not None else ""
    need = Need(
        reason=Reason.STAFF_REPLY,
        priority=Priority.ROUTINE,
        conversation_id=row.conversation_id,
        patient_id=row.patient_id,
        message_id=latest.id if latest is not None else None,
        suggestion=LOOK_AT_IT,
        evidence={"words": words, "rules": []},
    )
    batch = Batch(connection)
    raise_to_person(batch, need, clinic=clinic, now=now)
    batch.flush()
