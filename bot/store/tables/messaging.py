"""Conversations, messages in and out, what happened to them on the way, and the questions they asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.intents import Context
from bot.core.journey import QuestionState
from bot.core.messages import DeliverySource, Direction, MessageStatus, Origin, Via
from bot.core.outreach import Lane, Verdict
from bot.store.columns import Id, Table, Word, word

HELD = text("held_by IS NOT NULL")
TO_GO = text("status = 'planned'")
ASKED = text("state = 'open'")
HEARD = text("direction = 'inbound'")
WENT = text("sent_at IS NOT NULL")


class Conversation(Table):
    """All that is said with one phone. Its row is the lock: two texts at once from one phone are taken in turn."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_held_by", "held_by", postgresql_where=HELD, sqlite_where=HELD),)

    id: Mapped[Id]
    contact_point_id: Mapped[str] = mapped_column(ForeignKey("contact_points.id"), unique=True)
    held_by: Mapped[str | None] = mapped_column(String(32))
    """User who holds it; the bot is silent then, but for opt-outs and danger signs."""
    held_since: Mapped[datetime | None]
    misses: Mapped[int] = mapped_column(default=0)
    """Texts in a row that were not understood."""
    version: Mapped[int] = mapped_column(default=0)
    """Grows with every message; a reply written on an older version is warned of."""
    last_inbound_at: Mapped[datetime | None] = mapped_column(index=True)
    last_outbound_at: Mapped[datetime | None]
    last_staff_at: Mapped[datetime | None]
    """When a coordinator last wrote: a yes after that answers them, not the question that was open before."""
    last_staff_asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether those words asked something: then an OK is an answer, too."""
    last_safety_at: Mapped[datetime | None]
    last_safety_family: Mapped[str | None] = mapped_column(String(24))
    recent_replies: Mapped[list[str]] = mapped_column(JSON, default=list)
    """ISO times of the bot's latest replies, for the guard against two machines talking to each other."""
    tongue: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Texts in another language than the one on file, and what was offered (`core.language_offer`)."""
    created_at: Mapped[datetime]


class Message(Table):
    """One text, in or out. An outbound row exists, with its decision, before the provider hears of it."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_conversation_id_created_at", "conversation_id", "created_at"),
        Index("ix_messages_patient_id_created_at", "patient_id", "created_at"),
        Index("ix_messages_status_due_at", "status", "lane_rank", "due_at"),
        Index("ix_messages_reply_to", "reply_to"),
        # Of a loop only what has not gone out is asked for, and that is little.
        Index("ix_messages_of_loop", "enrollment_id", postgresql_where=TO_GO, sqlite_where=TO_GO),
        # Reports read a day at a time: what came, and what went.
        Index("ix_messages_heard", "created_at", postgresql_where=HEARD, sqlite_where=HEARD),
        Index("ix_messages_sent_at", "sent_at", postgresql_where=WENT, sqlite_where=WENT),
        UniqueConstraint("twilio_sid"),
        UniqueConstraint("dedupe_key"),
    )

    id: Mapped[Id]
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    contact_point_id: Mapped[str] = mapped_column(ForeignKey("contact_points.id"))
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patients.patient_id"))
    """The patient it is about; None while nobody knows."""
    appointment_id: Mapped[str | None] = mapped_column(ForeignKey("appointments.appointment_id"), index=True)
    appointment_version: Mapped[int | None]
    enrollment_id: Mapped[str | None] = mapped_column(String(32))
    campaign_id: Mapped[str | None] = mapped_column(String(32))
    direction: Mapped[Direction] = word(Direction)
    origin: Mapped[Origin | None] = word(Origin)
    """None for inbound."""
    kind: Mapped[str] = mapped_column(String(48))
    """`<journey>/<step>` of an outbound text, the main intent of an inbound one, `staff` for a coordinator's words."""
    body: Mapped[bytes]
    """Sealed as messages.body."""
    language: Mapped[str | None] = mapped_column(String(16))
    segments: Mapped[int] = mapped_column(default=1)
    media: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """What came with it: content types and the provider's media addresses, never shown by themselves."""
    status: Mapped[MessageStatus] = word(MessageStatus)
    via: Mapped[Via] = word(Via, default=Via.REST)
    twilio_sid: Mapped[str | None] = mapped_column(String(40))
    error_code: Mapped[int | None]
    reply_to: Mapped[str | None] = mapped_column(String(32))
    """The inbound message that this answers inside the webhook's response."""
    dedupe_key: Mapped[str | None] = mapped_column(String(160))
    """Says the same thing about the same thing: the key of the planned touch."""
    lane: Mapped[Lane | None] = word(Lane)
    lane_rank: Mapped[int] = mapped_column(default=9)
    due_at: Mapped[datetime | None]
    """Not before."""
    expires_at: Mapped[datetime | None]
    """Of no use after."""
    lease_until: Mapped[datetime | None]
    """Claimed by a worker until then; another may look the outcome up afterwards."""
    claimed_by: Mapped[str | None] = mapped_column(String(32))
    """The run that has claimed it: whoever finds another one here has lost it meanwhile."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Tries of which the provider took notice."""
    knocks: Mapped[int] = mapped_column(server_default="0")
    """Tries that nobody looked at: too many at once, no connection, or no account to send from."""
    budget_exempt: Mapped[bool] = mapped_column(default=False)
    """Started on purpose by a person or a program: not counted among the unsolicited ones of the day and week."""
    author_id: Mapped[str | None] = mapped_column(String(32))
    decision: Mapped[Verdict | None] = mapped_column(Word(Verdict, 8))
    """The gate's latest word."""
    decision_reason: Mapped[str | None] = mapped_column(String(64))
    understood: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Inbound: intents, confidence and the rules that fired (never the words)."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class DeliveryEvent(Table):
    """One status callback, or one look into the provider's list."""

    __tablename__ = "delivery_events"
    __table_args__ = (UniqueConstraint("message_id", "status", "error_code"),)

    id: Mapped[Id]
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    twilio_sid: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[MessageStatus] = word(MessageStatus)
    error_code: Mapped[int] = mapped_column(default=0)
    source: Mapped[DeliverySource] = mapped_column(Word(DeliverySource, 12))
    at: Mapped[datetime]


