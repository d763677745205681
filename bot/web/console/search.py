"""Search: who, and in which message. Asked by POST, so that neither a name nor what was said gets into an address."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.services import audit
from bot.services import search as services
from bot.services.search import People, Texts
from bot.web.console.guard import own, person
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/find", view_func=find, methods=["GET", "POST"])
    blueprint.add_url_rule("/search", view_func=search, methods=["GET", "POST"])


@own
def find() -> ResponseReturnValue:
    """Look a patient up by id, phone or words of the name; the only one found is shown at once."""
    asked = _asked()
    people = _people(asked)
    if len(people.found) == 1 and not people.more:
        return redirect(url_for("console.patient", patient_id=people.found[0].patient_id), 303)
    return render_template("console/find.html", asked=asked, people=people)


@own
def search() -> ResponseReturnValue:
    """Look for patients and in the text of messages, the newest first; `before` looks further back."""
    asked, before = _asked(), request.form.get("before") or None
    people = People() if before else _people(asked)
    return render_template("console/search.html", asked=asked, people=people, texts=_texts(asked, before), older=before)


def _asked() -> str:
    return request.form.get("q", "").strip()[:200]


def _people(asked: str) -> People:
    if not asked:
        return People()
    ours = clinic()
    with ours.database.read() as connection:
        people = services.find_people(ours, connection, asked, locations=person().locations)
    _record("patient.search", "patient", {"count": len(people.found)})
    return people


def _texts(asked: str, before: str | None) -> Texts:
    if not asked:
        return Texts()
    ours = clinic()
    with ours.database.read() as connection:
        texts = services.find_texts(ours, connection, asked, before=before, locations=person().locations)
    _record("message.search", "message", {"count": len(texts.hits), "looked": texts.looked})
    return texts


def _record(action: str, kind: str, counts: dict[str, int]) -> None:
    ours = clinic()
    with ours.database.begin() as connection:
        audit.record(
            connection, at=ours.clock(), actor=person().user_id, action=action, object_type=kind, detail=counts
        )
