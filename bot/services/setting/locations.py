"""The clinic's locations: their name in texts, phone, zone, hours and holidays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.setting.checks import Fault, Faults, Fields, changes
from bot.store.columns import new_id
from bot.store.queries import places as queries

KIND = "location"
FIELDS = ("name", "text_name", "phone", "timezone", "hours", "holidays", "check_in", "directions", "spoken")
LONGEST_DIRECTIONS = 120
"""The rest of the text leaves room for no more."""


def save(
    clinic: Clinic, form: Mapping[str, str], *, location_id: str | None, actor_id: str, now: datetime
) -> Faults | None:
    """Set up a location, or change the one of that id. Gives what is wrong, or None when it is done.

    The name is what visits call it, so it stays as it was. Raises LookupError for an id that is gone.
    """
    values, faults = _read(clinic, form, new=location_id is None)
    if faults:
        return faults
    try:
        with clinic.database.begin() as connection:
            _write(connection, values, location_id=location_id, actor_id=actor_id, now=now)
    except IntegrityError:
        return {"name": Fault.TAKEN}
    clinic.known.forget()
    return None


def remove(clinic: Clinic, *, location_id: str, actor_id: str, now: datetime) -> None:
    """Texts about it have the clinic's own number and hours again. Raises LookupError for an id that is gone."""
    with clinic.database.begin() as connection:
        row = queries.one(connection, KIND, location_id)
        if row is None:
            raise LookupError(location_id)
        queries.remove(connection, KIND, location_id)
        _note(connection, "location.remove", location_id, _words(dict(row._mapping)), actor_id=actor_id, now=now)
    clinic.known.forget()


def _read(clinic: Clinic, form: Mapping[str, str], *, new: bool) -> tuple[dict[str, Any], Faults]:
    fields = Fields(form)
    values: dict[str, Any] = {
        "text_name": fields.line("text_name", most=80),
        "phone": fields.phone("phone", clinic.settings.country),
        "timezone": fields.zone("timezone"),
        "hours": fields.hours(),
        "holidays": fields.days("holidays"),
        "check_in": fields.yes("check_in"),
        "directions": _directions(clinic, fields),
        "spoken": [tag for tag in clinic.texts.languages() if fields.yes(f"speaks_{tag}")],
    }
    if new:
        values["name"] = fields.line("name", most=120)
    if "text_name" not in fields.faults and clinic.texts.tells(values["text_name"]):
        fields.faults["text_name"] = Fault.TELLS
    return values, fields.faults


def _directions(clinic: Clinic, fields: Fields) -> dict[str, str]:
    """How to get in, by language; each is linted as the texts are that it stands in."""
    found: dict[str, str] = {}
    for tag in clinic.texts.languages():
        name = f"directions_{tag}"
        text = fields.line(name, most=LONGEST_DIRECTIONS, needed=False)
        if text and name not in fields.faults:
            if clinic.texts.tells(text):
                fields.faults[name] = Fault.WORDS
            elif clinic.texts.offers(text):
                fields.faults[name] = Fault.OFFERS
        if text:
            found[tag] = text
    return found


def _write(
    connection: Connection, values: Mapping[str, Any], *, location_id: str | None, actor_id: str, now: datetime
) -> None:
    if location_id is None:
        made = new_id()
        queries.add(connection, KIND, {"id": made, **values, "created_at": now, "updated_at": now})
        _note(connection, "location.add", made, _words(values), actor_id=actor_id, now=now)
        return
    row = queries.one(connection, KIND, location_id)
    if row is None:
        raise LookupError(location_id)
    changed = changes(_words(dict(row._mapping)), values)
    if not changed:
        return
    queries.change(connection, KIND, location_id, {**values, "updated_at": now})
    _note(connection, "location.change", location_id, changed, actor_id=actor_id, now=now)


def _words(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in FIELDS if name in row}


def _note(
    connection: Connection, action: str, location_id: str, detail: Mapping[str, Any], *, actor_id: str, now: datetime
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=action, object_type=KIND, object_id=location_id, detail=detail
    )


def coming_holidays(holidays: list[str], today: date) -> list[str]:
    """Those that are not over."""
    return [day for day in holidays if day >= today.isoformat()]
