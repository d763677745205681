"""The inbox and the conversation beside it: whole pages, and the pieces by which they stay live without reload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bot.services import audit, inbox_list, inbox_thread, presence
from bot.services.inbox_list import Version
from bot.services.inbox_reply import Moved
from bot.services.inbox_thread import Thread
from bot.services.lately import moment_of
from bot.services.presence import Company
from bot.services.search import LATER_SHOWN
from bot.store.columns import AnyRow
from bot.store.queries import inbox as queries
from bot.store.queries import search, sieve
from bot.store.queries.inbox import View
from bot.store.queries.sieve import Sieve
from bot.web.console import undoing
from bot.web.console.canned import filled_in
from bot.web.console.guard import is_live, moment, person, timer
from bot.web.console.language import tongue
from bot.web.current import clinic

SESSION_ENDS = "Session-Ends-In"
"""Seconds until an idle person is signed out, for the page's warning."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the list may be narrowed to, whom something may be given to, and the views that are saved."""

    colleagues: Sequence[AnyRow]
    locations: Sequence[str]
    saved: Sequence[AnyRow]


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/inbox", view_func=inbox)
    blueprint.add_url_rule("/live", view_func=live)
    blueprint.add_url_rule("/alarm", view_func=alarm)
    blueprint.add_url_rule("/conversations/<conversation_id>", view_func=conversation)
    blueprint.add_url_rule("/escalations/<escalation_id>", view_func=escalation)


def inbox() -> ResponseReturnValue:
    """The list of a view, with nothing opened."""
    ours = clinic()
    with ours.database.read() as connection:
        page = _page(connection)
        tools = _tools(connection)
    return render_template("console/inbox.html", page=page, thread=None, view=page.view, tools=tools)


def conversation(conversation_id: str) -> ResponseReturnValue:
    """A conversation beside the list; with a canned reply in the box where one was chosen without scripts."""
    return show(conversation_id, viewed=True, canned_id=request.args.get("canned"))


def escalation(escalation_id: str) -> ResponseReturnValue:
    """Where an escalation is worked on: its conversation, or its patient's page when it has none."""
    ours = clinic()
    with ours.database.read() as connection:
        row = queries.escalation(connection, escalation_id)
    if row is None or (row.conversation_id is None and row.patient_id is None):
        abort(404)
    if row.conversation_id is None:
        return redirect(url_for("console.patient", patient_id=row.patient_id), 303)
    return redirect(url_for("console.conversation", conversation_id=row.conversation_id), 303)


def show(
    conversation_id: str,
    *,
    viewed: bool = False,
    status: int = 200,
    done: str | None = None,
    canned_id: str | None = None,
    **shown: Any,
) -> ResponseReturnValue:
    """The conversation as a page, or as the piece that htmx puts in its place; `shown` is what an action has to say.

    `done` is the escalation that has just been claimed or resolved, which may be taken back.
    """
    ours = clinic()
    now = ours.clock()
    with ours.database.read() as connection:
        thread = inbox_thread.read_thread(
            ours, connection, conversation_id, user_id=person().user_id, now=now, before=_before(connection)
        )
        page = _page(connection) if thread is not None else None
        tools = None if thread is None or is_live() else _tools(connection)
        undo = undoing.offer(connection, person(), done or request.args.get("done"), now)
        company = presence.company(connection, conversation_id, person().user_id, now)
    if thread is None or page is None:
        abort(404)
    if canned_id:
        shown["draft"], shown["notice"] = filled_in(thread, canned_id)
    if viewed:
        with ours.database.begin() as connection:
            audit.record(
                connection, at=now, actor=person().user_id, action="conversation.view", object_type="conversation",
                object_id=conversation_id,
            )  # fmt: skip
    shown = {"undo": undo, "tools": tools, **shown, "unseen": _unseen(thread, shown.get("moved"))}
    template = "console/answer.html" if is_live() else "console/inbox.html"
    shown |= {"company": company.others, "mark": f"{page.etag}.{thread.etag}.{company.mark}"}
    response = make_response(render_template(template, page=page, thread=thread, view=page.view, **shown), status)
    response.headers["ETag"] = f'"{shown["mark"]}"'
    return response


@timer
def live() -> ResponseReturnValue:
    """What has changed of the list and the open conversation since the version that the browser has."""
    ours = clinic()
    now, conversation_id = ours.clock(), request.args.get("c", "")
    had = _had().split(".")
    had_list, had_thread, had_company = (*had, "", "", "")[:3]
    company = Company()
    with ours.database.read() as connection:
        page = _page(connection, had=Version.read(had_list))
        thread_mark = inbox_thread.etag_of(connection, conversation_id, now) if conversation_id else ""
        if thread_mark:
            company = presence.company(connection, conversation_id, person().user_id, now)
        thread = None
        if thread_mark and thread_mark != had_thread:
            thread = inbox_thread.read_thread(ours, connection, conversation_id, user_id=person().user_id, now=now)
    if company.due:
        presence.here(ours, conversation_id=conversation_id, user_id=person().user_id, now=now)
    moved = company.mark != had_company
    mark = f"{page.etag}.{thread_mark}.{company.mark}"
    if not page.is_new and thread is None and not moved:
        return stamped(Response(status=304), mark)
    body = render_template(
        "console/live.html", page=page if page.is_new else None, listing=_drawn(page) if page.listed else "",
        thread=thread, view=_view(), mode=request.args.get("mode"), live=True, company=company.others, moved=moved,
    )  # fmt: skip
    return stamped(make_response(body), mark)


