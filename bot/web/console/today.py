"""Today: the first page, which says whom to help first, and holds what is to be done beside the inbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bot.core.people import Participation
from bot.services import inbox_list, inbox_visits, today
from bot.services.inbox import Gone
from bot.services.lately import ANEW
from bot.web.console.guard import is_live, person, timer
from bot.web.console.inbox import dated, had_mark, stamped
from bot.web.console.language import say, say_count
from bot.web.current import clinic

INBOX_ARGUMENTS = ("view", "after")


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/", "today", view_func=page)
    blueprint.add_url_rule("/today/live", "today_live", view_func=live)
    blueprint.add_url_rule("/today/charted", "charted", view_func=charted, methods=["POST"])
    blueprint.add_url_rule("/visits/<path:appointment_id>/answer", "visit_answer", view_func=answer, methods=["POST"])


def page() -> ResponseReturnValue:
    """The worklist of this person's places."""
    if any(name in request.args for name in INBOX_ARGUMENTS):
        # Where the inbox stood before there was this page.
        return redirect(f"{url_for('console.inbox')}?{urlencode(request.args.to_dict())}", 303)
    return _drawn()


@timer
def live() -> ResponseReturnValue:
    """The worklist anew, if it is another than the browser has."""
    ours, (had, since) = clinic(), had_mark()
    with ours.database.read() as connection:
        mark, counts = _mark(connection, since)
        if had == mark:
            return stamped(Response(status=304), dated(mark))
        shown = _read(connection)
    body = render_template("console/_today.html", counts=counts, today=shown, live=True)
    return stamped(make_response(body), dated(mark))


def charted() -> ResponseReturnValue:
    """These answers stand in the chart, or, with `undo`, do not after all."""
    ours, ids = clinic(), request.form.getlist("change")
    if request.form.get("undo"):
        today.uncharted(ours, change_ids=ids, actor_id=person().user_id, now=ours.clock())
        return _drawn(said=say("Back on the list."))
    done = today.charted(
        ours, change_ids=ids, locations=person().locations, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(done, Gone):
        return _drawn(said=say("That was done already."))
    said = say_count("%(num)s answer is in the chart.", "%(num)s answers are in the chart.", done)
    return _drawn(said=said, undo=ids)


def answer(appointment_id: str) -> ResponseReturnValue:
    """What the patient said about the visit, on the phone say."""
    ours = clinic()
    try:
        response = Participation(request.form.get("response", ""))
    except ValueError:
        abort(400)
    outcome = inbox_visits.answer_visit(
        ours, appointment_id=appointment_id, response=response, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(outcome, Gone):
        abort(404)
    return _drawn(said=say("Noted. It stands below now, to be put into the chart."))


def _drawn(**said: Any) -> ResponseReturnValue:
    with clinic().database.read() as connection:
        mark, counts = _mark(connection)
        shown = _read(connection)
    template = "console/_today.html" if is_live() else "console/today.html"
    etag = dated(mark)
    response = make_response(render_template(template, counts=counts, today=shown, etag=etag, **said))
    response.headers["ETag"] = f'"{etag}"'
    return response


def _mark(connection: Connection, since: int = ANEW) -> tuple[str, Any]:
    ours = clinic()
    now = ours.clock()
    who: dict[str, Any] = {"user_id": person().user_id, "locations": person().locations, "now": now, "since": since}
    counts = inbox_list.counted(ours, connection, **who)
    return today.mark(ours, connection, counts, **who), counts


def _read(connection: Connection) -> today.Today:
    ours = clinic()
    return today.read_today(ours, connection, user_id=person().user_id, locations=person().locations, now=ours.clock())
