"""Visits from rows, and what a changed one means: a new version, `needs-action`, and silence about the old time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.core.localtimes import zone_name
from bot.core.people import Participation
from bot.services.importing.cells import BadCell, Cells
from bot.services.importing.context import Context, Stored, digests
from bot.services.importing.known import AboutPatient, of_known_patients
from bot.services.importing.report import Fault
from bot.services.importing.times import MOMENT, read_moment
from bot.services.importing.voiding import Overtaken, void, write_anew
from bot.services.importing.words import State, read_state
from bot.store.columns import new_id
from bot.store.tables import Appointment, AppointmentChange
from bot.store.tables.visits import TO_CHART

LINK = "telehealth_url"
COLUMNS = (
    "appointment_id",
    "patient_id",
    "starts_at",
    "duration_minutes",
    "timezone",
    "location",
    "clinician",
    "service",
    "status",
    LINK,
)
REQUIRED = ("appointment_id", "patient_id", "starts_at")
KEY = "appointment_id"
FHIR_COLUMNS = (*COLUMNS, "response")

ACTOR = "import"
_LONGEST_TEXT = 120
_DURATION = re.compile(r"(\d{1,4})(?:[.,]0+)?\s*(?:m|min|mins|minutes)?\.?", re.IGNORECASE)
_LONGEST_VISIT = 24 * 60
LONGEST_LINK = 160
"""What is longer takes up the whole of a text."""
_FAR_AHEAD = timedelta(days=400)
# A host with a dot in it and no user name before it, and nothing that ends an address inside a text.
_ADDRESS = re.compile(
    r"https://(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*(?::\d{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~%]*)?", re.IGNORECASE
)
# IANA names, but what people mean by them is where they live, where clocks change.
_NEVER_SUMMER = frozenset({"EST", "MST"})

_KNOWN = select(Appointment.appointment_id, Appointment.row_hash).where(
    Appointment.appointment_id.in_(bindparam("appointments", expanding=True))
)
_CHANGING = (
    # Locked: a patient's answer that comes meanwhile is weighed after the change, not lost under it.
    select(Appointment.__table__)
    .where(Appointment.appointment_id.in_(bindparam("appointments", expanding=True)))
    .order_by(Appointment.appointment_id)
    .with_for_update()
)
_ADD = insert(Appointment.__table__)  # type: ignore[arg-type]
_SET = update(Appointment.__table__).where(  # type: ignore[arg-type]
    Appointment.appointment_id == bindparam("of_appointment")
)
_ADD_CHANGE = insert(AppointmentChange.__table__)  # type: ignore[arg-type]
_CHARTED = (
    update(AppointmentChange)
    .where(AppointmentChange.appointment_id.in_(bindparam("visits", expanding=True)), TO_CHART)
    .values(charted_at=bindparam("at_once"), charted_by=ACTOR)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(AboutPatient):
    """One visit as read; None where the file does not say."""

    appointment_id: str
    starts_at: datetime | None
    """None where a visit that is called off says no more than that."""
    duration_minutes: int | None
    timezone: str | None
    location: str
    clinician: str
    service: str
    state: State
    link: str
    """Where a visit by video is joined; empty for one to which the patient comes."""
    columns: frozenset[str]

    def values(self) -> tuple[Any, ...]:
        """All that decides whether the row has changed."""
        at = self.starts_at and self.starts_at.isoformat()
        parts = (self.appointment_id, self.patient_id, at, self.duration_minutes, self.timezone)
        said = (self.location, self.clinician, self.service, self.state.status, self.state.response)
        return (*parts, *said, sorted(self.columns), *((self.link,) if self.link else ()))


def parse(cells: Cells, context: Context) -> Row:
    """One visit from one row. Raises BadCell."""
    appointment_id, patient_id = cells.identifier("appointment_id"), cells.identifier("patient_id")
    state = _state(cells, context)
    zone = _zone(cells)
    return Row(
        line=cells.line,
        appointment_id=appointment_id,
        patient_id=patient_id,
        starts_at=_starts_at(cells, zone, context, state),
        duration_minutes=_duration(cells),
        timezone=zone,
        location=cells.text("location", limit=_LONGEST_TEXT),
        clinician=cells.text("clinician", limit=_LONGEST_TEXT),
        service=cells.text("service", limit=_LONGEST_TEXT),
        state=state,
        link=_link(cells),
        columns=cells.columns,
    )


def store(connection: Connection, rows: Sequence[Row], context: Context) -> Stored:
    """Write these visits; a row that has not changed touches nothing."""
    stored = Stored()
    rows = of_known_patients(connection, rows, context, stored)
    ids = [row.appointment_id for row in rows]
    hashes = dict(connection.execute(_KNOWN, {"appointments": ids}).all())
    new, old = [], []
    for row in rows:
        marks = digests(context.vault, row.values())
        if row.appointment_id not in hashes and row.starts_at is None:
            unknown = f"{MOMENT}: missing, and no such visit is known that could be called off; left out"
            stored.faults.append(Fault(row.line, "starts_at", unknown, warning=True))
        elif row.appointment_id not in hashes:
            new.append(_new_values(row, marks[0], context))
        elif hashes[row.appointment_id] in marks:
            stored.unchanged += 1
        else:
            old.append((row, marks[0]))
    stored.added, stored.changed = len(new), len(old)
    written = [values for values in new if values["patient_id"] not in context.promised]
    if written:
        connection.execute(_ADD, written)
    if old:
        _change(connection, old, context)
    return stored


def _new_values(row: Row, mark: str, context: Context) -> dict[str, Any]:
    response = row.state.response or Participation.NEEDS_ACTION
    return {
        "appointment_id": row.appointment_id,
        "patient_id": row.patient_id,
        "starts_at": row.starts_at,
        "duration_minutes": row.duration_minutes,
        "timezone": row.timezone or context.zone,
        "location": row.location,
        "service": row.service,
        "clinician": _clinician(row, context),
        LINK: _sealed_link(row, context),
        "status": row.state.status,
        "response": response,
        "responded_at": None if response is Participation.NEEDS_ACTION else context.now,
        "version": 1,
        "planned_version": 0,
        "previous_starts_at": None,
        "row_hash": mark,
        "created_at": context.now,
        "updated_at": context.now,
    }


def _change(connection: Connection, rows: Sequence[tuple[Row, str]], context: Context) -> None:
    found = connection.execute(_CHANGING, {"appointments": [row.appointment_id for row, _ in rows]})
    before = {held.appointment_id: held for held in found}
    rows = [pair for pair in rows if pair[0].patient_id not in context.promised]
    writes, changes, overtaken, relinked = [], [], [], []
    for row, mark in rows:
        held = before[row.appointment_id]
        after = _after(row, held, context)
        writes.append({"of_appointment": row.appointment_id, "row_hash": mark, "updated_at": context.now, **after})
        changes += _history(row.appointment_id, held, after, context)
        has_other_link = LINK in row.columns and row.link != _link_of(held, context)
        if has_other_link and after["version"] == held.version:
            relinked.append(row.appointment_id)
        if after["version"] > held.version:
            reason = "moved" if after["status"].is_ahead else str(after["status"])
            overtaken.append(
                Overtaken(
                    appointment_id=row.appointment_id,
                    patient_id=held.patient_id,
                    version=after["version"],
                    reason=reason,
                )
            )
    if writes:
        connection.execute(_SET, writes)
    if changes:
        connection.execute(_ADD_CHANGE, changes)
    if overtaken:
        # Whoever has moved or called off the visit in the chart has seen what the patient answered.
        visits = [one.appointment_id for one in overtaken]
        connection.execute(_CHARTED, {"visits": visits, "at_once": context.now})
    void(connection, overtaken, now=context.now)
    write_anew(connection, relinked, now=context.now)


def _after(row: Row, held: Any, context: Context) -> dict[str, Any]:
    """The visit's new values. Columns that the file lacks stay as they are."""
    has = row.columns
    status = row.state.status if "status" in has else held.status
    starts_at = row.starts_at or held.starts_at
    moved = starts_at != held.starts_at
    revived = status.is_ahead and not held.status.is_ahead
    other_patient = row.patient_id != held.patient_id
    overtaken = moved or other_patient or status.is_ahead != held.status.is_ahead
    response, responded_at = held.response, held.responded_at
    if moved or other_patient or revived:
        response, responded_at = Participation.NEEDS_ACTION, None
    elif row.state.response and held.response is Participation.NEEDS_ACTION:
        # What the patient answered here is newer than what the file says; only where nothing was, the file speaks.
        response, responded_at = row.state.response, context.now
    return {
        "patient_id": row.patient_id,
        "starts_at": starts_at,
        "duration_minutes": row.duration_minutes if "duration_minutes" in has else held.duration_minutes,
        "timezone": (row.timezone or context.zone) if "timezone" in has else held.timezone,
        "location": row.location if "location" in has else held.location,
        "service": row.service if "service" in has else held.service,
        "clinician": _clinician(row, context) if "clinician" in has else held.clinician,
        LINK: _sealed_link(row, context) if LINK in has else held.telehealth_url,
        "status": status,
        "response": response,
        "responded_at": responded_at,
        "version": held.version + overtaken,
        "previous_starts_at": held.starts_at if moved else held.previous_starts_at,
        # Who was there for the old time is not there for the new one.
        "arrived_at": None if moved or other_patient else held.arrived_at,
    }


