"""Putting a patient on a journey from their page: one form, which asks for what that journey needs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.services import enrolling, enrolling_rows, patient_page
from bot.services.enrolling import PROGRAMS, Begun, Why, Wish
from bot.services.inbox import Gone
from bot.store.queries import loops
from bot.web.console import enrolling_words, loop_words
from bot.web.console.guard import person
from bot.web.console.language import say
from bot.web.current import clinic

LONGEST: Final = 200


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/patients/<path:patient_id>/begin", view_func=begin)
    blueprint.add_url_rule("/patients/<path:patient_id>/begin", view_func=begun, methods=["POST"])


def begin(patient_id: str) -> ResponseReturnValue:
    """What may be begun; with `what`, its form."""
    return _page(patient_id, request.args.get("what", ""), {})


def begun(patient_id: str) -> ResponseReturnValue:
    """Begin it."""
    ours, what = clinic(), request.form.get("what", "")
    if what not in PROGRAMS:
        abort(400)
    program = PROGRAMS[what]
    typed = {name: request.form.get(name, "").strip()[:LONGEST] for name in ("begins", *program.fields)}
    try:
        begins = date.fromisoformat(typed["begins"]) if program.has_start and typed["begins"] else None
    except ValueError:
        return _page(patient_id, what, typed, why=Why.DATE)
    wish = Wish(what, begins, {name: typed[name] for name in program.fields})
    done = enrolling.enroll(ours, patient_id, wish, actor_id=person().user_id, now=ours.clock())
    if isinstance(done, Gone):
        abort(404)
    if isinstance(done, Why):
        return _page(patient_id, what, typed, why=done)
    return _done(what, done)


def _done(what: str, done: Begun) -> ResponseReturnValue:
    told = say("%(what)s: begun.", what=loop_words.title(PROGRAMS[what].journey))
    if done.is_silent:
        told += " " + say("No texts go out, since there is no consent to them: what the office owes stands here.")
    flash(told)
    return redirect(url_for("console.loop", loop_id=done.loop_id), 303)


def _page(patient_id: str, what: str, typed: dict[str, str], *, why: Why | None = None) -> ResponseReturnValue:
    ours = clinic()
    now = ours.clock()
    with ours.database.read() as connection:
        view = patient_page.read_patient(ours, connection, patient_id, now=now)
        if view is None:
            abort(404)
        going_on = loops.going_on(connection, patient_id)
    program = PROGRAMS.get(what)
    zone = ZoneInfo(view.card.timezone)
    page = render_template(
        "console/begin.html",
        view=view,
        what=what if program is not None else "",
        program=program,
        programs=list(PROGRAMS),
        typed=_defaults(now.astimezone(zone)) | typed,
        why=why,
        going_on=going_on,
        said=loop_words,
        begin=enrolling_words,
        choices=_choices() if program is not None else {},
        unsigned=[name for name, series in ours.series.by_name.items() if not series.plan],
        earliest=now.astimezone(zone).date(),
        latest=now.astimezone(zone).date() + enrolling.FURTHEST,
    )
    return make_response(page, 200 if why is None else 422)


def _defaults(local: datetime) -> dict[str, str]:
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    return {"discharged_on": yesterday.isoformat(), "due_on": today.isoformat(), "risk": "moderate"}


def _choices() -> dict[str, list[tuple[str, str]]]:
    """(value, words) of the fields that have a list."""
    ours, words = clinic(), enrolling_words
    listed: dict[str, Any] = {
        "series": [(name, words.series(name)) for name in ours.series.by_name],
        "measure": [(measure.id, measure.title) for measure in ours.measures.by_id.values()],
        "risk": [(key, words.RISKS[key]) for key in enrolling_rows.RISKS],
        "stage": [(key, words.STAGES[key]) for key in enrolling_rows.STAGES],
        "urgency": [(key, loop_words.URGENCIES[key]) for key in loop_words.URGENCIES],
        "help": [(key, words.HELP[key]) for key in words.HELP],
        "reading": [(key, words.READINGS[key]) for key in words.READINGS],
        "times": [(key, key) for key in enrolling_rows.TIMES],
        "gap": [(key, words.GAPS[key]) for key in enrolling_rows.GAPS],
    }
    return listed
