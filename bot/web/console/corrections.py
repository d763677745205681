"""Where a coordinator says what a patient's text meant."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bot.core.intents import Intent
from bot.services.corrections import correct
from bot.services.inbox import Gone
from bot.web.console.guard import is_live, person
from bot.web.console.inbox import show, view_now
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the form's route."""
    blueprint.add_url_rule("/messages/<message_id>/meant", view_func=meant, methods=["POST"])


def meant(message_id: str) -> ResponseReturnValue:
    """Keep what the text meant, for the lexicons' next review. It changes nothing else."""
    ours = clinic()
    try:
        intent = Intent(request.form.get("intent", ""))
    except ValueError:
        abort(400)
    outcome = correct(ours, message_id=message_id, intent=intent, actor_id=person().user_id, now=ours.clock())
    if isinstance(outcome, Gone):
        abort(404)
    if is_live():
        return show(outcome, said="Noted. It changes nothing here; it teaches the bot at its next review.")
    return redirect(url_for("console.conversation", conversation_id=outcome, view=view_now()), 303)
