"""Journey enrollments, planned touches, escalations and notes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.escalation import EscalationStatus, NoticeChannel, NoticeState, Priority, Reason
from bot.core.intents import Intent
from bot.core.journey import TouchState, Urgency
from bot.store.columns import Id, Table, Word, word

LOOPS = text("journey <> 'appointment'")
OWED = text("office_step IS NOT NULL AND ended_at IS NULL")


class Enrollment(Table):
    """One patient on one journey about one thing: a loop, with the state of the dialogue."""

    __tablename__ = "enrollments"
    __table_args__ = (
        UniqueConstraint("journey", "subject_id"),
        Index("ix_enrollments_wake_at", "wake_at"),
        # Loops that are open are few; what was ever asked about visits is not.
        Index("ix_enrollments_office", "office_due_at", postgresql_where=OWED, sqlite_where=OWED),
        Index("ix_enrollments_journey_ended_at", "journey", "ended_at"),
        Index("ix_enrollments_journey_created_at", "journey", "created_at"),
        # Other programs go through the loops, and what was ever asked about visits is a hundred times as much.
        Index("ix_enrollments_loops", "created_at", "id", postgresql_where=LOOPS, sqlite_where=LOOPS),
    )

    id: Mapped[Id]
    journey: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), index=True)
    subject_id: Mapped[str] = mapped_column(String(128))
    """The appointment, recall or referral; for the clinic's own one-off question, the message that asked it."""
    step: Mapped[str] = mapped_column(String(32))
    misses: Mapped[int] = mapped_column(default=0)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    wake_at: Mapped[datetime | None]
    """When silence becomes an event."""
    kind: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Which of its kind: a measure, a specialty, a series, a medicine's group."""
    priority: Mapped[Urgency] = mapped_column(Word(Urgency, 16), default=Urgency.ROUTINE, server_default="routine")
    appointment_id: Mapped[str | None] = mapped_column(String(128), index=True)
    """The visit that its texts speak of, where they do."""
    owner_id: Mapped[str | None] = mapped_column(String(32))
    """The user who sees to it."""
    office_step: Mapped[str | None] = mapped_column(String(48))
    """What the office has to do next; None while it owes nothing."""
    office_due_at: Mapped[datetime | None]
    due_on: Mapped[date | None] = mapped_column(Date)
    """When the care itself is due."""
    details: Mapped[bytes | None]
    """What its texts and the office need to know, sealed as enrollments.details (JSON)."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(48))
    """How it ended."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class EnrollmentMove(Table):
    """One move of a loop: from where to where, when, and on whose word. The loop's history."""

    __tablename__ = "enrollment_moves"
    __table_args__ = (
        Index("ix_enrollment_moves_enrollment_id_at", "enrollment_id", "at"),
        # Reports read a day at a time.
        Index("ix_enrollment_moves_at", "at"),
    )

    id: Mapped[Id]
    enrollment_id: Mapped[str] = mapped_column(ForeignKey("enrollments.id"))
    at: Mapped[datetime]
    from_step: Mapped[str] = mapped_column(String(32))
    to_step: Mapped[str] = mapped_column(String(32))
    cause: Mapped[str] = mapped_column(String(64))
    """`opened`, `silence`, the intent of the reply, or the name of what was reported."""
    actor: Mapped[str] = mapped_column(String(64))
    """`patient`, `bot`, `import`, or a user's id."""


class Touch(Table):
    """One planned contact. The key says which, so that planning twice plans once."""

    __tablename__ = "touches"
    __table_args__ = (
        Index("ix_touches_state_due_at", "state", "due_at"),
        Index("ix_touches_subject_id", "subject_id"),
        Index("ix_touches_message_id", "message_id"),
        UniqueConstraint("key"),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(160))
    journey: Mapped[str] = mapped_column(String(32))
    step: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), index=True)
    subject_id: Mapped[str] = mapped_column(String(128))
    subject_version: Mapped[int]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[TouchState] = word(TouchState)
    reason: Mapped[str | None] = mapped_column(String(64))
    """Why it was skipped or voided."""
    message_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Escalation(Table):
    """One thing that needs a person."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index("ix_escalations_status_priority_created_at", "status", "priority_rank", "created_at"),
        Index("ix_escalations_patient_id_created_at", "patient_id", "created_at"),
        Index("ix_escalations_conversation_id", "conversation_id"),
        Index("ix_escalations_status_resolved_at", "status", "resolved_at"),
        Index("ix_escalations_status_claimed_by", "status", "claimed_by"),
    )

    id: Mapped[Id]
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patients.patient_id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    message_id: Mapped[str | None] = mapped_column(String(32))
    appointment_id: Mapped[str | None] = mapped_column(String(128))
    enrollment_id: Mapped[str | None] = mapped_column(String(32))
    priority: Mapped[Priority] = word(Priority)
    priority_rank: Mapped[int]
    reason: Mapped[Reason] = word(Reason)
    evidence: Mapped[bytes | None]
    """The patient's words and the rule that found them, sealed as escalations.evidence (JSON)."""
    suggestion: Mapped[str | None] = mapped_column(String(48))
    """Key of the suggested next step."""
    status: Mapped[EscalationStatus] = word(EscalationStatus, default=EscalationStatus.OPEN)
    claimed_by: Mapped[str | None] = mapped_column(String(32))
    claimed_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(32))
    resolved_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(48))
    snoozed_until: Mapped[datetime | None]
    """Out of sight until then, or until the patient writes."""
    snoozed_by: Mapped[str | None] = mapped_column(String(32))
    waiting_since: Mapped[datetime | None]
    """A person has answered and waits for the patient since then."""
    returned_at: Mapped[datetime | None]
    """When it came back from somebody who had claimed it."""
    returned_from: Mapped[str | None] = mapped_column(String(32))
    """Who let it lie; None: it was handed back."""
    rung: Mapped[int] = mapped_column(default=0, server_default="0")
    """How far up the on-call ladder word of it has gone."""
    respond_by: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Notice(Table):
    """Word to one person of the on-call ladder that an emergency waits. It names no patient."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("escalation_id", "user_id", "channel"),
        Index("ix_notices_state_due_at", "state", "due_at"),
    )

    id: Mapped[Id]
    escalation_id: Mapped[str] = mapped_column(ForeignKey("escalations.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    rung: Mapped[int]
    channel: Mapped[NoticeChannel] = word(NoticeChannel)
    state: Mapped[NoticeState] = word(NoticeState)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Note(Table):
    """What a coordinator wrote for colleagues; never sent."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_conversation_id_at", "conversation_id", "at"),)

    id: Mapped[Id]
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    escalation_id: Mapped[str | None] = mapped_column(String(32))
    author_id: Mapped[str] = mapped_column(String(32))
    body: Mapped[bytes]
    """Sealed as notes.body."""
    at: Mapped[datetime]


class Finding(Table):
    """One answer kept as a value: a survey score, a reading, a yes or no (FHIR Observation)."""

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_patient_id_at", "patient_id", "at"),)

    id: Mapped[Id]
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patients.patient_id"))
    enrollment_id: Mapped[str | None] = mapped_column(String(32))
    message_id: Mapped[str | None] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(48))
    value: Mapped[bytes]
    """Sealed as findings.value."""
    at: Mapped[datetime]


class Correction(Table):
    """What a person says that a patient's text meant, where the bot had read it otherwise. The latest one counts."""

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_message_id_at", "message_id", "at"),)

    id: Mapped[Id]
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    intent: Mapped[Intent] = word(Intent)
    author_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
