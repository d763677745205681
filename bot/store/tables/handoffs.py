"""What loops are opened from beside visits, recalls and referrals: discharges, and refills that fall due."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
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
