"""Canned replies: everybody reads them, supervisors write them, and the reply box offers them filled in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.services import canned as services
from bot.services.canned import Fault, Field, Offer, Refused
from bot.services.inbox_thread import Thread
from bot.services.merging import values_for
from bot.web.console.guard import SUPERVISORS, only, person
from bot.web.console.language import Said, say
from bot.web.current import clinic

FAULTS: Final = Said(
    {
        Fault.SHORTCUT: "A shortcut is 1 to 32 small letters, digits or hyphens, such as directions.",
        Fault.TAKEN: "Another reply has the shortcut /%(about)s already.",
        Fault.TITLE: "A title has 1 to 80 characters.",
        Fault.BODY: "A text has 1 to 1,600 characters.",
        Fault.UNKNOWN_FIELD: "There is no field %(about)s. There are {given_name}, {visit}, {clinic} and {phone}.",
        Fault.FIELDS_DIFFER: "The translation needs the same fields as the English text: %(about)s.",
        Fault.REVIEWER: "An approval needs a name, a qualification and a day that is not in the future.",
        Fault.GONE: "It is not there any more.",
    }
)
MISSING: Final = Said(
    {
        Field.GIVEN_NAME: "no name of the person at this phone is on file",
        Field.VISIT: "no visit lies ahead",
        Field.CLINIC: "the clinic’s name is not set",
        Field.PHONE: "the clinic’s phone is not set",
    }
)


def install(blueprint: Blueprint) -> None:
    """Add the routes, and what the reply box asks for."""
    blueprint.add_url_rule("/canned", view_func=canned)
    blueprint.add_url_rule("/canned/new", view_func=canned_new, methods=["GET", "POST"])
    blueprint.add_url_rule("/canned/<reply_id>", view_func=canned_reply)
    for rule, view in (("save", canned_save), ("switch", canned_switch), ("text", canned_text), ("ok", canned_ok)):
        blueprint.add_url_rule(f"/canned/<reply_id>/{rule}", view_func=view, methods=["POST"])
    blueprint.context_processor(lambda: NAMES)


def introduction() -> str:
    """Who writes, in words for the patient: as everything else is, until somebody qualified has approved another."""
    return f"This is {person().name or person().email} from {clinic().settings.clinic_name}."


def in_their_words(offer: Offer, thread: Thread) -> bool:
    """Whether it is in the language that the patient reads."""
    spoken = thread.patient.language if thread.patient is not None else services.SOURCE
    return clinic().texts.supports(spoken) == offer.language


def offers_for(thread: Thread) -> Sequence[Offer]:
    """What the reply box of this conversation offers."""
    ours = clinic()
    spoken = thread.patient.language if thread.patient is not None else None
    language = (ours.texts.supports(spoken) if spoken else None) or services.SOURCE
    values = {tag: values_for(ours, thread, tag, ours.clock()) for tag in {language, services.SOURCE}}
    with ours.database.read() as connection:
        return services.offers(connection, language, values)


def filled_in(thread: Thread, reply_id: str) -> tuple[str, str]:
    """The words of one offer for the reply box, and what to say about it where there are none."""
    offer = next((offer for offer in offers_for(thread) if offer.id == reply_id), None)
    if offer is None:
        return "", say("That canned reply is not there any more.")
    if offer.missing:
        return "", say("/%(shortcut)s cannot be used here: %(why)s.", shortcut=offer.shortcut, why=why(offer))
    return offer.body, ""


def why(offer: Offer) -> str:
    """What is missing, in words."""
    return ", ".join(MISSING[field] for field in offer.missing)


NAMES: Final = {
    "canned_offers": offers_for,
    "in_their_words": in_their_words,
    "introduction": introduction,
    "missing_words": why,
}


def canned() -> ResponseReturnValue:
    """All of them."""
    with clinic().database.read() as connection:
        found = services.all_of(connection)
    return render_template("console/canned.html", replies=found, languages=_languages())


@only(*SUPERVISORS)
def canned_new() -> ResponseReturnValue:
    """One more."""
    if request.method == "GET":
        return render_template("console/canned_new.html", form={})
    outcome = _save(None)
    if isinstance(outcome, Refused):
        return render_template("console/canned_new.html", form=request.form, error=_told(outcome)), 422
    return _done(outcome, say("Added."))


def canned_reply(reply_id: str) -> ResponseReturnValue:
    """One of them in every language."""
    return _page(reply_id)


@only(*SUPERVISORS)
def canned_save(reply_id: str) -> ResponseReturnValue:
    """Other English words, another title or shortcut."""
    return _answered(_save(reply_id), reply_id, say("Saved."))


@only(*SUPERVISORS)
def canned_switch(reply_id: str) -> ResponseReturnValue:
    """Offer it, or no longer."""
    ours, active = clinic(), request.form.get("active") == "yes"
    outcome = services.switch(ours, reply_id=reply_id, active=active, actor_id=person().user_id, now=ours.clock())
    return _answered(outcome, reply_id, say("It is offered again.") if active else say("It is offered no longer."))


@only(*SUPERVISORS)
def canned_text(reply_id: str) -> ResponseReturnValue:
    """Its words in another language."""
    ours = clinic()
    outcome = services.translate(
        ours, reply_id=reply_id, language=_language(), body=request.form.get("body", ""), actor_id=person().user_id,
        now=ours.clock(),
    )  # fmt: skip
    return _answered(outcome, reply_id, say("Saved. It is used once somebody qualified has approved it."))


@only(*SUPERVISORS)
def canned_ok(reply_id: str) -> ResponseReturnValue:
    """Somebody qualified stands behind the words in that language."""
    ours = clinic()
    try:
        on = date.fromisoformat(request.form.get("on", ""))
    except ValueError:
        return _answered(Refused(Fault.REVIEWER), reply_id, "")
    outcome = services.approve(
        ours, reply_id=reply_id, language=_language(), reviewer=request.form.get("reviewer", ""),
        qualification=request.form.get("qualification", ""), on=on, actor_id=person().user_id, now=ours.clock(),
    )  # fmt: skip
    return _answered(outcome, reply_id, say("Approved. Patients of that language get it from now on."))


def _save(reply_id: str | None) -> str | Refused:
    ours, form = clinic(), request.form
    return services.save(
        ours, reply_id=reply_id, shortcut=form.get("shortcut", ""), title=form.get("title", ""),
        body=form.get("body", ""), actor_id=person().user_id, now=ours.clock(),
    )  # fmt: skip


def _answered(outcome: str | Refused, reply_id: str, words: str) -> ResponseReturnValue:
    if isinstance(outcome, str):
        return _done(reply_id, words)
    return _page(reply_id, error=_told(outcome), typed=request.form), 422


def _page(reply_id: str, **shown: Any) -> str:
    with clinic().database.read() as connection:
        found = services.one(connection, reply_id)
    if found is None:
        abort(404)
    return render_template("console/canned_reply.html", reply=found, languages=_languages(), **shown)


def _done(reply_id: str, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("console.canned_reply", reply_id=reply_id), 303)


def _told(refused: Refused) -> str:
    return FAULTS[refused.fault] % {"about": refused.about}


def _languages() -> Sequence[str]:
    return [tag for tag in clinic().texts.languages() if tag != services.SOURCE]


def _language() -> str:
    language = request.form.get("language", "")
    if language not in _languages():
        abort(400)
    return language
