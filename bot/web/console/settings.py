"""Settings: an overview with what the environment says, and the clinic's locations; for supervisors and admins."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bot.core.hours import local_day, next_reading
from bot.services.places import DAYS, week_of
from bot.services.setting import Faults, checks, locations, on_call, resources
from bot.store.columns import AnyRow
from bot.store.queries import places as queries
from bot.web.console import setting_words
from bot.web.console.guard import SUPERVISORS, only, person
from bot.web.console.language import say
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/settings", view_func=settings)
    blueprint.add_url_rule("/settings/locations", view_func=setting_locations, methods=["GET", "POST"])
    blueprint.add_url_rule("/settings/locations/<location_id>", view_func=setting_location, methods=["GET", "POST"])
    rule = "/settings/locations/<location_id>/remove"
    blueprint.add_url_rule(rule, view_func=remove_location, methods=["POST"])


def shown(template: str, **values: Any) -> str:
    """A page of the settings, with their words."""
    return render_template(f"console/{template}.html", setting=setting_words, **values)


@only(*SUPERVISORS)
def settings() -> ResponseReturnValue:
    """What is set up, and what the environment says."""
    ours = clinic()
    now = ours.clock()
    today = local_day(now, ours.settings.clinic_timezone)
    with ours.database.read() as connection:
        places, unplaced = _places(connection, now)
        rungs, found = on_call.ladder(ours, connection), queries.resources(connection)
    stale = [row for row in found if row.active and resources.is_stale(row.verified_on, today)]
    return shown(
        "settings", facts=ours.settings, host=urlsplit(ours.settings.public_url).netloc, locations=places,
        unplaced=unplaced, rungs=rungs, resources=found, stale=stale, level_count=len(ours.set_up().levels),
    )  # fmt: skip


@only(*SUPERVISORS)
def setting_locations() -> ResponseReturnValue:
    """All locations; one more with a POST, or the form for it with `?new=`."""
    if request.method == "POST":
        return _saved(None)
    if "new" in request.args:
        return _form(None, {"name": request.args["new"], "timezone": clinic().settings.clinic_timezone})
    ours = clinic()
    now = ours.clock()
    with ours.database.read() as connection:
        places, unplaced = _places(connection, now)
    today = local_day(now, ours.settings.clinic_timezone)
    coming = {row.id: locations.coming_holidays(row.holidays, today)[:3] for row in places}
    opens = {row.id: next_reading(now, week_of(row.timezone, row.hours, row.holidays, ours.settings)) for row in places}
    return shown("settings_locations", locations=places, unplaced=unplaced, coming=coming, opens=opens, runs=_runs)


@only(*SUPERVISORS)
def setting_location(location_id: str) -> ResponseReturnValue:
    """One location: its form, or the changes to it."""
    row = _location(location_id)
    return _saved(row) if request.method == "POST" else _form(row, _typed(row))


@only(*SUPERVISORS)
def remove_location(location_id: str) -> ResponseReturnValue:
    """The clinic's own number and hours serve again."""
    row, ours = _location(location_id), clinic()
    locations.remove(ours, location_id=row.id, actor_id=person().user_id, now=ours.clock())
    flash(say("%(name)s is not set up any more.", name=row.name))
    return redirect(url_for("console.setting_locations"), 303)


def _runs(hours: dict[str, str]) -> list[tuple[str, str, str]]:
    """Days in a row with the same hours: the first, the last, the hours."""
    runs: list[tuple[str, str, str]] = []
    for day, before in zip(DAYS, ("", *DAYS), strict=False):
        span = hours.get(day)
        if span and runs and runs[-1][1:] == (before, span):
            runs[-1] = (runs[-1][0], day, span)
        elif span:
            runs.append((day, day, span))
    return runs


def _places(connection: Connection, now: datetime) -> tuple[list[AnyRow], list[str]]:
    """Locations that are set up, and names of those that are not; of one's own places where one is bound to some."""
    own = person().locations
    places = [row for row in queries.locations(connection) if not own or row.name in own]
    return places, [name for name in queries.unplaced(connection, now) if not own or name in own]


def _location(location_id: str) -> AnyRow:
    with clinic().database.read() as connection:
        row = queries.one(connection, locations.KIND, location_id)
    if row is None:
        abort(404)
    _refuse_elsewhere(row.name)
    return row


def _refuse_elsewhere(name: str) -> None:
    """Who works at some places sets up those only."""
    if person().locations and name not in person().locations:
        abort(403)


def _saved(row: AnyRow | None) -> ResponseReturnValue:
    ours, form = clinic(), request.form.to_dict()
    if row is None:
        _refuse_elsewhere(" ".join(form.get("name", "").split()))
    faults = locations.save(
        ours, form, location_id=row.id if row is not None else None, actor_id=person().user_id, now=ours.clock()
    )
    if faults:
        return _form(row, form, faults), 422
    flash(say("Saved. Texts have it within half a minute."))
    return redirect(url_for("console.setting_locations"), 303)


def _form(row: AnyRow | None, typed: dict[str, str], faults: Faults | None = None) -> str:
    zones = sorted(zone for zone in checks.zones() if "/" in zone and not zone.startswith("Etc/"))
    with clinic().database.read() as connection:
        _set_up, unplaced = _places(connection, clinic().clock())
    tags = clinic().texts.languages()
    others = [f"directions_{tag}" for tag in tags if tag != "en"]
    more = any(name in (faults or {}) for name in others)
    return shown(
        "settings_location", row=row, typed=typed, faults=faults or {}, zones=zones, unplaced=unplaced, DAYS=DAYS,
        languages=tags, more=more, office=clinic().settings.office_hours,
    )  # fmt: skip


def _typed(row: AnyRow) -> dict[str, str]:
    """What stands in the form before anything is typed."""
    hours = {
        f"{day}_{end}": part
        for day, span in row.hours.items()
        for end, part in zip(("from", "to"), span.split("-"), strict=True)
    }
    own = {"text_name": row.text_name, "phone": row.phone, "timezone": row.timezone}
    boxes = [*(["check_in"] if row.check_in else ()), *(f"speaks_{tag}" for tag in row.spoken)]
    ticked = dict.fromkeys(boxes, "yes")
    directions = {f"directions_{tag}": text for tag, text in row.directions.items()}
    return {**own, "holidays": "\n".join(row.holidays), **hours, **ticked, **directions}
