"""Several rows of the inbox at once: asked once, answered row by row, and taken back within seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from bot.services import inbox_bulk, inbox_undo
from bot.services.inbox import Gone, HeldBy
from bot.services.inbox_bulk import MOST, Act, Fate, Order, Pick, Result
from bot.services.inbox_list import Item
from bot.services.inbox_undo import NotTheirs
from bot.store.queries import inbox as queries
from bot.web.console import snoozing, undoing
from bot.web.console.guard import is_live, person
from bot.web.console.inbox import conversation_at, list_at, page_now, show
from bot.web.console.language import Said, say, say_count
from bot.web.console.undoing import Offer
from bot.web.current import clinic

FATES: Final = Said(
    {
        Fate.DONE: "done",
        Fate.HELD: "%(name)s has it",
        Fate.UNSEEN: "the patient has written since: read it first",
        Fate.EMERGENCY: "an emergency: open it and see to it by itself",
        Fate.UNABLE: "that colleague may not have it",
        Fate.CLOSED: "resolved already",
        Fate.GONE: "not there, or not for you to see",
        Fate.LATE: "something else has happened to it since",
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """A result beside the name it belongs to."""

    item: Item | None
    words: str
    done: bool


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    for rule, view in (
        ("/bulk", bulk),
        ("/bulk/undo", bulk_undo),
        ("/undo", undo_last),
        ("/escalations/<escalation_id>/reopen", reopen),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


def bulk() -> ResponseReturnValue:
    """Ask whether to do it to all that were selected; once that is said, do it and say what became of each."""
    ours = clinic()
    now = ours.clock()
    picks = _picks(request.form.getlist("pick"))
    if not picks:
        return _answer(error=say("Select somebody first: tick the boxes of the rows, or press x on one.")), 422
    order = _order(now)
    if order is None:
        return _answer(error=say("Choose what is to be done, and a time that is still to come.")), 422
    with ours.database.read() as connection:
        items = inbox_bulk.picked(ours, connection, [pick.escalation_id for pick in picks], person().locations)
        to = queries.name_of(connection, order.to)
    if request.form.get("confirmed") != "yes":
        return _answer(asking=_question(order, len(picks), to), items=items, picks=request.form.getlist("pick")[:MOST])
    results = inbox_bulk.run(ours, order, picks, now=now)
    befores = [result.before for result in results if result.before is not None]
    note = undoing.note_of(befores, user_id=person().user_id, at=now) if befores else ""
    return _answer(rows=_rows(results, items), offer=Offer(_summary(results), note))


def bulk_undo() -> ResponseReturnValue:
    """Take back what was done to several."""
    ours = clinic()
    note = undoing.read_note(request.form.get("note", ""), user_id=person().user_id)
    if note is None:
        abort(400)
    done_at, befores = note
    results = inbox_bulk.take_back(ours, befores, actor_id=person().user_id, done_at=done_at, now=ours.clock())
    with ours.database.read() as connection:
        ids = [before.escalation_id for before in befores]
        items = inbox_bulk.picked(ours, connection, ids, person().locations)
    taken = sum(result.fate is Fate.DONE for result in results)
    words = say_count("%(num)s of %(all)s taken back.", "%(num)s of %(all)s taken back.", taken, all=len(results))
    return _answer(rows=_rows(results, items), offer=Offer(words, ""))


def undo_last() -> ResponseReturnValue:
    """Take back what was just done in a conversation."""
    ours = clinic()
    note = undoing.read_note(request.form.get("note", ""), user_id=person().user_id)
    if note is None or not note[1]:
        abort(400)
    done_at, befores = note
    results = inbox_bulk.take_back(ours, befores, actor_id=person().user_id, done_at=done_at, now=ours.clock())
    taken = all(result.fate is Fate.DONE for result in results)
    return _shown(befores[0].escalation_id, "" if taken else say("Too late: it has moved on."))


def reopen(escalation_id: str) -> ResponseReturnValue:
    """Bring back what was resolved."""
    ours = clinic()
    outcome = inbox_undo.reopen(
        ours, escalation_id=escalation_id, actor_id=person().user_id, now=ours.clock(), force=person().is_supervisor
    )
    if isinstance(outcome, Gone):
        abort(404)
    words = say("Only who resolved it, or a supervisor, opens it again.")
    return _shown(escalation_id, words if isinstance(outcome, NotTheirs | HeldBy) else "")


def _shown(escalation_id: str, notice: str) -> ResponseReturnValue:
    with clinic().database.read() as connection:
        row = queries.escalation(connection, escalation_id)
    if row is None:
        abort(404)
    if row.conversation_id is None:
        if notice:
            abort(409, notice)
        return redirect(list_at(), 303)
    if is_live() or notice:
        return show(row.conversation_id, status=409 if notice else 200, notice=notice)
    return redirect(conversation_at(row.conversation_id), 303)


def _picks(values: Sequence[str]) -> list[Pick]:
    picks: dict[str, Pick] = {}
    for value in values[:MOST]:
        escalation_id, _, heard = value.partition("~")
        try:
            moment = datetime.fromisoformat(heard) if heard else None
        except ValueError:
            continue
        if moment is None or moment.tzinfo is not None:
            picks[escalation_id] = Pick(escalation_id, moment)
    return list(picks.values())


def _order(now: datetime) -> Order | None:
    """What the form asks for: `mine`, `assign:<colleague>`, `resolve`, `release`, or `snooze:<how long>`."""
    who, ours = person(), clinic()
    asked, _, what = request.form.get("act", "").partition(":")
    order = Order(act=Act.ASSIGN, actor_id=who.user_id, force=who.is_supervisor, locations=who.locations)
    match asked:
        case "mine":
            return replace(order, to=who.user_id)
        case "assign" if what:
            return replace(order, to=what)
        case "resolve" | "release":
            return replace(order, act=Act(asked))
        case "snooze":
            until = snoozing.until(what, "", now, ours.settings.clinic_timezone, ours.settings.office)
            return replace(order, act=Act.SNOOZE, until=until) if until is not None else None
        case _:
            return None


def _question(order: Order, count: int, to: str) -> str:
    match order.act:
        case Act.ASSIGN if order.to == order.actor_id:
            return say_count("Take %(num)s conversation?", "Take %(num)s conversations?", count)
        case Act.ASSIGN:
            return say_count("Give %(num)s to %(name)s?", "Give %(num)s to %(name)s?", count, name=to)
        case Act.RESOLVE:
            return say_count("Resolve %(num)s conversation?", "Resolve %(num)s conversations?", count)
        case Act.SNOOZE:
            return say_count("Snooze %(num)s conversation?", "Snooze %(num)s conversations?", count)
        case Act.RELEASE:
            return say_count("Release %(num)s conversation?", "Release %(num)s conversations?", count)


def _summary(results: Sequence[Result]) -> str:
    done = sum(result.fate is Fate.DONE for result in results)
    return say_count("%(num)s of %(all)s done.", "%(num)s of %(all)s done.", done, all=len(results))


def _rows(results: Sequence[Result], items: Sequence[Item]) -> list[Row]:
    named = {item.id: item for item in items}
    return [
        Row(named.get(result.escalation_id), FATES[result.fate] % {"name": result.name}, result.fate is Fate.DONE)
        for result in results
    ]


def _answer(**shown: object) -> str:
    ours = clinic()
    with ours.database.read() as connection:
        page = page_now(connection)
    template = "console/bulked.html" if is_live() else "console/bulk.html"
    return render_template(template, page=page, view=page.view, **shown)
