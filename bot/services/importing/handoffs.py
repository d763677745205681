"""Discharges, refills, conditions, and tasks that say where a referral stands, from rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from bot.services.importing.cells import BadCell, Cells
from bot.services.importing.context import Context, Stored
from bot.services.importing.keyed import Keyed, Row
from bot.services.importing.report import Fault
from bot.services.importing.times import DATE, MOMENT, is_only_date, read_date, read_moment
from bot.store.tables import Condition, Discharge, Referral, Refill

DISCHARGE_COLUMNS = ("discharge_id", "patient_id", "discharged_at", "facility", "risk")
DISCHARGE_REQUIRED = ("discharge_id", "patient_id", "discharged_at")
REFILL_COLUMNS = ("refill_id", "patient_id", "due_on", "medicine", "pharmacy", "status")
REFILL_REQUIRED = ("refill_id", "patient_id", "due_on")

discharges = Keyed(Discharge, "discharge_id", {"facility": None, "risk": "moderate"})
refills = Keyed(Refill, "refill_id", {"medicine": None, "pharmacy": None, "stage": "due"})

CONDITION_COLUMNS = ("condition_id", "patient_id", "condition", "status")
CONDITION_REQUIRED = ("condition_id", "patient_id", "condition")
conditions = Keyed(Condition, "condition_id", {"active": True})

UNKNOWN_REFERRAL = "id: no referral has it; import its ServiceRequest first"
_RISKS = {"": "moderate", "low": "low", "moderate": "moderate", "medium": "moderate", "high": "high"}
_STANDS = {
    **dict.fromkeys(("", "active", "recurrence", "relapse", "chronic"), "active"),
    **dict.fromkeys(("inactive", "remission", "resolved", "refuted", "entered-in-error", "ended"), "over"),
}
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
    # What is counted from a discharge is days: one without a time of day counts as well as any other.
    said = f"{said} 00:00" if is_only_date(said) else said
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


def parse_condition(cells: Cells, context: Context) -> Row:
    """One condition from one row; of what it is no more is kept than which lessons are told of it. Raises BadCell."""
    condition_id, patient_id = cells.identifier("condition_id"), cells.identifier("patient_id")
    said = cells.text("condition")
    if not said:
        raise BadCell("condition", "code or words", "missing")
    values: dict[str, Any] = {"series": context.series.about(said)}
    if "status" in cells.columns:
        values["active"] = _word(cells, "status", _STANDS, "active or resolved") == "active"
    return Row(line=cells.line, id=condition_id, patient_id=patient_id, values=values)


def _word(cells: Cells, column: str, words: dict[str, str], wanted: str) -> str:
    found = words.get(" ".join(cells.text(column).casefold().split()))
    if found is None:
        raise BadCell(column, "word", f"write {wanted}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Where a referral stands at the other office (FHIR Task)."""

    line: int
    referral_id: str
    stage: str


def parse_task(cells: Cells, context: Context) -> Task:
    """One task from one row. Raises BadCell."""
    del context
    return Task(line=cells.line, referral_id=cells.identifier("referral_id"), stage=cells.text("stage"))


def store_tasks(connection: Connection, rows: Sequence[Task], context: Context) -> Stored:
    """Write down where these referrals stand; one that is not known is a fault."""
    stored = Stored()
    ids = [row.referral_id for row in rows]
    known = select(Referral.referral_id, Referral.stage).where(Referral.referral_id.in_(ids))
    stages = dict(connection.execute(known).all())
    for row in rows:
        if row.referral_id not in stages:
            stored.faults.append(Fault(row.line, "referral_id", UNKNOWN_REFERRAL))
        elif stages[row.referral_id] == row.stage:
            stored.unchanged += 1
        else:
            stored.changed += 1
            values = {"stage": row.stage, "updated_at": context.now}
            connection.execute(update(Referral).where(Referral.referral_id == row.referral_id).values(**values))
    return stored
