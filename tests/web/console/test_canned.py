"""Canned replies: who writes them, what an approval is worth, and what the reply box makes of them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask

from bot.core.people import Relation
from bot.store.tables import AuditEntry, CannedReply, CannedText, PatientContact, Role
from tests.web.console.desk import Browser, Desk

Sit = Callable[[str], Browser]
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OFFER = re.compile(r'data-shortcut="([\w-]+)" data-title="[^"]+" data-(body|why)="([^"]+)"')


@pytest.fixture
def sam(console: Flask, desk: Desk) -> Browser:
    """A supervisor, signed in."""
    desk.user("Sam Lee", Role.SUPERVISOR)
    browser = Browser(console)
    browser.sign_in("Sam")
    return browser


def add(sam: Browser, shortcut: str, body: str) -> str:
    answer = sam.post("/console/canned/new", {"shortcut": shortcut, "title": shortcut.title(), "body": body})
    assert answer.status_code == 303
    return answer.headers["Location"].rpartition("/")[2]


def approve(sam: Browser, reply: str, language: str, body: str) -> None:
    assert sam.post(f"/console/canned/{reply}/text", {"language": language, "body": body}).status_code == 303
    form = {"language": language, "reviewer": "Luz Ortega", "qualification": "interpreter", "on": "2026-11-20"}
    assert sam.post(f"/console/canned/{reply}/ok", form).status_code == 303


def offered(browser: Browser, talk: str) -> dict[str, str]:
    page = browser.get(f"/console/conversations/{talk}").text
    return {shortcut: html.unescape(words) for shortcut, _what, words in OFFER.findall(page)}


def test_a_reply_is_offered_filled_in_and_in_approved_words_only(desk: Desk, browser_of: Sit, sam: Browser) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado", language="es"))
    desk.patient(11, "Tom", "Okafor")
    rosas, toms = (desk.text(number, "I want to talk to a person please") for number in (10, 11))
    reply = add(sam, "bring", "Dear {given_name}, bring your card to {visit}. {clinic}, {phone}")
    ana = browser_of("Ana Ruiz")
    in_english = offered(ana, rosas)["bring"]
    assert in_english.startswith("Dear Rosa, bring your card to Wed")
    assert "{" not in in_english
    assert "in English" in ana.get(f"/console/conversations/{rosas}").text
    assert offered(ana, toms)["bring"] == "Cannot be used here: no visit lies ahead."

    approve(sam, reply, "es", "{given_name}, traiga su tarjeta {visit}. {clinic}, {phone}")
    assert offered(ana, rosas)["bring"].startswith("Rosa, traiga su tarjeta mié 25 de nov")
    assert offered(ana, toms)["bring"].startswith("Cannot be used")


def test_other_english_words_withdraw_the_approval(desk: Desk, browser_of: Sit, sam: Browser) -> None:
    desk.patient(10, "Rosa", "Delgado", language="es")
    talk = desk.text(10, "I want to talk to a person please")
    reply = add(sam, "hours", "We open at eight.")
    approve(sam, reply, "es", "Abrimos a las ocho.")
    ana = browser_of("Ana Ruiz")
    assert offered(ana, talk)["hours"] == "Abrimos a las ocho."
    form = {"shortcut": "hours", "title": "Opening hours", "body": "We open at eight."}
    sam.post(f"/console/canned/{reply}/save", form)
    assert offered(ana, talk)["hours"] == "Abrimos a las ocho."
    sam.post(f"/console/canned/{reply}/save", {**form, "body": "We open at nine."})
    assert offered(ana, talk)["hours"] == "We open at nine."
    assert "The English text has changed" in sam.get(f"/console/canned/{reply}").text
    # What was approved stays no approval when the old words come back: somebody has to look.
    assert desk.row(CannedText, CannedText.language == "es").state == "draft"
    edits = [row for row in audited(desk) if row.action == "canned.edit"]
    assert edits[-1].detail == {"withdrawn": ["es"]}


def audited(desk: Desk) -> list[AuditEntry]:
    with desk.clinic.database.read() as connection:
        rows = connection.execute(AuditEntry.__table__.select().order_by(AuditEntry.seq))  # type: ignore[attr-defined]
        return list(rows)  # type: ignore[arg-type]


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"shortcut": "Not Good!"}, "A shortcut is 1 to 32 small letters"),
        ({"shortcut": "hours"}, "Another reply has the shortcut /hours already."),
        ({"title": " "}, "A title has 1 to 80 characters."),
        ({"body": " "}, "A text has 1 to 1,600 characters."),
        ({"body": "Dear {name}"}, "There is no field {name}."),
    ],
)
def test_what_is_wrong_is_said_and_kept(sam: Browser, desk: Desk, form: dict[str, str], told: str) -> None:
    add(sam, "hours", "We open at eight.")
    good = {"shortcut": "park", "title": "Parking", "body": "Behind the house."}
    answer = sam.post("/console/canned/new", {**good, **form})
    assert answer.status_code == 422
    assert told in html.unescape(answer.text)
    assert 'value="Parking"' in answer.text or "title" in form
    assert desk.row(CannedReply).shortcut == "hours"


@ONLY_SQLITE
def test_a_translation_says_the_same_fields_and_needs_somebody_who_stands_behind_it(sam: Browser) -> None:
    reply = add(sam, "hours", "Call {phone}.")
    wrong = sam.post(f"/console/canned/{reply}/text", {"language": "es", "body": "Llame."})
    assert "needs the same fields as the English text: {phone}" in wrong.text
    good = {"language": "es", "body": "Llame al {phone}."}
    assert sam.post(f"/console/canned/{reply}/text", good).status_code == 303
    for form in ({"reviewer": ""}, {"qualification": " "}, {"on": "2027-01-01"}, {"on": "soon"}):
        whole = {"language": "es", "reviewer": "Luz", "qualification": "interpreter", "on": "2026-11-20", **form}
        assert sam.post(f"/console/canned/{reply}/ok", whole).status_code == 422
    assert "To be approved" in sam.get(f"/console/canned/{reply}").text
    assert sam.post(f"/console/canned/{reply}/text", {**good, "language": "xx"}).status_code == 400
    assert sam.post("/console/canned/none/text", good).status_code == 404


@ONLY_SQLITE
def test_coordinators_read_them_and_change_none(desk: Desk, browser_of: Sit, sam: Browser) -> None:
    reply = add(sam, "hours", "We open at eight.")
    ana = browser_of("Ana Ruiz")
    assert "We open at eight." in ana.get("/console/canned").text
    page = ana.get(f"/console/canned/{reply}").text
    assert "We open at eight." in page
    assert "<textarea" not in page
    assert ana.get("/console/canned/new").status_code == 403
    assert ana.post(f"/console/canned/{reply}/switch", {"active": "no"}).status_code == 403


@ONLY_SQLITE
def test_one_that_is_switched_off_is_offered_no_longer(desk: Desk, browser_of: Sit, sam: Browser) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "I want to talk to a person please")
    reply = add(sam, "hours", "We open at eight.")
    ana = browser_of("Ana Ruiz")
    assert "hours" in offered(ana, talk)
    sam.post(f"/console/canned/{reply}/switch", {"active": "no"})
    assert offered(ana, talk) == {}
    sam.post(f"/console/canned/{reply}/switch", {"active": "yes"})
    assert "hours" in offered(ana, talk)


@ONLY_SQLITE
def test_without_scripts_a_link_puts_the_words_into_the_box(desk: Desk, browser_of: Sit, sam: Browser) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "I want to talk to a person please")
    good, bad = add(sam, "name", "Dear {given_name}"), add(sam, "visit", "See you {visit}")
    ana = browser_of("Ana Ruiz")
    assert ">Dear Rosa</textarea>" in ana.get(f"/console/conversations/{talk}?canned={good}").text
    page = ana.get(f"/console/conversations/{talk}?canned={bad}").text
    assert "/visit cannot be used here: no visit lies ahead." in page
    assert "See you" not in page[page.index('<textarea id="reply"') :]


@ONLY_SQLITE
def test_who_holds_the_phone_for_a_patient_is_not_called_by_their_name(
    desk: Desk, browser_of: Sit, sam: Browser
) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "I want to talk to a person please")
    add(sam, "name", "Dear {given_name}")
    desk.change(PatientContact, relation=Relation.PARENT)
    ana = browser_of("Ana Ruiz")
    assert offered(ana, talk)["name"].startswith("Cannot be used here: no name of the person at this phone")
    assert "Parent of <bdi>Rosa Delgado</bdi>" in ana.get(f"/console/conversations/{talk}").text
