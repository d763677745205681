"""Discharges and refills from rows."""

from __future__ import annotations

from typing import Any

from bot.services.importing.cells import BadCell, Cells
from bot.services.importing.context import Context
from bot.services.importing.keyed import Keyed, Row
from bot.services.importing.times import DATE, MOMENT, read_date, read_moment
from bot.store.tables import Discharge, Refill

DISCHARGE_COLUMNS = ("discharge_id", "patient_id", "discharged_at", "facility", "risk")
DISCHARGE_REQUIRED = ("discharge_id", "patient_id", "discharged_at")
REFILL_COLUMNS = ("refill_id", "patient_id", "due_on", "medicine", "pharmacy", "status")
REFILL_REQUIRED = ("refill_id", "patient_id", "due_on")

discharges = Keyed(Discharge, "discharge_id", {"facility": None, "risk": "moderate"})
refills = Keyed(Refill, "refill_id", {"medicine": None, "pharmacy": None, "stage": "due"})

_RISKS = {"": "moderate", "low": "low", "moderate": "moderate", "medium": "moderate", "high": "high"}
_STAGES = {
    **dict.fromkeys(("", "due", "active", "requested"), "due"),
    **dict.fromkeys(("ready", "filled", "ready for pickup"), "ready"),
    **dict.fromkeys(("picked up", "picked-up", "dispensed", "sold", "completed"), "picked-up"),
    **dict.fromkeys(("cancelled", "canceled", "stopped", "on-hold"), "cancelled"),
}


def parse_discharge(cells: Cells, context: Context) -> Row:
    """One discharge from one row. Raises BadCell."""
    discharge_id, patient_id = cells.identifier("discharge_id"), cells.identifier("patient_id")
    said = cells.text("discharged_at")
    if not said:
        raise BadCell("discharged_at", MOMENT, "missing")
    at = read_moment("discharged_at", said, zone=context.zone, country=context.country, now=context.now).at
    if at > context.now:
        raise BadCell("discharged_at", MOMENT, "lies ahead: nobody has gone home yet")
    values: dict[str, Any] = {"discharged_at": at}
    if "facility" in cells.columns:
        values["facility"] = cells.text("facility", limit=200)
    if "risk" in cells.columns:
        values["risk"] = _word(cells, "risk", _RISKS, "low, moderate or high")
    return Row(line=cells.line, id=discharge_id, patient_id=patient_id, values=values, sealed=("facility",))


def parse_refill(cells: Cells, context: Context) -> Row:
    """One refill from one row. Raises BadCell."""
    refill_id, patient_id = cells.identifier("refill_id"), cells.identifier("patient_id")
    said = cells.text("due_on")
    if not said:
        raise BadCell("due_on", DATE, "missing")
    values: dict[str, Any] = {"due_on": read_date("due_on", said, country=context.country, now=context.now)}
    for column in ("medicine", "pharmacy"):
        if column in cells.columns:
            values[column] = cells.text(column, limit=200)
    if "status" in cells.columns:
        values["stage"] = _word(cells, "status", _STAGES, "due, ready, picked up or cancelled")
    return Row(line=cells.line, id=refill_id, patient_id=patient_id, values=values, sealed=("medicine", "pharmacy"))


def _word(cells: Cells, column: str, words: dict[str, str], wanted: str) -> str:
    found = words.get(" ".join(cells.text(column).casefold().split()))
    if found is None:
        raise BadCell(column, "word", f"write {wanted}")
    return found