@timer
def alarm() -> ResponseReturnValue:
    """Whether emergencies wait, for the pages beside the inbox."""
    ours, (had, since) = clinic(), had_mark()
    with ours.database.read() as connection:
        counts = inbox_list.counted(
            ours, connection, user_id=person().user_id, now=ours.clock(), locations=person().locations, since=since
        )
    mark = ".".join(["alarm", *(str(counts[name]) for name in ("alarms", "alarm_minutes", "untold"))])
    if had == mark:
        return stamped(Response(status=304), dated(mark))
    drawn = render_template("console/_alarm.html", page={"counts": counts}, live=True)
    return stamped(make_response(drawn), dated(mark))


def dated(mark: str) -> str:
    """A version's mark with the moment: whoever was shown it is shown nothing older (see services/lately.py)."""
    return f"{mark}.{moment_of(clinic().clock())}"


def had_mark() -> tuple[str, int]:
    """The mark that the browser has, and when it was given it; nothing, if it has none of ours."""
    mark, _, at = _had().rpartition(".")
    return mark, int(at) if at.isascii() and at.isdigit() else 0


def _had() -> str:
    return request.headers.get("If-None-Match", "")[:200].removeprefix("W/").strip('"')


def view_now() -> View:
    """The view that the page shows."""
    return _view()


def page_now(connection: Connection) -> inbox_list.InboxPage:
    """The page of the list that the address asks for."""
    return _page(connection)


def stamped(response: Response, mark: str) -> Response:
    """A timer's answer with its version, and how long the person stays signed in."""
    left = person().ends_at - moment()
    response.headers["ETag"] = f'"{mark}"'
    response.headers[SESSION_ENDS] = str(max(0, int(left.total_seconds())))
    return response


def _drawn(page: inbox_list.InboxPage) -> str:
    """The list as it is for all who look at the same, drawn once: what is only theirs makes it another one.

    The script marks which conversation is open.
    """
    who = person()
    own = page.view is View.RESOLVED or not page.items or any(item.holder_id == who.user_id for item in page.items)
    seen_by = (tongue(), who.is_read_only, who.session_id if own else "", request.script_root)
    if not own and seen_by in page.drawn:
        return page.drawn[seen_by]
    drawn = render_template("console/_list.html", page=page, thread=None, live=True)
    if not own:
        page.drawn[seen_by] = drawn
    return drawn


def _page(connection: Connection, had: Version | None = None) -> inbox_list.InboxPage:
    ours = clinic()
    return inbox_list.read_page(
        ours,
        connection,
        view=_view(),
        user_id=person().user_id,
        after=request.values.get("after") or None,
        now=ours.clock(),
        locations=person().locations,
        sieve=sieve_now(),
        had=had,
    )


def list_at() -> str:
    """The address of the list as it is shown now."""
    where: dict[str, Any] = {"view": str(view_now()), **sieve_now().asked()}
    return url_for("console.inbox", **where)


def conversation_at(conversation_id: str, done: str | None = None) -> str:
    """The address of a conversation beside the list as it is shown now; `done` is what may be taken back there."""
    where: dict[str, Any] = {"view": str(view_now()), **sieve_now().asked(), "done": done}
    return url_for("console.conversation", conversation_id=conversation_id, **where)


def sieve_now() -> Sieve:
    """What the view is narrowed to."""
    return Sieve.read(request.values)


def _tools(connection: Connection) -> Tools:
    """What stands above the list, on whole pages only."""
    return Tools(
        colleagues=sieve.colleagues(connection),
        locations=sieve.locations(connection, person().locations),
        saved=sieve.saved_views(connection, person().user_id),
    )


def _before(connection: Connection) -> str | None:
    """Where the shown part of a conversation ends: before a message, or so that the found one is among those shown."""
    found = request.args.get("at")
    if found:
        return search.page_with(connection, found, after=LATER_SHOWN)
    return request.values.get("before")


def _view() -> View:
    try:
        return View(request.values.get("view", View.OPEN))
    except ValueError:
        return View.OPEN


def _unseen(thread: Thread, moved: Moved | None) -> list[Any]:
    return [line for line in thread.lines if line.id in moved.message_ids] if moved is not None else []
