"""What a coordinator does in a conversation: claim, reply, take back, note, settle a visit, resolve, release."""

from __future__ import annotations

from typing import assert_never

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from bot.core.people import Participation
from bot.services import inbox as services
from bot.services import inbox_reply, inbox_snooze, inbox_visits
from bot.services.inbox import Change, Closed, Done, Gone, HeldBy, Unseen
from bot.services.inbox_reply import LONGEST, Blocked, Moved, Night, NoTime, Unfit, Written
from bot.services.inbox_snooze import NotNow, Snoozed
from bot.store.columns import AnyRow
from bot.store.queries import inbox as queries
from bot.web.console import snoozing, undoing
from bot.web.console.guard import HOME, is_live, link, person
from bot.web.console.inbox import conversation_at, show
from bot.web.console.language import say
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes; every one of them is a form's."""
    for rule, view in (
        ("/conversations/<conversation_id>/claim", claim),
        ("/conversations/<conversation_id>/release", release),
        ("/conversations/<conversation_id>/reply", reply),
        ("/conversations/<conversation_id>/notes", add_note),
        ("/messages/<message_id>/undo", undo),
        ("/escalations/<escalation_id>/claim", claim_escalation),
        ("/escalations/<escalation_id>/release", release_escalation),
        ("/escalations/<escalation_id>/resolve", resolve),
        ("/escalations/<escalation_id>/answer", answer_visit),
        ("/escalations/<escalation_id>/snooze", snooze),
        ("/escalations/<escalation_id>/wake", wake),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


def claim(conversation_id: str) -> ResponseReturnValue:
    """Take the conversation; the bot is silent in it from now on."""
    ours = clinic()
    outcome = services.claim_conversation(
        ours, conversation_id=conversation_id, actor_id=person().user_id, now=ours.clock()
    )
    with ours.database.read() as connection:
        mine = undoing.claimed_in(connection, conversation_id, person().user_id)
    return _changed(outcome, conversation_id, done=mine[0].id if mine else None)


def release(conversation_id: str) -> ResponseReturnValue:
    """Hand the conversation back; a supervisor hands back anybody's."""
    ours = clinic()
    outcome = services.release_conversation(
        ours,
        conversation_id=conversation_id,
        actor_id=person().user_id,
        now=ours.clock(),
        force=person().is_supervisor,
    )
    return _changed(outcome, conversation_id)


def claim_escalation(escalation_id: str) -> ResponseReturnValue:
    """Take one escalation, also one that stands in no conversation."""
    row = _escalation(escalation_id)
    ours = clinic()
    outcome = services.claim(ours, escalation_id=escalation_id, actor_id=person().user_id, now=ours.clock())
    return _changed(outcome, row.conversation_id, row.patient_id, done=escalation_id)


def release_escalation(escalation_id: str) -> ResponseReturnValue:
    """Hand one escalation back."""
    row = _escalation(escalation_id)
    ours = clinic()
    outcome = services.release(
        ours,
        escalation_id=escalation_id,
        actor_id=person().user_id,
        now=ours.clock(),
        force=person().is_supervisor,
    )
    return _changed(outcome, row.conversation_id, row.patient_id)


def resolve(escalation_id: str) -> ResponseReturnValue:
    """Close one escalation."""
    row = _escalation(escalation_id)
    ours, outcome = clinic(), request.form.get("outcome", "handled")
    changed = services.resolve(
        ours,
        escalation_id=escalation_id,
        actor_id=person().user_id,
        now=ours.clock(),
        outcome=outcome if outcome in services.OUTCOMES else "handled",
        force=person().is_supervisor,
        seen=request.form.get("seen"),
    )
    if isinstance(changed, Unseen):
        return _unseen(row.conversation_id)
    return _changed(changed, row.conversation_id, row.patient_id, done=escalation_id)


def snooze(escalation_id: str) -> ResponseReturnValue:
    """Put one escalation out of sight until a time of the menu, or one that was typed."""
    row, ours = _escalation(escalation_id), clinic()
    now = ours.clock()
    until = snoozing.until(
        request.form.get("until", ""), request.form.get("at", ""), now, ours.settings.clinic_timezone,
        ours.settings.office,
    )  # fmt: skip
    if until is None:
        return _refused_snooze(row, say("Choose a time that is still to come."))
    outcome = inbox_snooze.snooze(ours, escalation_id=escalation_id, until=until, actor_id=person().user_id, now=now)
    match outcome:
        case Snoozed():
            return _back(row.conversation_id, row.patient_id)
        case NotNow(emergency=True):
            return _refused_snooze(row, say("An emergency cannot be snoozed."))
        case NotNow():
            return _refused_snooze(row, say("Choose a time that is still to come, within thirty days."))
        case _:
            return _changed(outcome, row.conversation_id, row.patient_id)


def wake(escalation_id: str) -> ResponseReturnValue:
    """Bring a snoozed escalation back in sight."""
    row, ours = _escalation(escalation_id), clinic()
    outcome = inbox_snooze.wake(ours, escalation_id=escalation_id, actor_id=person().user_id, now=ours.clock())
    if isinstance(outcome, Snoozed):
        return _back(row.conversation_id, row.patient_id)
    return _changed(outcome, row.conversation_id, row.patient_id)


def _refused_snooze(row: AnyRow, words: str) -> ResponseReturnValue:
    if row.conversation_id is None:
        abort(422, words)
    return show(row.conversation_id, status=422, notice=words)


def reply(conversation_id: str) -> ResponseReturnValue:
    """Send the patient one's own words, now or at a time of the clinic's clock."""
    ours, body, typed = clinic(), request.form.get("body", ""), request.form.get("at", "")
    anyway, choice = request.form.get("anyway") == "yes", request.form.get("when", "")
    settings, later = ours.settings, None
    if choice:
        later = snoozing.until(choice, typed, ours.clock(), settings.clinic_timezone, settings.office)
        if later is None:
            return show(conversation_id, status=422, draft=body, notice=_no_time())
    outcome = inbox_reply.reply(
        ours,
        conversation_id=conversation_id,
        actor_id=person().user_id,
        body=body,
        now=ours.clock(),
        seen=None if anyway else request.form.get("seen"),
        later=later,
        at_night=request.form.get("night") == "yes",
    )
    match outcome:
        case Written():
            return _back(conversation_id)
        case Night():
            return show(conversation_id, status=409, draft=body, night=outcome, typed_at=typed, later=bool(choice))
        case NoTime():
            return show(conversation_id, status=422, draft=body, notice=_no_time())
        case Gone():
            raise NotFound
        case HeldBy(name=name):
            words = say("Not sent: %(name)s has this conversation.", name=name)
            return show(conversation_id, status=409, draft=body, notice=words)
        case Moved():
            return show(conversation_id, status=409, draft=body, moved=outcome)
        case Blocked():
            return show(conversation_id, status=409, draft=body)
        case Unfit(length):
            return show(conversation_id, status=422, draft=body, notice=_unfit(length, "reply"))
        case _:
            assert_never(outcome)


def undo(message_id: str) -> ResponseReturnValue:
    """Take a reply back within its first seconds; its words return to the text box."""
    ours = clinic()
    conversation_id = request.form.get("conversation", "")
    body = inbox_reply.undo(ours, message_id=message_id, actor_id=person().user_id, now=ours.clock())
    if body is None:
        return show(conversation_id, status=409, notice=say("It has gone out already."))
    return show(conversation_id, draft=body, said=say("Taken back. Nothing was sent."))


def add_note(conversation_id: str) -> ResponseReturnValue:
    """Keep a note for colleagues."""
    ours, body = clinic(), request.form.get("body", "")
    outcome = inbox_reply.add_note(
        ours, conversation_id=conversation_id, actor_id=person().user_id, body=body, now=ours.clock()
    )
    return _noted(outcome, conversation_id, body)


def answer_visit(escalation_id: str) -> ResponseReturnValue:
    """Set the patient's answer about the visit that an escalation is about."""
    row, ours = _escalation(escalation_id), clinic()
    try:
        response = Participation(request.form.get("response", ""))
    except ValueError:
        abort(400)
    if row.appointment_id is None:
        abort(404)
    outcome = inbox_visits.answer_visit(
        ours, appointment_id=row.appointment_id, response=response, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(outcome, Gone):
        abort(404)
    return _back(row.conversation_id, row.patient_id)


def _escalation(escalation_id: str) -> AnyRow:
    with clinic().database.read() as connection:
        row = queries.escalation(connection, escalation_id)
    if row is None:
        abort(404)
    return row


def _changed(
    outcome: Change, conversation_id: str | None, patient_id: str | None = None, *, done: str | None = None
) -> ResponseReturnValue:
    match outcome:
        case Done():
            return _back(conversation_id, patient_id, done)
        case Gone():
            abort(404)
        case Closed():
            words = say("This is resolved already.")
        case HeldBy(name=name):
            words = say("%(name)s has this already.", name=name)
    if conversation_id is None:
        abort(409, words)
    return show(conversation_id, status=409, notice=words)


def _unseen(conversation_id: str) -> ResponseReturnValue:
    words = say("Not resolved: the patient has written since you opened this. Read it first.")
    return show(conversation_id, status=409, notice=words)


def _noted(outcome: str | Unfit | Gone, conversation_id: str, draft: str) -> ResponseReturnValue:
    if isinstance(outcome, Gone):
        abort(404)
    if isinstance(outcome, Unfit):
        return show(conversation_id, status=422, note_draft=draft, notice=_unfit(outcome.length, "note"))
    return _back(conversation_id)


def _unfit(length: int, what: str) -> str:
    if length:
        return say("Too long: at most %(most)s characters.", most=f"{LONGEST:,}")
    return (
        say("Write something first: the note is empty.")
        if what == "note"
        else say("Write something first: the reply is empty.")
    )


def _no_time() -> str:
    return say("Choose a time that is still to come, within thirty days.")


def _back(
    conversation_id: str | None, patient_id: str | None = None, done: str | None = None
) -> ResponseReturnValue | Response:
    if conversation_id is None:
        return redirect(url_for("console.patient", patient_id=patient_id) if patient_id else link(HOME), 303)
    if is_live():
        return show(conversation_id, done=done)
    return redirect(conversation_at(conversation_id, done), 303)