def _history(appointment_id: str, held: Any, after: dict[str, Any], context: Context) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "appointment_id": appointment_id,
            "at": context.now,
            "actor": ACTOR,
            "field": name,
            "before": _shown(getattr(held, name)),
            "after": _shown(after[name]),
            "message_id": None,
            # It comes from the chart.
            "charted_at": context.now,
            "charted_by": ACTOR,
        }
        for name in ("starts_at", "status", "response", "patient_id", "location")
        if after[name] != getattr(held, name)
    ]


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)[:64]


def _clinician(row: Row, context: Context) -> bytes | None:
    return context.vault.maybe_seal("appointments.clinician", row.appointment_id, row.clinician or None)


def _sealed_link(row: Row, context: Context) -> bytes | None:
    return context.vault.maybe_seal(f"appointments.{LINK}", row.appointment_id, row.link or None)


def _link_of(held: Any, context: Context) -> str:
    return context.vault.maybe_open(f"appointments.{LINK}", held.appointment_id, held.telehealth_url) or ""


def _link(cells: Cells) -> str:
    """Whoever has the link may be let into the visit: it has to be a whole address, and encrypted on the way."""
    text = cells.text(LINK)
    if not text:
        return ""
    if len(text) > LONGEST_LINK:
        raise BadCell(LINK, "link", f"longer than {LONGEST_LINK} characters: a text has no room for it")
    if not _ADDRESS.fullmatch(text):
        raise BadCell(LINK, "link", "no https address: write it in full, such as https://video.example/room")
    return text


