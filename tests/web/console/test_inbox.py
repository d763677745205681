"""The inbox's pages: what stands where, what a coordinator may do there, and what comes back live."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import event

from bot.core.messages import MessageStatus
from bot.services.importing import turn
from bot.store.queries import inbox as queries
from bot.store.tables import Appointment, Conversation, Escalation, Message, Note, Patient, Role
from bot.web.console.imports import MOST_ROWS
from tests.web.console.desk import Browser, Desk

Sit = Callable[[str], Browser]
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NAME = re.compile(r'<bdi class="name">([^<]+)</bdi>')


def fill(desk: Desk) -> str:
    desk.patient(10, "Rosa", "Delgado", language="es")
    desk.patient(11, "Tom", "Okafor")
    desk.patient(12, "Lena", "Okafor", phone=11)
    desk.patient(13, "Marian", "Whitfield")
    desk.text(10, "I want to talk to a person please")
    desk.wait(minutes=1)
    desk.text(11, "how much do I have to pay for this, my insurance changed")
    desk.wait(minutes=1)
    return desk.text(13, "my chest hurts and I can't breathe")


def test_the_worst_and_oldest_stand_first(desk: Desk, browser_of: Sit) -> None:
    fill(desk)
    page = browser_of("Ana Ruiz").get("/console/inbox").text
    assert NAME.findall(page)[0] == "Marian Whitfield"
    assert NAME.findall(page)[1:] == ["Rosa Delgado", "Tom Okafor or Lena Okafor"]
    assert "1 emergency waits" in page
    assert "due in 5 min" in page


def test_views_count_what_they_hold(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    ana.post(f"/console/conversations/{talk}/claim")
    (one,) = desk.escalations("talk-11")
    ben.post(f"/console/escalations/{one}/resolve")
    counts = re.findall(r'<span class="count"[^>]*>(\d+)</span>', ana.get("/console/inbox").text)
    # Mine, unassigned, urgent, waiting on the patient, snoozed, all open, resolved today.
    assert counts == ["1", "1", "1", "0", "0", "2", "1"]
    assert NAME.findall(ana.get("/console/inbox?view=mine").text) == ["Marian Whitfield"]
    assert NAME.findall(ben.get("/console/inbox?view=mine").text) == []
    assert NAME.findall(ben.get("/console/inbox?view=resolved").text) == ["Tom Okafor or Lena Okafor"]


def test_pages_follow_each_other_without_gap(desk: Desk, browser_of: Sit) -> None:
    everybody = set()
    for number in range(20, 20 + queries.PAGE + 5):
        desk.patient(number, "Pat", f"No{number}")
        desk.text(number, "I want to talk to a person please")
        everybody.add(f"Pat No{number}")
    browser = browser_of("Ana Ruiz")
    first = browser.get("/console/inbox").text
    following = re.search(r'href="([^"]+)">Next page', first)
    assert following is not None
    second = browser.get(following[1].replace("&amp;", "&")).text
    shown = NAME.findall(first) + NAME.findall(second)
    assert len(shown) == len(set(shown)) == len(everybody)
    assert set(shown) == everybody
    assert "Next page" not in second


def test_a_page_takes_a_bounded_number_of_queries(desk: Desk, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    fill(desk)
    few = queries_of(desk, lambda: browser.get("/console/conversations/talk-10"))
    for number in range(20, 50):
        desk.patient(number, "Pat", f"No{number}")
        desk.text(number, "I want to talk to a person please")
        desk.text(10, f"and another thing, number {number}?")
    assert queries_of(desk, lambda: browser.get("/console/conversations/talk-10")) <= few + 1 <= 30


def queries_of(desk: Desk, act: Callable[[], object]) -> int:
    counted: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted.append(statement)

    event.listen(desk.clinic.database.engine, "before_cursor_execute", note)
    act()
    event.remove(desk.clinic.database.engine, "before_cursor_execute", note)
    return len(counted)


@ONLY_SQLITE
def test_nothing_new_is_told_in_no_words(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    browser = browser_of("Ana Ruiz")
    asked = f"/console/live?view=open&c={talk}&mode=write"
    first = browser.get(asked)
    assert {'id="list"', 'id="case"', 'id="log"'} <= set(re.findall(r'id="\w+"', first.text))
    mark = {"If-None-Match": first.headers["ETag"]}
    calm = browser.get(asked, headers=mark)
    assert (calm.status_code, calm.data) == (304, b"")
    assert queries_of(desk, lambda: browser.get(asked, headers=mark)) <= 7
    desk.wait(seconds=1)
    desk.text(10, "hello?")
    other = browser.get(asked, headers=mark)
    assert 'id="list"' in other.text
    assert 'id="log"' not in other.text
    desk.text(13, "please hurry")
    assert "please hurry" in browser.get(asked, headers={"If-None-Match": other.headers["ETag"]}).text


@ONLY_SQLITE
def test_the_composer_comes_back_only_when_its_kind_changes(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    asked = f"/console/live?view=open&c={talk}&mode="
    assert 'id="composer"' not in ana.get(asked + "write").text
    ben.post(f"/console/conversations/{talk}/claim")
    assert "Ben Cole is replying" in ana.get(asked + "write").text
    assert 'id="composer"' not in ana.get(asked + "other").text


@ONLY_SQLITE
def test_the_loser_of_a_race_is_told_the_name(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    assert ana.post(f"/console/conversations/{talk}/claim").status_code == 303
    lost = ben.post(f"/console/conversations/{talk}/claim", headers={"HX-Request": "true"})
    assert lost.status_code == 409
    assert "Ana Ruiz has this already." in lost.text
    lost = ben.post(f"/console/conversations/{talk}/reply", {"body": "I am on it"})
    assert lost.status_code == 409
    assert "Not sent: Ana Ruiz has this conversation." in lost.text


@ONLY_SQLITE
def test_a_supervisor_hands_back_what_somebody_left(console: Flask, desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    ana.post(f"/console/conversations/{talk}/claim")
    assert ben.post(f"/console/conversations/{talk}/release").status_code == 409
    desk.user("Sam Lee", Role.SUPERVISOR)
    sam = Browser(console)
    sam.sign_in("Sam")
    assert sam.post(f"/console/conversations/{talk}/release").status_code == 303
    assert desk.row(Conversation, Conversation.id == talk).held_by is None


@ONLY_SQLITE
def test_a_reply_shows_what_came_before_it(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    browser = browser_of("Ana Ruiz")
    page = browser.get(f"/console/conversations/{talk}").text
    seen = re.search(r'id="seen" value="(\w+)"', page)[1]  # type: ignore[index]
    desk.text(13, "my husband is driving me to the ER")
    warned = browser.post(f"/console/conversations/{talk}/reply", {"body": "Calling you", "seen": seen})
    assert warned.status_code == 409
    assert "Send anyway" in warned.text
    assert warned.text.count("my husband is driving me to the ER") >= 2
    assert ">Calling you</textarea>" in warned.text
    form = {"body": "Calling you", "seen": seen, "anyway": "yes"}
    assert browser.post(f"/console/conversations/{talk}/reply", form).status_code == 303
    assert "Undo" in browser.get(f"/console/conversations/{talk}").text


@ONLY_SQLITE
def test_undo_brings_the_words_back(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    browser = browser_of("Ana Ruiz")
    browser.post(f"/console/conversations/{talk}/reply", {"body": "Wrong words", "anyway": "yes"})
    message = desk.row(Message, Message.author_id.is_not(None))
    undone = browser.post(f"/console/messages/{message.id}/undo", {"conversation": talk})
    assert ">Wrong words</textarea>" in undone.text
    assert browser.post(f"/console/messages/{message.id}/undo", {"conversation": talk}).status_code == 409


@ONLY_SQLITE
def test_an_opted_out_patient_cannot_be_written_to(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    desk.text(13, "STOP")
    browser = browser_of("Ana Ruiz")
    page = browser.get(f"/console/conversations/{talk}").text
    assert "the phone&#39;s holder has opted out of texts since Today" in page
    assert re.search(r"<textarea[^>]+id=\"reply\"[^>]+disabled", page)
    assert browser.post(f"/console/conversations/{talk}/reply", {"body": "Hello", "anyway": "yes"}).status_code == 409
    with desk.clinic.database.read() as connection:
        assert connection.execute(Message.__table__.select().where(Message.author_id.is_not(None))).first() is None  # type: ignore[attr-defined]


@ONLY_SQLITE
def test_delivery_is_told_in_plain_words(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    browser = browser_of("Ana Ruiz")
    browser.post(f"/console/conversations/{talk}/reply", {"body": "Calling you", "anyway": "yes"})
    for status, code, words in (
        (MessageStatus.PLANNED, None, "Queued"),
        (MessageStatus.SENT, None, "Sent"),
        (MessageStatus.DELIVERED, None, "Delivered"),
        (MessageStatus.UNDELIVERED, 30005, "Failed: The number is unknown or no longer in use"),
    ):
        desk.change(Message, Message.author_id.is_not(None), status=status, error_code=code)
        assert words in browser.get(f"/console/conversations/{talk}").text


@ONLY_SQLITE
def test_notes_and_calls_are_for_colleagues(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    browser = browser_of("Ana Ruiz")
    assert browser.post(f"/console/conversations/{talk}/notes", {"body": "  "}).status_code == 422
    assert browser.post(f"/console/conversations/{talk}/notes", {"body": "Has a dog"}).status_code == 303
    assert browser.post(f"/console/conversations/{talk}/calls").status_code == 303
    page = browser.get(f"/console/conversations/{talk}").text
    assert page.count("internal note, not sent") == 2
    with desk.clinic.database.read() as connection:
        assert len(connection.execute(Note.__table__.select()).all()) == 2  # type: ignore[attr-defined]


@ONLY_SQLITE
def test_one_tap_settles_the_visit(desk: Desk, browser_of: Sit) -> None:
    talk = fill(desk)
    visit = desk.visit(1, "P-013")
    desk.change(Escalation, Escalation.conversation_id == talk, appointment_id=visit)
    browser = browser_of("Ana Ruiz")
    (one,) = desk.escalations(talk)
    assert browser.post(f"/console/escalations/{one}/answer", {"response": "accepted"}).status_code == 303
    assert desk.row(Appointment).response == "accepted"
    assert browser.post(f"/console/escalations/{one}/answer", {"response": "maybe"}).status_code == 400


@ONLY_SQLITE
def test_an_unknown_number_has_a_conversation_too(desk: Desk, browser_of: Sit) -> None:
    talk = desk.text(40, "my chest hurts and I can't breathe")
    browser = browser_of("Ana Ruiz")
    assert NAME.findall(browser.get("/console/inbox").text) == ["(601) 555-0140"]
    page = browser.get(f"/console/conversations/{talk}").text
    assert "No patient is known at this number" in page
    assert (
        browser.post(f"/console/conversations/{talk}/reply", {"body": "Who is this?", "anyway": "yes"}).status_code
        == 303
    )


@ONLY_SQLITE
def test_earlier_messages_are_a_page_away(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    for number in range(60):
        desk.wait(minutes=31)
        desk.text(10, f"text number {number:02} of many")
    browser = browser_of("Ana Ruiz")
    page = browser.get("/console/conversations/talk-10").text
    log = page[page.index('id="log"') :]
    assert "text number 59" in log
    assert "text number 00" not in log
    earlier = re.search(r'href="([^"]+)">Earlier messages', log)[1].replace("&amp;", "&")  # type: ignore[index]
    page = browser.get(earlier).text
    assert "text number 10" in page[page.index('id="log"') :]


@ONLY_SQLITE
def test_what_was_sent_and_why_stands_on_the_patients_page(desk: Desk, browser_of: Sit) -> None:
    fill(desk)
    browser = browser_of("Ana Ruiz")
    page = browser.get("/console/patients/P-013").text
    assert "Marian Whitfield" in page
    assert "my chest hurts" in page
    assert "Why?" in page
    told = {"change": "stop", "evidence": "said so on the phone"}
    assert browser.post("/console/patients/P-013/consent", {**told, "evidence": ""}).status_code == 422
    assert browser.post("/console/patients/P-013/consent", told).status_code == 303
    assert "said so on the phone" in browser.get("/console/patients/P-013").text


@ONLY_SQLITE
@pytest.mark.parametrize("asked", ["P-013", "marian WHITFIELD", "Whitfield, Marian", "(601) 555-0113"])
def test_a_patient_is_found(desk: Desk, browser_of: Sit, asked: str) -> None:
    fill(desk)
    answer = browser_of("Ana Ruiz").post("/console/find", {"q": asked})
    assert answer.headers["Location"] == "/console/patients/P-013"


@ONLY_SQLITE
def test_a_file_is_checked_before_it_is_loaded(console: Flask, desk: Desk) -> None:
    desk.user("Sam Lee", Role.SUPERVISOR)
    sam = Browser(console)
    sam.sign_in("Sam")
    good = "patient_id,given_name,family_name,phone,language,consent\nX-1,Ada,Byron,601-555-0177,en,yes\n"
    content = (good + "X-2,Bad,Row,12,en,perhaps\n").encode()

    def upload(kind: str = "patients", **form: str) -> str:
        file = (io.BytesIO(content), "patients.csv")
        return sam.post("/console/imports", {"kind": kind, "file": file, **form}).text

    page = upload(do="check")
    assert "Checked, nothing changed" in page
    assert "Import now" in page
    digest = re.search(r'name="checked" value="(\w+)"', page)[1]  # type: ignore[index]
    with desk.clinic.database.read() as connection:
        assert connection.execute(Patient.__table__.select()).first() is None  # type: ignore[attr-defined]
    for wrong in ({"checked": "0" * 64}, {}, {"checked": digest, "kind": "recalls"}):
        assert "not the file that was checked" in upload(do="import", **wrong)
    assert "Imported: patients.csv" in upload(do="import", checked=digest)
    assert desk.row(Patient, Patient.patient_id == "X-1")


@ONLY_SQLITE
def test_the_report_of_a_file_can_be_taken_away(console: Flask, desk: Desk) -> None:
    desk.user("Sam Lee", Role.SUPERVISOR)
    sam = Browser(console)
    sam.sign_in("Sam")
    body = b"patient_id,phone\nX-1,\n,601-555-0177\n"
    page = sam.post("/console/imports", {"kind": "patients", "file": (io.BytesIO(body), "p.csv"), "do": "check"}).text
    link = re.search(r'href="data:text/csv;charset=utf-8,([^"]+)" download="report-patients.csv"', page)
    assert link
    assert list(csv.reader(io.StringIO(unquote(link[1])))) == [
        ["line", "column", "refused", "reason"],
        ["2", "phone", "no", "phone number: empty; cannot be texted"],
        ["3", "patient_id", "yes", "id: missing"],
    ]


@ONLY_SQLITE
def test_files_go_through_the_console_one_at_a_time_and_up_to_a_size(console: Flask, desk: Desk) -> None:
    desk.user("Sam Lee", Role.SUPERVISOR)
    sam = Browser(console)
    sam.sign_in("Sam")

    def check(body: str) -> str:
        file = (io.BytesIO(body.encode()), "patients.csv")
        return sam.post("/console/imports", {"kind": "patients", "file": file, "do": "check"}).text

    one = "patient_id,phone\nX-1,601-555-0177\n"
    with turn(desk.clinic):
        assert "another file is being read" in check(one)
    assert "Checked, nothing changed" in check(one)
    assert "more than 50,000 rows" in check("patient_id,phone\n" + "X,\n" * (MOST_ROWS + 1))
    assert "Checked, nothing changed" in check(one)
