"""Saved views: a view of the inbox with its filter, kept under a name."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bot.services import inbox_views
from bot.services.inbox import Gone
from bot.web.console.guard import person
from bot.web.console.inbox import list_at, sieve_now, view_now
from bot.web.console.language import say
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/views", view_func=save_view, methods=["POST"])
    blueprint.add_url_rule("/views/<view_id>/remove", view_func=remove_view, methods=["POST"])


def save_view() -> ResponseReturnValue:
    """Keep the view that is shown."""
    ours = clinic()
    kept = inbox_views.save(
        ours,
        name=request.form.get("name", ""),
        view=view_now(),
        sieve=sieve_now(),
        shared=request.form.get("shared") == "yes",
        owner_id=person().user_id,
        now=ours.clock(),
    )
    flash(say("The view is saved.") if kept else say("Not saved: give it a name, or remove another view first."))
    return redirect(list_at(), 303)


def remove_view(view_id: str) -> ResponseReturnValue:
    """Forget a saved view."""
    ours = clinic()
    removed = inbox_views.remove(
        ours, view_id=view_id, actor_id=person().user_id, now=ours.clock(), force=person().is_supervisor
    )
    if isinstance(removed, Gone):
        abort(404)
    if not removed:
        abort(403)
    flash(say("The view is removed."))
    return redirect(url_for("console.inbox"), 303)
