"""The waitlist: who would come sooner, and times that have come free (FHIR Slot)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.journey import Urgency
from bot.store.columns import ExternalId, Id, Table, Word, word

OFFERED = text("status = 'free'")


class SlotStatus(StrEnum):
    """FHIR R4 Slot.status."""

    FREE = "free"
    """On offer."""
    BUSY_TENTATIVE = "busy-tentative"
    """A patient has said yes; staff have to book it."""
    BUSY = "busy"
    """Booked."""
    BUSY_UNAVAILABLE = "busy-unavailable"
    """Too near, or taken back: nobody is offered it any more."""


class Slot(Table):
    """A time that has come free, once. Its row is what two yeses race for."""

    __tablename__ = "slots"
    __table_args__ = (
        Index("ix_slots_free", "next_wave_at", postgresql_where=OFFERED, sqlite_where=OFFERED),
        Index("ix_slots_starts_at", "starts_at"),
    )

    id: Mapped[Id]
    starts_at: Mapped[datetime]
    duration_minutes: Mapped[int | None]
    timezone: Mapped[str] = mapped_column(String(64))
    location: Mapped[str] = mapped_column(String(120), default="")
    service: Mapped[str] = mapped_column(String(120), default="")
    came_from: Mapped[str | None] = mapped_column(String(160), unique=True)
    """The visit, at its time, that was called off, where it comes from one: it comes free once."""
    status: Mapped[SlotStatus] = mapped_column(Word(SlotStatus), default=SlotStatus.FREE)
    waves: Mapped[int] = mapped_column(default=0)
    next_wave_at: Mapped[datetime]
    taken_by: Mapped[str | None] = mapped_column(String(32))
    """The enrollment whose yes came first."""
    taken_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Waiting(Table):
    """One patient who would come sooner to one service."""

    __tablename__ = "waitlist"
    __table_args__ = (Index("ix_waitlist_service_location", "service", "location"),)

    waitlist_id: Mapped[ExternalId]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), index=True)
    service: Mapped[str] = mapped_column(String(120), default="")
    location: Mapped[str] = mapped_column(String(120), default="")
    """Empty: wherever it is free."""
    priority: Mapped[Urgency] = word(Urgency, default=Urgency.ROUTINE)
    since: Mapped[datetime]
    appointment_id: Mapped[str | None] = mapped_column(String(128))
    """The visit that the patient has now; it stays until the earlier one is booked."""
    active: Mapped[bool] = mapped_column(default=True)
    row_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
