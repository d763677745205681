"""The patient's page: who they are, what they agreed to, what happened and why, what is to come; and finding them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from bot.core.people import Relation, Scope
from bot.services import audit, patient_ahead, patient_page, patient_record, patient_timeline, reviews
from bot.services.patient_timeline import Kind
from bot.web.console import story
from bot.web.console.guard import is_live, person
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/patients/<path:patient_id>", view_func=patient)


def patient(patient_id: str) -> ResponseReturnValue:
    """One patient; for htmx, the part of the story that was asked for."""
    if is_live():
        return _story(patient_id)
    return show(patient_id)


def show(patient_id: str, *, status: int = 200, **shown: Any) -> ResponseReturnValue:
    """The whole page; `shown` is what an action has to say."""
    ours = clinic()
    now = ours.clock()
    with ours.database.read() as connection:
        view = patient_page.read_patient(ours, connection, patient_id, now=now)
        if view is None:
            abort(404)
        kind, before = _kind(), request.args.get("before")
        told = patient_timeline.read_story(
            ours, connection, patient_id, user_id=person().user_id, zone=view.card.timezone, kind=kind, before=before
        )
        ahead = patient_ahead.read_ahead(ours, connection, patient_id, now=now)
        drafts = reviews.unapproved(ours.texts, connection, {(one.kind, one.language) for one in ahead.coming})
    _viewed(patient_id)
    page = render_template(
        "console/patient.html", view=view, told=told, ahead=ahead, drafts=drafts, kind=kind, before=before, Kind=Kind,
        story=story, programs=patient_record.programs(), languages=ours.texts.languages(), Relation=Relation,
        Scope=Scope, **shown,
    )  # fmt: skip
    return make_response(page, status)


def _story(patient_id: str) -> ResponseReturnValue:
    ours = clinic()
    with ours.database.read() as connection:
        view = patient_page.read_card(ours, connection, patient_id)
        if view is None:
            abort(404)
        kind, before = _kind(), request.args.get("before")
        told = patient_timeline.read_story(
            ours, connection, patient_id, user_id=person().user_id, zone=view.timezone, kind=kind, before=before
        )
    _viewed(patient_id)
    return render_template(
        "console/_timeline.html", card=view, told=told, kind=kind, before=before, Kind=Kind, story=story
    )


def _viewed(patient_id: str) -> None:
    """Whatever part of it was shown, and why ever: somebody has looked."""
    ours = clinic()
    with ours.database.begin() as connection:
        audit.record(
            connection, at=ours.clock(), actor=person().user_id, action="patient.view", object_type="patient",
            object_id=patient_id,
        )  # fmt: skip


def _kind() -> Kind | None:
    asked = request.args.get("kind", "")
    return next((kind for kind in Kind if kind == asked), None)
