"""Appointments with their history, and the recalls and referrals that lead to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.journey import Urgency
from bot.core.people import AppointmentStatus, Participation
from bot.store.columns import ExternalId, Id, Table, Word, word

MOVED = text("previous_starts_at IS NOT NULL")
TO_CHART = text("field = 'response' AND charted_at IS NULL")
TO_PLAN = text("planned_version < version")
ARRIVED = text("arrived_at IS NOT NULL")


class Appointment(Table):
    """A visit (FHIR Appointment), keyed by the clinic's own id."""

    __tablename__ = "appointments"
    __table_args__ = (
        Index("ix_appointments_patient_id_starts_at", "patient_id", "starts_at"),
        Index("ix_appointments_starts_at", "starts_at"),
        Index(
            "ix_appointments_previous_starts_at",
            "previous_starts_at",
            postgresql_where=MOVED,
            sqlite_where=MOVED,
        ),
        # Few visits wait to be planned, whatever the years have brought together.
        Index("ix_appointments_to_plan", "appointment_id", postgresql_where=TO_PLAN, sqlite_where=TO_PLAN),
        Index("ix_appointments_arrived_at", "arrived_at", postgresql_where=ARRIVED, sqlite_where=ARRIVED),
    )

    appointment_id: Mapped[ExternalId]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"))
    starts_at: Mapped[datetime]
    duration_minutes: Mapped[int | None]
    timezone: Mapped[str] = mapped_column(String(64))
    location: Mapped[str] = mapped_column(String(120), default="")
    service: Mapped[str] = mapped_column(String(120), default="")
    clinician: Mapped[bytes | None]
    """Sealed as appointments.clinician; never said in a text."""
    telehealth_url: Mapped[bytes | None]
    """Sealed as appointments.telehealth_url: where the patient joins a visit by video; None: they come."""
    status: Mapped[AppointmentStatus] = word(AppointmentStatus)
    response: Mapped[Participation] = word(Participation, default=Participation.NEEDS_ACTION)
    responded_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    """Grows when the visit moves or changes state: touches and questions of an older version are void."""
    planned_version: Mapped[int] = mapped_column(default=0)
    """The version that planning has seen; smaller than `version` means it is still to be planned."""
    previous_starts_at: Mapped[datetime | None]
    """When the visit was before it last moved."""
    arrived_at: Mapped[datetime | None]
    """When the patient texted that they are there; the chart's own word for it is `status`."""
    row_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AppointmentChange(Table):
    """One change of an appointment: who, when, from what to what."""

    __tablename__ = "appointment_changes"
    __table_args__ = (
        Index("ix_appointment_changes_appointment_id_at", "appointment_id", "at"),
        # What waits to be done in the chart is little; what was ever answered is not.
        Index("ix_appointment_changes_to_chart", "at", postgresql_where=TO_CHART, sqlite_where=TO_CHART),
    )

    id: Mapped[Id]
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointments.appointment_id"))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    """`patient`, `import`, or a user's id."""
    field: Mapped[str] = mapped_column(String(24))
    before: Mapped[str | None] = mapped_column(String(64))
    after: Mapped[str | None] = mapped_column(String(64))
    message_id: Mapped[str | None] = mapped_column(String(32))
    charted_at: Mapped[datetime | None]
    """When it was done in the chart as well; None while it waits for that, or need not be done."""
    charted_by: Mapped[str | None] = mapped_column(String(32))


class ReminderRule(Table):
    """On which days before a visit reminders go out, for one service, one location, or both."""

    __tablename__ = "reminder_rules"

    id: Mapped[Id]
    service: Mapped[str | None] = mapped_column(String(120))
    location: Mapped[str | None] = mapped_column(String(120))
    days: Mapped[list[int]] = mapped_column(JSON)
    booked_notice: Mapped[bool] = mapped_column(default=True)
    same_day_note: Mapped[bool] = mapped_column(default=True)


class Recall(Table):
    """Care that falls due (a care gap): who, which measure, when, for which payer."""

    __tablename__ = "recalls"

    recall_id: Mapped[ExternalId]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), index=True)
    measure: Mapped[str] = mapped_column(String(64))
    due_date: Mapped[date] = mapped_column(Date)
    payer: Mapped[str] = mapped_column(String(64), default="")
    status: Mapped[str] = mapped_column(String(24), default="due")
    row_hash: Mapped[str | None] = mapped_column(String(64))
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Referral(Table):
    """A referral (FHIR ServiceRequest) with its authorisation."""

    __tablename__ = "referrals"

    referral_id: Mapped[ExternalId]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), index=True)
    specialty: Mapped[str] = mapped_column(String(120))
    referred_to: Mapped[bytes | None]
    """Sealed as referrals.referred_to."""
    status: Mapped[str] = mapped_column(String(24))
    requested_on: Mapped[date | None] = mapped_column(Date)
    authorization: Mapped[str] = mapped_column(String(64), default="")
    stage: Mapped[str | None] = mapped_column(String(24))
    """Where the files say that it stands, as a step of the journey; None where they say no more than `status`."""
    urgency: Mapped[Urgency] = mapped_column(Word(Urgency, 16), default=Urgency.ROUTINE, server_default="routine")
    scheduled_on: Mapped[date | None] = mapped_column(Date)
    """The day of the visit there."""
    row_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
