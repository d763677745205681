"""Rows about patients: only those whose patient is known are taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Connection, bindparam, select

from bot.services.importing.context import Context, Stored
from bot.services.importing.report import Fault
from bot.store.tables import Patient

_KNOWN = select(Patient.patient_id).where(Patient.patient_id.in_(bindparam("patients", expanding=True)))
UNKNOWN_PATIENT = "id: no patient has it; import patients first"


class AboutPatient(Protocol):
    """A row that names a patient."""

    @property
    def line(self) -> int:
        """Where it starts."""
        ...

    @property
    def patient_id(self) -> str:
        """Whom it is about."""
        ...


RowT = TypeVar("RowT", bound=AboutPatient)


def of_known_patients(connection: Connection, rows: Sequence[RowT], context: Context, stored: Stored) -> list[RowT]:
    """The rows whose patient is there; a fault in `stored` for each of the others."""
    named = {row.patient_id for row in rows}
    known = set(connection.execute(_KNOWN, {"patients": sorted(named)}).scalars()) if named else set()
    known |= named & context.promised
    stored.faults += [Fault(row.line, "patient_id", UNKNOWN_PATIENT) for row in rows if row.patient_id not in known]
    return [row for row in rows if row.patient_id in known]
