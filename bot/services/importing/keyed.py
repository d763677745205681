"""Recalls and referrals from rows: keyed by their own ids, written where they have changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.core.journey import Urgency
from bot.services.importing.cells import BadCell, Cells
from bot.services.importing.context import Context, Stored, digests
from bot.services.importing.known import AboutPatient, of_known_patients
from bot.services.importing.times import DATE, read_date
from bot.services.importing.words import read_recall_status, read_referral_status, read_urgency, referral_stage
from bot.store.columns import Table
from bot.store.tables import Recall, Referral


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(AboutPatient):
    """One row of a table keyed by an id. `sealed` names the columns that are stored encrypted."""

    id: str
    values: Mapping[str, Any]
    sealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keyed:
    """How rows of one table are written."""

    table: type[Table]
    key: str
    born_with: Mapping[str, Any]
    """What a new row has beside what the file says."""

    def store(self, connection: Connection, rows: Sequence[Row], context: Context) -> Stored:
        """Write these rows; one that has not changed touches nothing."""
        stored = Stored()
        rows = of_known_patients(connection, rows, context, stored)
        table = self.table.__table__
        key = table.c[self.key]
        query = select(key, table.c.row_hash).where(key.in_([row.id for row in rows]))
        hashes = dict(connection.execute(query).all())
        new, old = [], []
        for row in rows:
            marks = digests(context.vault, (row.id, row.patient_id, sorted(row.values.items())))
            if row.id not in hashes:
                new.append({self.key: row.id, **self.born_with, **self._written(row, marks[0], context)})
                new[-1]["created_at"] = context.now
            elif hashes[row.id] in marks:
                stored.unchanged += 1
            else:
                old.append({"of_row": row.id, **self._written(row, marks[0], context)})
        stored.added, stored.changed = len(new), len(old)
        if written := [values for values in new if values["patient_id"] not in context.promised]:
            connection.execute(insert(table), written)  # type: ignore[arg-type]
        if written := [values for values in old if values["patient_id"] not in context.promised]:
            connection.execute(update(table).where(key == bindparam("of_row")), written)  # type: ignore[arg-type]
        return stored

    def _written(self, row: Row, mark: str, context: Context) -> dict[str, Any]:
        place = self.table.__tablename__
        sealed = {
            name: context.vault.maybe_seal(f"{place}.{name}", row.id, row.values[name] or None)
            for name in row.sealed
            if name in row.values
        }
        return {
            "patient_id": row.patient_id,
            **row.values,
            **sealed,
            "row_hash": mark,
            "updated_at": context.now,
        }


RECALL_COLUMNS = ("recall_id", "patient_id", "measure", "due_date", "payer", "status", "sex", "exclusions")
RECALL_REQUIRED = ("recall_id", "patient_id", "measure", "due_date")
REFERRAL_COLUMNS = (
    "referral_id",
    "patient_id",
    "specialty",
    "referred_to",
    "status",
    "requested_on",
    "authorization",
    "urgency",
    "scheduled_on",
)
REFERRAL_REQUIRED = ("referral_id", "patient_id", "specialty")

recalls = Keyed(Recall, "recall_id", {"status": "due", "payer": "", "extra": {}})
referrals = Keyed(
    Referral,
    "referral_id",
    {
        "status": "active",
        "referred_to": None,
        "requested_on": None,
        "authorization": "",
        "stage": None,
        "urgency": Urgency.ROUTINE,
        "scheduled_on": None,
    },
)


def parse_recall(cells: Cells, context: Context) -> Row:
    """One recall from one row. Raises BadCell."""
    recall_id, patient_id = cells.identifier("recall_id"), cells.identifier("patient_id")
    values: dict[str, Any] = {
        "measure": context.measures.key_of(_needed(cells, "measure", limit=64)),
        "due_date": read_date("due_date", _needed(cells, "due_date"), country=context.country, now=context.now),
    }
    if "payer" in cells.columns:
        values["payer"] = cells.text("payer", limit=64)
    if "status" in cells.columns:
        values["status"] = read_recall_status("status", cells.text("status"))
    if cells.columns & {"sex", "exclusions"}:
        values["extra"] = {"sex": _sex(cells.text("sex")), "exclusions": _list(cells.text("exclusions"))}
    return Row(line=cells.line, id=recall_id, patient_id=patient_id, values=values)


def parse_referral(cells: Cells, context: Context) -> Row:
    """One referral from one row. Raises BadCell."""
    referral_id, patient_id = cells.identifier("referral_id"), cells.identifier("patient_id")
    values: dict[str, Any] = {"specialty": _needed(cells, "specialty", limit=120)}
    if "status" in cells.columns:
        values["status"] = read_referral_status("status", cells.text("status"))
        values["stage"] = referral_stage(cells.text("status"))
    if "urgency" in cells.columns:
        values["urgency"] = Urgency(read_urgency("urgency", cells.text("urgency")))
    if "scheduled_on" in cells.columns:
        on = cells.text("scheduled_on")
        values["scheduled_on"] = read_date("scheduled_on", on, country=context.country, now=context.now) if on else None
    if "referred_to" in cells.columns:
        values["referred_to"] = cells.text("referred_to", limit=200)
    if "authorization" in cells.columns:
        values["authorization"] = cells.text("authorization", limit=64)
    if "requested_on" in cells.columns:
        asked = cells.text("requested_on")
        values["requested_on"] = (
            read_date("requested_on", asked, country=context.country, now=context.now) if asked else None
        )
    return Row(line=cells.line, id=referral_id, patient_id=patient_id, values=values, sealed=("referred_to",))


def _sex(text: str) -> str:
    return {"f": "female", "female": "female", "m": "male", "male": "male"}.get(text.casefold(), "")


def _list(text: str) -> list[str]:
    """Reasons in one cell, as words with hyphens."""
    parts = (part.strip().casefold().replace(" ", "-").replace("_", "-") for part in re.split(r"[;,|]", text))
    return sorted(filter(None, parts))


def _needed(cells: Cells, column: str, *, limit: int = 64) -> str:
    text = cells.text(column, limit=limit)
    if not text:
        raise BadCell(column, DATE if column == "due_date" else "text", "missing")
    return text
