"""Settings: the on-call ladder, service levels and community resources; for supervisors and administrators."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bot.core.escalation import Priority
from bot.core.hours import local_day
from bot.services.setting import Faults, levels, on_call, resources
from bot.store.queries import places as queries
from bot.web.console.guard import SUPERVISORS, only, person
from bot.web.console.language import say
from bot.web.console.settings import shown
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    both = ["GET", "POST"]
    blueprint.add_url_rule("/settings/on-call", view_func=setting_on_call, methods=both)
    blueprint.add_url_rule("/settings/on-call/<rung_id>", view_func=setting_rung, methods=both)
    blueprint.add_url_rule("/settings/on-call/<rung_id>/remove", view_func=remove_rung, methods=["POST"])
    blueprint.add_url_rule("/settings/service-levels", view_func=setting_levels, methods=both)
    blueprint.add_url_rule("/settings/resources", view_func=setting_resources, methods=both)
    blueprint.add_url_rule("/settings/resources/<resource_id>", view_func=setting_resource, methods=both)
    blueprint.add_url_rule("/settings/resources/<resource_id>/use", view_func=use_resource, methods=["POST"])


@only(*SUPERVISORS)
def setting_on_call() -> ResponseReturnValue:
    """The ladder; somebody more on it with a POST."""
    return _save_rung(None) if request.method == "POST" else _ladder(None, {})


@only(*SUPERVISORS)
def setting_rung(rung_id: str) -> ResponseReturnValue:
    """One entry of the ladder: its form, or the changes to it."""
    if request.method == "POST":
        return _save_rung(rung_id)
    with clinic().database.read() as connection:
        found = next((rung for rung in on_call.ladder(clinic(), connection) if rung.id == rung_id), None)
    if found is None:
        abort(404)
    typed = {
        "rung": str(found.rung), "user_id": found.user_id, "after_minutes": str(found.after_minutes),
        "phone": found.phone, "by_email": "yes" if found.by_email else "",
    }  # fmt: skip
    return _ladder(rung_id, typed)


@only(*SUPERVISORS)
def remove_rung(rung_id: str) -> ResponseReturnValue:
    """They hear of nothing any more."""
    ours = clinic()
    try:
        on_call.remove(ours, rung_id=rung_id, actor_id=person().user_id, now=ours.clock())
    except LookupError:
        abort(404)
    flash(say("Taken off the ladder."))
    return redirect(url_for("console.setting_on_call"), 303)


def _save_rung(rung_id: str | None) -> ResponseReturnValue:
    ours, form = clinic(), request.form.to_dict()
    try:
        faults = on_call.save(ours, form, rung_id=rung_id, actor_id=person().user_id, now=ours.clock())
    except LookupError:
        abort(404)
    if faults:
        return _ladder(rung_id, form, faults), 422
    flash(say("Saved."))
    return redirect(url_for("console.setting_on_call"), 303)


def _ladder(rung_id: str | None, typed: dict[str, str], faults: Faults | None = None) -> str:
    with clinic().database.read() as connection:
        rungs, people = on_call.ladder(clinic(), connection), queries.may_be_on_call(connection)
    if not typed:
        last = rungs[-1] if rungs else None
        typed = {
            "rung": str(last.rung + 1 if last and last.rung < on_call.MOST_RUNGS else 1),
            "after_minutes": str(min(last.after_minutes + 5, on_call.MOST_MINUTES) if last else 5),
            "by_email": "yes",
        }
    return shown(
        "settings_on_call", rungs=rungs, people=people, typed=typed, faults=faults or {}, rung_id=rung_id,
        MOST_MINUTES=on_call.MOST_MINUTES, MOST_RUNGS=on_call.MOST_RUNGS,
    )  # fmt: skip


@only(*SUPERVISORS)
def setting_levels() -> ResponseReturnValue:
    """How soon what is to be answered; other times with a POST."""
    ours, faults, typed = clinic(), None, {}
    if request.method == "POST":
        typed = request.form.to_dict()
        faults = levels.save(ours, typed, actor_id=person().user_id, now=ours.clock())
        if not faults:
            flash(say("Saved. It holds for what comes from now on."))
            return redirect(url_for("console.setting_levels"), 303)
    else:
        with ours.database.read() as connection:
            for row in queries.service_levels(connection):
                typed[str(row.priority)] = str(row.minutes)
                typed[f"{row.priority}_hours"] = "yes" if row.office_hours else ""
    page = shown(
        "settings_levels", typed=typed, faults=faults or {}, priorities=list(Priority), most=levels.MOST_MINUTES,
        built_in={priority: levels.built_in(priority) for priority in Priority}, office=ours.settings.office_hours,
    )  # fmt: skip
    return (page, 422) if faults else page


@only(*SUPERVISORS)
def setting_resources() -> ResponseReturnValue:
    """All resources; one more with a POST, or the form for it with `?new=`."""
    if request.method == "POST":
        return _save_resource(None)
    if "new" in request.args:
        return _resource(None, {"category": "transport"})
    ours = clinic()
    today = local_day(ours.clock(), ours.settings.clinic_timezone)
    with ours.database.read() as connection:
        rows = queries.resources(connection)
    stale = {row.id for row in rows if resources.is_stale(row.verified_on, today)}
    return shown("settings_resources", rows=rows, stale=stale, days=resources.STALE_AFTER.days)


@only(*SUPERVISORS)
def setting_resource(resource_id: str) -> ResponseReturnValue:
    """One resource: its form, or the changes to it."""
    if request.method == "POST":
        return _save_resource(resource_id)
    with clinic().database.read() as connection:
        row = queries.one(connection, resources.KIND, resource_id)
    if row is None:
        abort(404)
    typed = {
        name: str(getattr(row, name) or "")
        for name in ("name", "category", "phone", "url", "area", "note", "verified_on")
    }
    return _resource(resource_id, {**typed, "languages": ", ".join(row.languages)})


@only(*SUPERVISORS)
def use_resource(resource_id: str) -> ResponseReturnValue:
    """`do`: somebody has made sure of it (verify), it is out of use (retire), or in use again (use)."""
    ours, do = clinic(), request.form.get("do", "")
    if do not in ("verify", "retire", "use"):
        abort(400)
    try:
        if do == "verify":
            resources.verify(ours, resource_id=resource_id, actor_id=person().user_id, now=ours.clock())
        else:
            resources.use(
                ours, resource_id=resource_id, active=do == "use", actor_id=person().user_id, now=ours.clock()
            )
    except LookupError:
        abort(404)
    flash(say("Saved."))
    return redirect(url_for("console.setting_resources"), 303)


def _save_resource(resource_id: str | None) -> ResponseReturnValue:
    ours, form = clinic(), request.form.to_dict()
    try:
        faults = resources.save(ours, form, resource_id=resource_id, actor_id=person().user_id, now=ours.clock())
    except LookupError:
        abort(404)
    if faults:
        return _resource(resource_id, form, faults), 422
    flash(say("Saved."))
    return redirect(url_for("console.setting_resources"), 303)


def _resource(resource_id: str | None, typed: dict[str, str], faults: Faults | None = None) -> str:
    ours = clinic()
    return shown(
        "settings_resource", resource_id=resource_id, typed=typed, faults=faults or {}, known=ours.texts.languages(),
        today=local_day(ours.clock(), ours.settings.clinic_timezone).isoformat(),
    )  # fmt: skip
