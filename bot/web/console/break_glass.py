"""Opening a patient of elsewhere: a reason is asked for, kept, and seen by supervisors."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request
from flask.typing import ResponseReturnValue

from bot.services import break_glass
from bot.web.console.guard import SCOPED, closed, link, moment, own, person, safe_next
from bot.web.console.language import say
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the route."""
    blueprint.add_url_rule("/break-glass", "break_glass", view_func=open_up, methods=["POST"])


@own
def open_up() -> ResponseReturnValue:
    """Open what the refused page named, for a reason. Whoever may only look may, too: it is looking."""
    kind, object_id = request.form.get("kind", ""), request.form.get("object", "")
    target, reason = safe_next(request.form.get("next")), request.form.get("reason", "")
    if kind not in SCOPED:
        abort(400)
    opened = break_glass.open_up(
        clinic(), kind=kind, object_id=object_id, reason=reason, user_id=person().user_id, now=moment()
    )
    if opened is None:
        error = say("Say in %(shortest)s characters or more why you need to open it.", shortest=break_glass.SHORTEST)
        return closed(kind, object_id, target=target, reason=reason, error=error)
    if not opened:
        abort(404)
    flash(say("Opened for four hours. Your reason is on record, and supervisors see it."))
    return redirect(link(target), 303)
