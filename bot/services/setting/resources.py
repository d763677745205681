"""Community resources that staff point patients to, with the day on which somebody last made sure of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from bot.core.hours import local_day
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.setting.checks import Fault, Faults, Fields, changes
from bot.store.columns import new_id
from bot.store.queries import places as queries

KIND = "resource"
CATEGORIES: Final = ("transport", "food", "cost", "housing", "other")
STALE_AFTER: Final = timedelta(days=180)
"""Numbers of such services change; what nobody has checked for so long is shown as such."""


def is_stale(verified_on: date | None, today: date) -> bool:
    """Whether somebody has to make sure of it again."""
    return verified_on is None or today - verified_on > STALE_AFTER


def save(
    clinic: Clinic, form: Mapping[str, str], *, resource_id: str | None, actor_id: str, now: datetime
) -> Faults | None:
    """Add a resource, or change the one of that id. Gives what is wrong, or None when it is done.

    Raises LookupError for an id that is gone.
    """
    values, faults = _read(clinic, form, now)
    if faults:
        return faults
    with clinic.database.begin() as connection:
        if resource_id is None:
            made = new_id()
            row = {"id": made, **values, "active": True, "created_at": now, "updated_at": now}
            queries.add(connection, KIND, row)
            _note(connection, "resource.add", made, _plain(values), actor_id=actor_id, now=now)
        else:
            before = _standing(connection, resource_id)
            changed = changes(before, values)
            if changed:
                queries.change(connection, KIND, resource_id, {**values, "updated_at": now})
                _note(connection, "resource.change", resource_id, _plain(changed), actor_id=actor_id, now=now)
    return None


def use(clinic: Clinic, *, resource_id: str, active: bool, actor_id: str, now: datetime) -> None:
    """Take it out of use, or into use again. Raises LookupError for an id that is gone."""
    with clinic.database.begin() as connection:
        before = _standing(connection, resource_id)
        if before["active"] is not active:
            queries.change(connection, KIND, resource_id, {"active": active, "updated_at": now})
            action = "resource.use" if active else "resource.retire"
            _note(connection, action, resource_id, {"name": before["name"]}, actor_id=actor_id, now=now)


def verify(clinic: Clinic, *, resource_id: str, actor_id: str, now: datetime) -> None:
    """Somebody has made sure of it today. Raises LookupError for an id that is gone."""
    with clinic.database.begin() as connection:
        before, today = _standing(connection, resource_id), local_day(now, clinic.settings.clinic_timezone)
        if before["verified_on"] != today:
            queries.change(connection, KIND, resource_id, {"verified_on": today, "updated_at": now})
            detail = _plain(changes(before, {"verified_on": today}))
            _note(connection, "resource.verify", resource_id, detail, actor_id=actor_id, now=now)


def _read(clinic: Clinic, form: Mapping[str, str], now: datetime) -> tuple[dict[str, Any], Faults]:
    fields = Fields(form)
    today = local_day(now, clinic.settings.clinic_timezone)
    values: dict[str, Any] = {
        "name": fields.line("name", most=120),
        "category": fields.choice("category", CATEGORIES),
        "phone": fields.line("phone", most=40, needed=False),
        "url": fields.line("url", most=300, needed=False),
        "languages": _languages(fields, clinic),
        "area": fields.line("area", most=120, needed=False),
        "note": fields.line("note", most=300, needed=False),
        "verified_on": fields.day("verified_on", until=today),
    }
    if values["url"] and "url" not in fields.faults and not _is_web(values["url"]):
        fields.faults["url"] = Fault.URL
    return values, fields.faults


def _languages(fields: Fields, clinic: Clinic) -> list[str]:
    tags = fields.raw("languages").replace(",", " ").split()
    served = [clinic.texts.supports(tag) for tag in tags]
    if None in served:
        fields.faults["languages"] = Fault.LANGUAGE
    return sorted({tag for tag in served if tag})


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in url


def _standing(connection: Connection, resource_id: str) -> Mapping[str, Any]:
    row = queries.one(connection, KIND, resource_id)
    if row is None:
        raise LookupError(resource_id)
    return dict(row._mapping)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON takes it."""
    return {name: _word(value) for name, value in values.items()}


def _word(value: Any) -> Any:
    if isinstance(value, list):
        return [_word(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _note(
    connection: Connection, action: str, resource_id: str, detail: Mapping[str, Any], *, actor_id: str, now: datetime
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=action, object_type=KIND, object_id=resource_id, detail=detail
    )
