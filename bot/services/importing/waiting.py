"""The waitlist from rows: who would come sooner, to what, and which visit they have now."""

from __future__ import annotations

from typing import Any

from bot.core.journey import Urgency
from bot.services.importing.cells import BadCell, Cells
from bot.services.importing.context import Context
from bot.services.importing.keyed import Keyed, Row
from bot.services.importing.times import read_date, read_moment
from bot.store.tables import Waiting

COLUMNS = ("waitlist_id", "patient_id", "service", "location", "priority", "since", "appointment_id", "active")
REQUIRED = ("waitlist_id", "patient_id", "service")
_NO = frozenset({"no", "n", "false", "0", "inactive", "removed", "booked"})

waitlist = Keyed(
    Waiting,
    "waitlist_id",
    {"location": "", "priority": Urgency.ROUTINE, "appointment_id": None, "active": True},
)


def parse(cells: Cells, context: Context) -> Row:
    """One entry from one row. Raises BadCell."""
    values: dict[str, Any] = {"service": cells.text("service", limit=120)}
    if not values["service"]:
        raise BadCell("service", "text", "missing")
    values["since"] = _since(cells, context)
    if "location" in cells.columns:
        values["location"] = cells.text("location", limit=120)
    if "priority" in cells.columns:
        values["priority"] = _priority(cells.text("priority"))
    if "appointment_id" in cells.columns:
        values["appointment_id"] = cells.text("appointment_id", limit=128) or None
    if "active" in cells.columns:
        values["active"] = cells.text("active").casefold() not in _NO
    return Row(
        line=cells.line, id=cells.identifier("waitlist_id"), patient_id=cells.identifier("patient_id"), values=values
    )


def _since(cells: Cells, context: Context) -> Any:
    text = cells.text("since")
    if not text:
        # Whoever is listed without a date waits from today on: midnight, so that the same file says the same all day.
        text = context.now.date().isoformat()
    if len(text) <= len("2026-01-31"):
        text = f"{read_date('since', text, country=context.country, now=context.now).isoformat()}T00:00"
    return read_moment("since", text, zone=context.zone, country=context.country, now=context.now).at


def _priority(text: str) -> Urgency:
    try:
        return Urgency(text.casefold() or Urgency.ROUTINE)
    except ValueError:
        raise BadCell("priority", "one of routine, urgent, asap, stat", "none of them") from None
