"""What loops are opened from beside visits, recalls and referrals, and what could not be opened or moved."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import ExternalId, Table


class Discharge(Table):
    """A patient who went home from a hospital or the like (FHIR Encounter)."""

    __tablename__ = "discharges"

    discharge_id: Mapped[ExternalId]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), index=True)
    discharged_at: Mapped[datetime]
    facility: Mapped[bytes | None]
    """Sealed as discharges.facility; never said in a text."""
    risk: Mapped[str] = mapped_column(String(16), default="moderate")
    row_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Refill(Table):
    """A medicine that is to be filled again (FHIR MedicationRequest)."""

    __tablename__ = "refills"

    refill_id: Mapped[ExternalId]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), index=True)
    medicine: Mapped[bytes | None]
    """Sealed as refills.medicine; never said in a text."""
    pharmacy: Mapped[bytes | None]
    """Sealed as refills.pharmacy."""
    due_on: Mapped[date] = mapped_column(Date)
    stage: Mapped[str] = mapped_column(String(16), default="due")
    """`due`, `ready`, `picked-up` or `cancelled`."""
    row_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SetAside(Table):
    """A loop that could not be opened or moved, put aside so that it keeps no other back."""

    __tablename__ = "set_asides"
    __table_args__ = (
        Index("ix_set_asides_patient_id", "patient_id"),
        Index("ix_set_asides_at", "at"),
    )

    work: Mapped[str] = mapped_column(String(48), primary_key=True)
    """`open:<journey>` or `move:<journey>`."""
    subject_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    """What the loop would be about; of one that is open, its own id."""
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"))
    reason: Mapped[str] = mapped_column(String(64))
    """The kind of error; empty where the journey just does not take it now, which is nothing for a person."""
    tries: Mapped[int] = mapped_column(default=1)
    escalation_id: Mapped[str | None] = mapped_column(String(32))
    """The case in which people were told of it."""
    at: Mapped[datetime]
    """When it was tried last: what has changed since then may let it through."""
    again_at: Mapped[datetime]
    """When it is tried again, changed or not."""


class Condition(Table):
    """A condition of a patient's by which a series of lessons begins (FHIR Condition).

    Which one it is is not kept: only the series that is told of it.
    """

    __tablename__ = "conditions"

    condition_id: Mapped[ExternalId]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), index=True)
    series: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=True)
    row_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