class Decision(Table):
    """One decision of the gate about one message: why it did or did not go out."""

    __tablename__ = "decisions"
    __table_args__ = (Index("ix_decisions_message_id_at", "message_id", "at"),)

    id: Mapped[Id]
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    decision: Mapped[Verdict] = mapped_column(Word(Verdict, 8))
    reason: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime | None]
    at: Mapped[datetime]


class Question(Table):
    """What an outbound text asked, until it is answered, voided or too old."""

    __tablename__ = "questions"
    __table_args__ = (
        Index("ix_questions_conversation_id_state", "conversation_id", "state"),
        Index("ix_questions_message_id", "message_id"),
        Index("ix_questions_enrollment_id", "enrollment_id"),
        # What waits for an answer is little, what was ever asked is not.
        Index("ix_questions_asked", "expires_at", postgresql_where=ASKED, sqlite_where=ASKED),
    )

    id: Mapped[Id]
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"))
    enrollment_id: Mapped[str | None] = mapped_column(ForeignKey("enrollments.id"))
    patient_id: Mapped[str | None] = mapped_column(String(128))
    journey: Mapped[str] = mapped_column(String(32))
    step: Mapped[str] = mapped_column(String(32))
    context: Mapped[Context] = word(Context)
    options: Mapped[list[str]] = mapped_column(JSON, default=list)
    subjects: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    """[[appointment_id, version], …]: one visit, or several in a bundle or a menu."""
    pending: Mapped[str | None] = mapped_column(String(24))
    """In a menu: the intent that waits for the choice."""
    prompt: Mapped[bytes | None]
    """A question of the clinic's own, sealed as questions.prompt."""
    state: Mapped[QuestionState] = word(QuestionState)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(32))
    binding: Mapped[str | None] = mapped_column(String(120))
    """Why the reply was taken to answer this question: the scored reason."""


class OutreachKey(Table):
    """An outreach that a caller of the API may ask for again under the same key, and what was answered."""

    __tablename__ = "outreach_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Blind index of the token's id and the key."""
    body: Mapped[str] = mapped_column(String(64))
    """Blind index of what was asked for."""
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    decision: Mapped[Verdict] = mapped_column(Word(Verdict, 8))
    reason: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class RequestKey(Table):
    """Something that a caller of the API may ask for again under the same key, and what it was done to."""

    __tablename__ = "request_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Blind index of the caller's id and the key."""
    body: Mapped[str] = mapped_column(String(64))
    """Blind index of what was asked for."""
    object_id: Mapped[str] = mapped_column(String(32))
    """The loop, or the freed time."""
    created_at: Mapped[datetime]
