"""What staff change on a patient's page: consent, language, status and phones. Every route is a form's."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bot.core.consent import EVERY_PROGRAM
from bot.core.people import ConsentBasis, PatientStatus, Relation, Scope
from bot.services import patient_contacts, patient_record
from bot.services.inbox import Gone
from bot.services.patient_contacts import RANKS, Done, Fault, Wish
from bot.services.patient_record import SETTABLE, Unfit
from bot.web.console import words
from bot.web.console.guard import person
from bot.web.console.language import Said, say
from bot.web.console.patients import show
from bot.web.console.story import STATUSES, program
from bot.web.current import clinic

Word = TypeVar("Word", bound=StrEnum)

FAULTS: Said[StrEnum] = Said(
    {
        Fault.PHONE: "That is no phone number that can be texted.",
        Fault.KNOWN: "This phone is on the record already.",
        Fault.EVIDENCE: "Say how you know: who told whom, when, or which form was signed.",
        Unfit.LANGUAGE: "There are no texts in this language.",
        Unfit.MOVED: "Somebody has changed this meanwhile. Look again.",
    }
)
STATUS_SAID: Said[PatientStatus] = Said(
    {
        PatientStatus.ACTIVE: "Active again. Consent stands as it stood before.",
        PatientStatus.WRONG_NUMBER: "Marked as wrong number: no texts about this patient go out.",
        PatientStatus.DECEASED: "Marked as deceased: no texts about this patient go out.",
    }
)


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    where = "/patients/<path:patient_id>"
    for rule, view in (
        ("/consent", change_consent),
        ("/language", patient_language),
        ("/status", patient_status),
        ("/contacts", add_contact),
        ("/contacts/<contact_point_id>", change_contact),
        ("/contacts/<contact_point_id>/link", link_contact),
        ("/contacts/<contact_point_id>/safety", mark_number),
    ):
        blueprint.add_url_rule(where + rule, view_func=view, methods=["POST"])


def change_consent(patient_id: str) -> ResponseReturnValue:
    """Stop the patient's texts, or one kind of them, as told to staff; or restart them by a signed form."""
    ours, change, which = clinic(), request.form.get("change"), request.form.get("program") or EVERY_PROGRAM
    if change not in ("stop", "restart") or which not in (EVERY_PROGRAM, *patient_record.programs()):
        abort(400)
    act = patient_record.stop_texts if change == "stop" else patient_record.restart_texts
    evidence = request.form.get("evidence", "")
    done = act(
        ours, patient_id=patient_id, evidence=evidence, actor_id=person().user_id, now=ours.clock(), program=which
    )
    if isinstance(done, Gone):
        abort(404)
    if not done:
        return show(patient_id, status=422, error=FAULTS[Fault.EVIDENCE])
    if which != EVERY_PROGRAM:
        stopped = say("%(program)s: stopped.", program=program(which))
        return _said(patient_id, stopped if change == "stop" else say("The signed form is on record."))
    return _said(patient_id, say("Texts are stopped.") if change == "stop" else say("The signed form is on record."))


def patient_language(patient_id: str) -> ResponseReturnValue:
    """Text the patient in another language."""
    ours, language = clinic(), request.form.get("language", "")
    done = patient_record.set_language(
        ours, patient_id=patient_id, language=language, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(done, Gone):
        abort(404)
    if isinstance(done, Unfit):
        return show(patient_id, status=422, error=FAULTS[done])
    return _said(patient_id, say("Texts written from now on are in %(language)s.", language=words.language(language)))


def patient_status(patient_id: str) -> ResponseReturnValue:
    """Mark the number as wrong or the patient as deceased, or take that back."""
    ours = clinic()
    status, was = _word(PatientStatus, "status"), _word(PatientStatus, "was")
    if status not in SETTABLE:
        abort(400)
    done = patient_record.set_status(
        ours, patient_id=patient_id, status=status, was=was, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(done, Gone):
        abort(404)
    if done is Unfit.MOVED:
        return show(patient_id, status=409, error=FAULTS[Unfit.MOVED])
    return _said(patient_id, STATUS_SAID[status] if status in STATUS_SAID else STATUSES[status])


def add_contact(patient_id: str) -> ResponseReturnValue:
    """Put a phone on the record: the patient's own, or a caregiver's."""
    ours, agreed = clinic(), request.form.get("agreed", "")
    if agreed not in ("", ConsentBasis.FORM, ConsentBasis.STAFF):
        abort(400)
    done = patient_contacts.add(
        ours,
        patient_id=patient_id,
        phone=request.form.get("phone", ""),
        wish=_wish(),
        basis=ConsentBasis(agreed) if agreed else None,
        evidence=request.form.get("evidence", ""),
        actor_id=person().user_id,
        now=ours.clock(),
    )
    if isinstance(done, Gone):
        abort(404)
    if isinstance(done, Fault):
        return show(patient_id, status=422, error=FAULTS[done])
    return _said(patient_id, say("The phone is on the record.") + _stays(done))


def change_contact(patient_id: str, contact_point_id: str) -> ResponseReturnValue:
    """Whose phone it is, what may be said there, and when it is tried."""
    ours = clinic()
    done = patient_contacts.change(
        ours, patient_id=patient_id, contact_point_id=contact_point_id, wish=_wish(), actor_id=person().user_id,
        now=ours.clock(),
    )  # fmt: skip
    if isinstance(done, Gone):
        abort(404)
    return _said(patient_id, say("Saved."))


def link_contact(patient_id: str, contact_point_id: str) -> ResponseReturnValue:
    """Take a phone off the record, or up again."""
    ours, change = clinic(), request.form.get("change")
    if change not in ("end", "renew"):
        abort(400)
    act = patient_contacts.end if change == "end" else patient_contacts.renew
    done = act(
        ours, patient_id=patient_id, contact_point_id=contact_point_id, actor_id=person().user_id, now=ours.clock()
    )
    if isinstance(done, Gone):
        abort(404)
    if change == "end":
        return _said(patient_id, say("Nothing about this patient goes to that phone any more."))
    return _said(patient_id, say("The phone is on the record.") + _stays(done))


def mark_number(patient_id: str, contact_point_id: str) -> ResponseReturnValue:
    """Mark the number as not safe to text, or as safe again."""
    ours, change = clinic(), request.form.get("change")
    if change not in ("unsafe", "safe"):
        abort(400)
    done = patient_contacts.mark_number(
        ours, patient_id=patient_id, contact_point_id=contact_point_id, safe=change == "safe",
        actor_id=person().user_id, now=ours.clock(),
    )  # fmt: skip
    if isinstance(done, Gone):
        abort(404)
    if change == "unsafe":
        return _said(patient_id, say("Nothing goes to this number any more, about anybody."))
    return _said(patient_id, say("This number may be texted again.") + _stays(done))


def _wish() -> Wish:
    try:
        rank = int(request.form.get("rank", "2"))
    except ValueError:
        abort(400)
    if rank not in RANKS:
        abort(400)
    return Wish(relation=_word(Relation, "relation"), scope=_word(Scope, "scope"), rank=rank)


def _word(kind: type[Word], field: str) -> Word:
    try:
        return kind(request.form.get(field, ""))
    except ValueError:
        abort(400)


def _stays(done: Done) -> str:
    if done is not Done.STAYS_STOPPED:
        return ""
    return " " + say("Texts stay stopped there: an opt-out is on record, and only START or a signed form undoes it.")


def _said(patient_id: str, told: str) -> ResponseReturnValue:
    flash(told)
    return redirect(url_for("console.patient", patient_id=patient_id), 303)