def _state(cells: Cells, context: Context) -> State:
    state = read_state("status", cells.text("status"), beside=context.states)
    response = cells.text("response")
    return State(state.status, Participation(response)) if response else state


def _zone(cells: Cells) -> str | None:
    text = cells.text("timezone")
    if not text:
        return None
    zone = zone_name(text)
    if zone is None:
        raise BadCell("timezone", "time zone", "no IANA name such as America/Chicago")
    if zone in _NEVER_SUMMER:
        cells.warn("timezone", f"time zone: {zone} has no summer time; a city's name, as America/Chicago, has")
    return zone


def _starts_at(cells: Cells, zone: str | None, context: Context, state: State) -> datetime | None:
    text = cells.text("starts_at")
    if not text and not state.status.is_ahead:
        return None
    if not text:
        raise BadCell("starts_at", MOMENT, "missing")
    place = zone or context.zone
    found = read_moment("starts_at", text, zone=place, country=context.country, now=context.now)
    if found.repeated:
        cells.warn("starts_at", f"{MOMENT}: happens twice as clocks go back; the first is taken")
    if state.status.is_ahead:
        _doubt(cells, found.at, place, context)
    return found.at


def _doubt(cells: Cells, at: datetime, zone: str, context: Context) -> None:
    """Say what is seldom meant; whoever exported the file can tell."""
    if at < context.now:
        cells.warn("starts_at", f"{MOMENT}: in the past, though the visit is still expected")
    elif at > context.now + _FAR_AHEAD:
        cells.warn("starts_at", f"{MOMENT}: more than {_FAR_AHEAD.days} days ahead")
    if at.astimezone(ZoneInfo(zone)).time() == time.min:
        cells.warn("starts_at", f"{MOMENT}: at midnight; is the time of day missing?")


def _duration(cells: Cells) -> int | None:
    text = cells.text("duration_minutes")
    if not text:
        return None
    match = _DURATION.fullmatch(text)
    if match is None or not 0 < int(match[1]) <= _LONGEST_VISIT:
        cells.warn("duration_minutes", "minutes: no whole number from 1 to 1440; left out")
        return None
    return int(match[1])
