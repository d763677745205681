"""Rows about patients: only those whose patient is known are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Connection, bindparam, select

from bot.services.importing.context import Context, Stored
from bot.services.importing.merging import survivors
from bot.services.importing.report import Fault
from bot.store.tables import Patient

_KNOWN = select(Patient.patient_id, Patient.replaced_by).where(
    Patient.patient_id.in_(bindparam("patients", expanding=True))
)
UNKNOWN_PATIENT = "id: no patient has it; import patients first"


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPatient:
    """A row that names a patient, and where it starts."""

    line: int
    patient_id: str


RowT = TypeVar("RowT", bound=AboutPatient)


def of_known_patients(connection: Connection, rows: Sequence[RowT], context: Context, stored: Stored) -> list[RowT]:
    """The rows whose patient is there; a fault in `stored` for each of the others.

    A row about a record that was merged into another one is about that one.
    """
    named = {row.patient_id for row in rows}
    known = dict(connection.execute(_KNOWN, {"patients": sorted(named)}).all()) if named else {}
    ends = survivors(connection, {old: new for old, new in known.items() if new})
    known |= dict.fromkeys(named & context.promised)
    stored.faults += [Fault(row.line, "patient_id", UNKNOWN_PATIENT) for row in rows if row.patient_id not in known]
    found = [row for row in rows if row.patient_id in known]
    return [replace(row, patient_id=ends[row.patient_id]) if row.patient_id in ends else row for row in found]
