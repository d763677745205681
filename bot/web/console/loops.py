"""Loops: what is overdue and ours to do, and one loop with its history and what staff may report of it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.journeys import discover
from bot.services import audit, loop_pages, set_aside_pages
from bot.services.loops.moving import NoSuchLoop, happened
from bot.web.console import loop_words
from bot.web.console.guard import person
from bot.web.console.language import say
from bot.web.current import clinic

LONGEST_EVENT = 48


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/loops", view_func=loops)
    blueprint.add_url_rule("/loops/<loop_id>", view_func=loop)
    blueprint.add_url_rule("/loops/<loop_id>/report", view_func=loop_report, methods=["POST"])
    blueprint.add_url_rule("/loops/<loop_id>/owner", view_func=loop_owner, methods=["POST"])


def loops() -> ResponseReturnValue:
    """One view of them, a page at a time."""
    ours, someone = clinic(), person()
    now = ours.clock()
    view = request.args.get("view", "")
    journey = request.args.get("journey", "")
    with ours.database.read() as connection:
        counts = {**loop_pages.counts(connection, someone.locations, now)}
        counts["aside"] = set_aside_pages.count(connection, someone.locations)
        if view == "aside":
            aside = set_aside_pages.listed(ours, connection, someone.locations, request.args.get("after"))
            return render_template("console/loops_aside.html", page=aside, view=view, counts=counts, said=loop_words)
        # Whoever comes in the morning sees what is late; where nothing is, what is to be done.
        if view not in loop_pages.VIEWS:
            view = "overdue" if counts["overdue"] else "office"
        page = loop_pages.listed(
            ours,
            connection,
            view=view,
            journey=journey if journey in discover() else None,
            locations=someone.locations,
            after=request.args.get("after"),
            now=now,
        )
    return render_template(
        "console/loops.html",
        page=page,
        view=view,
        journey=journey,
        counts=counts,
        said=loop_words,
        journeys=sorted(name for name, one in discover().items() if one.staff),
    )


def loop(loop_id: str) -> ResponseReturnValue:
    """One of them."""
    ours, someone = clinic(), person()
    with ours.database.begin() as connection:
        found = loop_pages.whole(ours, connection, loop_id)
        if found is None:
            abort(404)
        audit.record(
            connection, at=ours.clock(), actor=someone.user_id, action="loop.view", object_type="loop",
            object_id=loop_id,
        )  # fmt: skip
    return render_template("console/loop.html", whole=found, said=loop_words)


def loop_report(loop_id: str) -> ResponseReturnValue:
    """Staff report something about it."""
    ours, someone = clinic(), person()
    with ours.database.read() as connection:
        found = loop_pages.whole(ours, connection, loop_id)
    if found is None:
        abort(404)
    event = request.form.get("event", "")[:LONGEST_EVENT]
    offered = dict(loop_words.buttons(found.row.journey, found.row.step))
    if event not in offered:
        flash(say("That no longer fits: somebody has moved this on meanwhile."))
        return redirect(url_for("console.loop", loop_id=loop_id), 303)
    try:
        moved = happened(ours, loop_id, event, actor=someone.user_id, now=ours.clock())
    except NoSuchLoop:
        abort(404)
    told = say("Noted: %(what)s.", what=offered[event])
    flash(told if moved else say("%(what)s It changes nothing where this stands.", what=told))
    return redirect(url_for("console.loop", loop_id=loop_id), 303)


def loop_owner(loop_id: str) -> ResponseReturnValue:
    """Take it on, or hand it back."""
    ours, someone = clinic(), person()
    mine = request.form.get("mine") == "yes"
    owner_id = someone.user_id if mine else None
    if not loop_pages.own(ours, loop_id=loop_id, owner_id=owner_id, actor_id=someone.user_id, now=ours.clock()):
        abort(404)
    flash(say("You see to this from now on.") if mine else say("Nobody sees to this by name now."))
    return redirect(url_for("console.loop", loop_id=loop_id), 303)
