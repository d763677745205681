"""Whom the clinic writes to together: saved segments, as data, and lists of patients that somebody uploaded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Id, Table


class Cohort(Table):
    """A segment under a name: a condition over patients (core/cohort_data), looked up anew whenever it is used."""

    __tablename__ = "cohorts"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80))
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    """Grows with each change, so that two people do not write over each other."""
    counted: Mapped[int | None]
    """How many patients it had when last counted, for the whole clinic."""
    counted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PatientList(Table):
    """An uploaded list of patients. The file itself is not kept."""

    __tablename__ = "patient_lists"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    size: Mapped[int]
    unknown: Mapped[int] = mapped_column(default=0)
    """Lines whose patient is not known here."""
    chore_id: Mapped[str | None] = mapped_column(String(32))
    """What looks its patients up, until all of them are there."""
    created_at: Mapped[datetime]


class ListedPatient(Table):
    """One patient on one list."""

    __tablename__ = "listed_patients"

    list_id: Mapped[str] = mapped_column(ForeignKey("patient_lists.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), primary_key=True, index=True)
