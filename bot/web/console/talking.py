"""What goes on around a conversation: who is writing, replies kept for later, calls, and what is set right."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bot.core.segments import GSM7_EXTENDED, GSM7_SINGLE, UCS2_SINGLE, Encoding, encoding, segments
from bot.services import inbox_later, inbox_patient, inbox_visits, presence
from bot.services.inbox import Gone, HeldBy
from bot.services.inbox_reply import LONGEST, Night, Unfit, Written
from bot.store.queries import inbox as queries
from bot.store.queries import threads
from bot.web.console import words
from bot.web.console.guard import is_live, person
from bot.web.console.inbox import show, view_now
from bot.web.console.language import Said, say, say_count
from bot.web.console.speakers import HELD_BY, STATUSES, role, speaker
from bot.web.current import clinic

CALLS: Final = Said(
    {
        "reached": "Reached",
        "message": "Left a message",
        "no-answer": "No answer",
    }
)
CALLED: Final = {"reached": "Reached.", "message": "Left a message.", "no-answer": "No answer."}
"""The same as it stands in the note, which everybody reads in one language."""


def install(blueprint: Blueprint) -> None:
    """Add the routes, and what the templates of a conversation ask for."""
    talk = "/conversations/<conversation_id>"
    for rule, view in (
        (f"{talk}/calls", log_call),
        (f"{talk}/calls/<note_id>/undo", take_call_back),
        (f"{talk}/language", speak),
        (f"{talk}/wrong-number", wrong_number),
        (f"{talk}/typing", typing),
        ("/messages/<message_id>/send-now", send_now),
        ("/count", count),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])
    blueprint.context_processor(_names)


def _names() -> dict[str, object]:
    home = clinic().settings.clinic_timezone
    return {
        "CALLS": CALLS,
        "HELD_BY": HELD_BY,
        "STATUSES": STATUSES,
        "counted": counted,
        "home_zone": home,
        "role": role,
        "speaker": speaker,
        "spoken": spoken,
        "tag_of": tag_of,
    }


def tag_of(tag: str) -> str | None:
    """The catalogue that serves a language."""
    return clinic().texts.supports(tag)


def spoken() -> list[tuple[str, str]]:
    """The languages that texts are written in, by name. Asked for by the pages that offer them, not by every page."""
    tags = clinic().texts.languages()
    return sorted(((tag, words.language(tag)) for tag in tags), key=lambda pair: pair[1])


def counted(body: str) -> str:
    """How a text travels, by the rule that the sender goes by."""
    text = body.replace("\r\n", "\n").strip()
    parts = segments(text)
    if not parts:
        return ""
    told = say_count("%(num)s segment", "%(num)s segments", parts)
    plain = encoding(text) is Encoding.GSM7
    left = (GSM7_SINGLE if plain else UCS2_SINGLE) - _length(text, plain=plain)
    if parts == 1:
        told += " · " + say("%(left)s left", left=left)
    return told if plain else f"{told} · Unicode"


def _length(text: str, *, plain: bool) -> int:
    if plain:
        return len(text) + sum(text.count(character) for character in GSM7_EXTENDED)
    return len(text.encode("utf-16-le")) // 2


def count() -> ResponseReturnValue:
    """What the words in the reply box come to."""
    return counted(request.form.get("body", "")[: 2 * LONGEST]), {"Content-Type": "text/plain; charset=utf-8"}


def typing(conversation_id: str) -> ResponseReturnValue:
    """A key was pressed in the conversation: colleagues see it, and a claim is not idle."""
    ours = clinic()
    with ours.database.read() as connection:
        if threads.conversation(connection, conversation_id) is None:
            abort(404)
    presence.here(ours, conversation_id=conversation_id, user_id=person().user_id, now=ours.clock(), writing=True)
    return "", 204


def send_now(message_id: str) -> ResponseReturnValue:
    """Send what was kept for later."""
    ours = clinic()
    with ours.database.read() as connection:
        conversation_id = queries.conversation_of(connection, message_id)
    if conversation_id is None:
        abort(404)
    outcome = inbox_later.send_now(
        ours, message_id=message_id, actor_id=person().user_id, now=ours.clock(),
        at_night=request.form.get("night") == "yes",
    )  # fmt: skip
    match outcome:
        case Written():
            return _told(conversation_id, "")
        case Night():
            return show(conversation_id, status=409, notice=say("Not sent: it is night there. Tick that it may go."))
        case HeldBy(name=name):
            return show(conversation_id, status=409, notice=say("%(name)s has this already.", name=name))
        case _:
            return show(conversation_id, status=409, notice=say("It has gone out already, or was taken back."))


def log_call(conversation_id: str) -> ResponseReturnValue:
    """Note that the patient was called, and what came of it."""
    ours, outcome = clinic(), request.form.get("outcome", "")
    note_id = inbox_visits.log_call(
        ours, conversation_id=conversation_id, actor_id=person().user_id, now=ours.clock(),
        words=CALLED.get(outcome, ""),
    )  # fmt: skip
    if isinstance(note_id, Gone | Unfit):
        abort(404)
    told = say("Call logged.") if outcome not in CALLS else say("Call logged: %(outcome)s.", outcome=CALLS[outcome])
    back = url_for("console.take_call_back", conversation_id=conversation_id, note_id=note_id)
    return _told(conversation_id, told, (back, "", ""))


def take_call_back(conversation_id: str, note_id: str) -> ResponseReturnValue:
    """There was no call."""
    ours = clinic()
    outcome = inbox_patient.take_call_back(
        ours, conversation_id=conversation_id, note_id=note_id, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(outcome, Gone):
        abort(404)
    return _told(conversation_id, say("Taken back."))


def speak(conversation_id: str) -> ResponseReturnValue:
    """Another language for the patient that the conversation is about."""
    ours, language = clinic(), request.form.get("language", "")
    if ours.texts.supports(language) is None:
        abort(400)
    outcome = inbox_patient.speak(
        ours, patient_id=_patient(conversation_id), language=language, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(outcome, Gone):
        abort(404)
    told = say("Texts go out in %(language)s now.", language=words.language(language))
    if outcome == language or ours.texts.supports(outcome) is None:
        return _told(conversation_id, told)
    here = url_for("console.speak", conversation_id=conversation_id)
    return _told(conversation_id, told, (here, "language", outcome))


def wrong_number(conversation_id: str) -> ResponseReturnValue:
    """The phone is not the patient's, or is after all."""
    ours, wrong = clinic(), request.form.get("wrong") != "no"
    outcome = inbox_patient.wrong_number(
        ours, patient_id=_patient(conversation_id), wrong=wrong, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(outcome, Gone):
        abort(404)
    if not wrong:
        return _told(conversation_id, say("The number is the patient’s again."))
    told = say("Marked as a wrong number: nothing more goes out about this patient.")
    here = url_for("console.wrong_number", conversation_id=conversation_id)
    return _told(conversation_id, told, (here, "wrong", "no"))


def _told(conversation_id: str, words: str, back: tuple[str, str, str] | None = None) -> ResponseReturnValue:
    """The conversation with what was done in it, and the form that takes it back."""
    if is_live():
        return show(conversation_id, said=words, back=back)
    return redirect(url_for("console.conversation", conversation_id=conversation_id, view=view_now()), 303)


def _patient(conversation_id: str) -> str:
    """The patient that the form names, if they are on this phone."""
    with clinic().database.read() as connection:
        row = threads.conversation(connection, conversation_id)
        people = threads.people(connection, row.contact_point_id) if row is not None else ()
        about = threads.subject(connection, conversation_id, people)
    named = request.form.get("patient_id") or about
    if named is None or named not in {one.patient_id for one in people}:
        abort(404)
    return str(named)
