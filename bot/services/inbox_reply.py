"""A coordinator's own words: replies that the patient gets, for some seconds taken back, and internal notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, TypeAlias

from sqlalchemy import Connection, delete, insert, select, update

from bot.core.hours import is_quiet, opens_at
from bot.core.messages import STAFF_LATER, MessageStatus, Origin
from bot.core.outreach import Drop, Facts, GateReason, Lane, MessageFacts, PatientFacts, decide
from bot.services import audit, inbox, outbox
from bot.services.clinic import Clinic
from bot.services.inbox import Gone, HeldBy
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import inbox as queries
from bot.store.queries import threads
from bot.store.tables import Conversation, Decision, Escalation, Message, Note

LONGEST: Final = 1600
"""Characters in one message, the provider's limit (error 21617 beyond it)."""
KIND: Final = "staff"
AWAKE: Final = timedelta(hours=1)
"""Whoever has written so lately is not woken by an answer."""
FURTHEST: Final = timedelta(days=30)
"""No reply is kept for a later day than that."""
STALE_AFTER: Final = timedelta(hours=24)
"""A reply kept for later that waits longer than that for a person is of no use any more."""
ASKS: Final = re.compile("[?？؟]")
"""A question mark of any of our scripts."""

_NOTE = insert(Note.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Written:
    """The reply is written down and goes out at `due_at`; until then it can be taken back."""

    message_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody has said something since the draft was begun: these messages, the oldest first."""

    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing may be sent there."""

    reason: GateReason
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """It would ring at night, where the patient is; until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class NoTime:
    """The time for it is over, or too far ahead."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """There are no words in it, or too many."""

    length: int


Outcome: TypeAlias = Written | Moved | Blocked | Night | NoTime | Unfit | HeldBy | Gone


@once_more
def reply(
    clinic: Clinic,
    *,
    conversation_id: str,
    actor_id: str,
    body: str,
    now: datetime,
    seen: str | None = None,
    later: datetime | None = None,
    at_night: bool = False,
) -> Outcome:
    """Write a reply down for sending, and claim the conversation if it is free.

    `seen` is the patient's last message when the draft was begun, empty if there was none; None asks for no check.
    `later` keeps it for that time, and claims nothing. `at_night` sends it though it is night where the patient is.
    """
    text = body.replace("\r\n", "\n").strip()
    if not 0 < len(text) <= LONGEST:
        return Unfit(len(text))
    if later is not None and not now < later <= now + FURTHEST:
        return NoTime()
    with clinic.database.begin() as connection:
        conversation = queries.lock_conversation(connection, conversation_id)
        if conversation is None:
            return Gone()
        people = threads.people(connection, conversation.contact_point_id)
        about = _about(connection, conversation, people)
        if refusal := _refusal(connection, conversation, about, actor_id=actor_id, seen=seen, now=now):
            return refusal
        zone = (about.timezone if about is not None else None) or clinic.settings.clinic_timezone
        until = night(clinic, zone, conversation.last_inbound_at, later, now=now)
        if until is not None and not at_night:
            return Night(until)
        if later is not None:
            return _keep(clinic, connection, conversation, about, actor_id=actor_id, text=text, due_at=later, now=now)
        held = inbox.take_conversation(connection, conversation_id, actor_id=actor_id, now=now)
        if isinstance(held, HeldBy):
            return held
        written = _write(clinic, connection, conversation, about, actor_id=actor_id, text=text, now=now)
    clinic.queue.deliver()
    return written


def _refusal(
    connection: Connection,
    conversation: AnyRow,
    about: AnyRow | None,
    *,
    actor_id: str,
    seen: str | None,
    now: datetime,
) -> HeldBy | Blocked | Moved | None:
    if conversation.held_by not in (None, actor_id):
        return HeldBy(conversation.held_by, queries.name_of(connection, conversation.held_by))
    number = threads.number(connection, conversation.contact_point_id)
    if blocked := block(number, about, now=now):
        return blocked
    if seen is not None and (unseen := threads.inbound_since(connection, conversation.id, seen)):
        return Moved(unseen)
    return None


def night(
    clinic: Clinic, zone: str, heard_at: datetime | None, later: datetime | None, *, now: datetime
) -> datetime | None:
    """When the night ends there, if a text would ring in it; None by day, and while the patient is writing."""
    moment, quiet = later or now, clinic.settings.quiet
    writing = later is None and heard_at is not None and heard_at > now - AWAKE
    return opens_at(moment, zone, quiet) if not writing and is_quiet(moment, zone, quiet) else None


def block(number: AnyRow, patient: AnyRow | None, *, now: datetime) -> Blocked | None:
    """Why nothing may be sent to this number about this patient: the gate's word before anything is written down."""
    message = MessageFacts(message_id="", origin=Origin.STAFF, kind=KIND, planned_at=now)
    about = None
    if patient is not None:
        paused = patient.paused_since is not None
        about = PatientFacts(status=patient.status, paused=paused, consent=patient.consent, scope=patient.scope)
    facts = Facts(
        number_status=number.status, number_consent=number.consent, zone="UTC", quiet=(time(0), time(0)), patient=about
    )
    decision = decide(message, facts, now)
    if not isinstance(decision, Drop):
        return None
    opted_out = decision.reason in (GateReason.NUMBER_OPTED_OUT, GateReason.PATIENT_OPTED_OUT)
    return Blocked(decision.reason, number.consent_at if opted_out else None)


def _about(connection: Connection, conversation: AnyRow, people: Sequence[AnyRow]) -> AnyRow | None:
    patient_id = threads.subject(connection, conversation.id, people)
    return next((person for person in people if person.patient_id == patient_id), None)


def _write(
    clinic: Clinic,
    connection: Connection,
    conversation: AnyRow,
    about: AnyRow | None,
    *,
    actor_id: str,
    text: str,
    now: datetime,
) -> Written:
    due_at = now + timedelta(seconds=clinic.settings.undo_seconds)
    draft = _draft(conversation, about, actor_id=actor_id, text=text, due_at=due_at)
    message_id = outbox.put(connection, draft, vault=clinic.vault, now=now)
    connection.execute(
        update(Conversation)
        .where(Conversation.id == conversation.id)
        .values(
            version=Conversation.version + 1,
            last_outbound_at=now,
            last_staff_at=now,
            last_staff_asked=ASKS.search(text) is not None,
            misses=0,
        )
    )
    queries.wait_for_patient(connection, conversation.id, holder=actor_id, now=now)
    audit.record(
        connection, at=now, actor=actor_id, action="message.reply", object_type="message", object_id=message_id,
        detail={"conversation_id": conversation.id},
    )  # fmt: skip
    return Written(message_id, due_at)


def _draft(
    conversation: AnyRow, about: AnyRow | None, *, actor_id: str, text: str, due_at: datetime, later: bool = False
) -> outbox.Draft:
    return outbox.Draft(
        conversation_id=conversation.id,
        contact_point_id=conversation.contact_point_id,
        body=text,
        kind=STAFF_LATER if later else KIND,
        origin=Origin.STAFF,
        language=about.language if about is not None else None,
        patient_id=about.patient_id if about is not None else None,
        lane=Lane.REPLY,
        due_at=due_at,
        expires_at=due_at + STALE_AFTER if later else None,
        author_id=actor_id,
    )


def _keep(
    clinic: Clinic,
    connection: Connection,
    conversation: AnyRow,
    about: AnyRow | None,
    *,
    actor_id: str,
    text: str,
    due_at: datetime,
    now: datetime,
) -> Written:
    # Nothing has been said yet: the conversation is as free, and as unanswered, as before.
    draft = _draft(conversation, about, actor_id=actor_id, text=text, due_at=due_at, later=True)
    message_id = outbox.put(connection, draft, vault=clinic.vault, now=now)
    _moved_on(connection, conversation.id)
    audit.record(
        connection, at=now, actor=actor_id, action="message.schedule", object_type="message", object_id=message_id,
        detail={"conversation_id": conversation.id, "at": due_at.isoformat()},
    )  # fmt: skip
    return Written(message_id, due_at)


def _moved_on(connection: Connection, conversation_id: str) -> None:
    connection.execute(
        update(Conversation).where(Conversation.id == conversation_id).values(version=Conversation.version + 1)
    )


@once_more
def undo(clinic: Clinic, *, message_id: str, actor_id: str, now: datetime) -> str | None:
    """Take a reply back that has not gone out, and give its words; None when it is too late or not theirs.

    One that was kept for later is everybody's: its writer may have gone home.
    """
    with clinic.database.begin() as connection:
        row = connection.execute(select(Message.__table__).where(Message.id == message_id).with_for_update()).first()
        if row is None or row.origin is not Origin.STAFF or row.status is not MessageStatus.PLANNED:
            return None
        if row.author_id != actor_id and row.kind != STAFF_LATER:
            return None
        body = clinic.vault.open("messages.body", row.id, row.body)
        connection.execute(delete(Decision).where(Decision.message_id == message_id))
        connection.execute(delete(Message).where(Message.id == message_id, Message.status == MessageStatus.PLANNED))
        _moved_on(connection, row.conversation_id)
        _unsay(clinic, connection, row, now)
        audit.record(
            connection, at=now, actor=actor_id, action="message.undo", object_type="message", object_id=message_id,
            detail={"conversation_id": row.conversation_id},
        )  # fmt: skip
        return body


def _unsay(clinic: Clinic, connection: Connection, row: AnyRow, now: datetime) -> None:
    """Nobody has heard it: no yes answers it, nothing waits for a word on it, and what it answered is unanswered."""
    talk, before = row.conversation_id, threads.said_by_staff(connection, row.conversation_id, now)
    asked = before is not None and ASKS.search(clinic.vault.open("messages.body", before.id, before.body)) is not None
    said_at = before.created_at if before is not None else None
    connection.execute(
        update(Conversation)
        .where(Conversation.id == talk, Conversation.last_staff_at == row.created_at)
        .values(last_staff_at=said_at, last_staff_asked=asked)
    )
    connection.execute(
        update(Conversation)
        .where(Conversation.id == talk, Conversation.last_outbound_at == row.created_at)
        .values(last_outbound_at=threads.last_said(connection, talk))
    )
    connection.execute(
        update(Escalation)
        .where(Escalation.conversation_id == talk, Escalation.waiting_since == row.created_at)
        .values(waiting_since=None, version=Escalation.version + 1, updated_at=now)
    )
    inbox.leave_nothing(clinic, connection, talk, now=now)


@once_more
def add_note(
    clinic: Clinic, *, conversation_id: str, actor_id: str, body: str, now: datetime, escalation_id: str | None = None
) -> str | Unfit | Gone:
    """Keep a note for colleagues and give its id. It is never sent."""
    text = body.replace("\r\n", "\n").strip()
    if not 0 < len(text) <= LONGEST:
        return Unfit(len(text))
    note_id = new_id()
    with clinic.database.begin() as connection:
        if queries.lock_conversation(connection, conversation_id) is None:
            return Gone()
        sealed = clinic.vault.seal("notes.body", note_id, text)
        row = {"id": note_id, "conversation_id": conversation_id, "escalation_id": escalation_id, "body": sealed}
        connection.execute(_NOTE, {**row, "author_id": actor_id, "at": now})
        audit.record(
            connection, at=now, actor=actor_id, action="note.add", object_type="note", object_id=note_id,
            detail={"conversation_id": conversation_id},
        )  # fmt: skip
    return note_id
