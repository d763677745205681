"""Around a conversation: who else is there, who spoke, calls and what is set right, the count, night and later."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

from bot.core.people import Relation
from bot.services import presence
from bot.store.tables import AuditEntry, Conversation, Message, Note, Patient, PatientContact, Presence, User
from tests.web.console.desk import Browser, Desk

Sit = Callable[[str], Browser]
LIVE = {"HX-Request": "true"}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def talk(desk: Desk) -> str:
    """Rosa has asked for a person, at ten in the morning."""
    desk.patient(10, "Rosa", "Delgado", language="es")
    return desk.text(10, "I want to talk to a person please")


def look(browser: Browser, talk: str, mark: str = "") -> tuple[int, str, str]:
    answer = browser.get(f"/console/live?c={talk}&mode=write", headers={"If-None-Match": mark} if mark else {})
    company = re.search(r'<div id="company"[^>]*>(.*?)</div>', answer.text, re.DOTALL)
    return answer.status_code, answer.headers["ETag"], re.sub(r"<[^>]+>", "", company[1]).strip() if company else ""


def test_each_sees_who_else_is_there_and_who_writes(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    _, mark, company = look(ana, talk)
    assert company == ""
    look(ben, talk)
    status, mark, company = look(ana, talk, mark)
    assert (status, company) == (200, "Ben Cole is viewing")
    assert look(ana, talk, mark)[0] == 304
    assert ben.post(f"/console/conversations/{talk}/typing").status_code == 204
    status, mark, company = look(ana, talk, mark)
    assert (status, company) == (200, "Ben Cole is writing")
    assert "Ben Cole is writing" in ana.get(f"/console/conversations/{talk}").text
    desk.wait(seconds=31)
    status, _, company = look(ana, talk, mark)
    assert (status, company) == (200, "")


def test_an_open_page_writes_at_most_every_ten_seconds(
    desk: Desk, browser_of: Sit, talk: str, count_queries: Callable[[], int]
) -> None:
    ana = browser_of("Ana Ruiz")
    _, mark, _ = look(ana, talk)
    seen = [desk.row(Presence).seen_at]
    for _ in range(4):
        desk.wait(seconds=3)
        before = count_queries()
        mark = look(ana, talk, mark)[1]
        seen.append(desk.row(Presence).seen_at)
        assert count_queries() - before <= 30
    assert len(set(seen)) == 2


def test_who_was_there_long_ago_is_forgotten(desk: Desk, talk: str) -> None:
    ana, ben = desk.user("Ana Ruiz"), desk.user("Ben Cole")
    presence.here(desk.clinic, conversation_id=talk, user_id=ana, now=desk.now)
    desk.wait(days=2, seconds=1)
    presence.here(desk.clinic, conversation_id=talk, user_id=ben, now=desk.now)
    assert desk.row(Presence).user_id == ben


def test_writing_is_not_idling(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana = browser_of("Ana Ruiz")
    assert ana.post("/console/conversations/none/typing").status_code == 404
    ana.post(f"/console/conversations/{talk}/typing")
    assert desk.row(Presence).typing_at == desk.now


def test_a_call_is_logged_with_its_outcome_and_taken_back(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    answer = ana.post(f"/console/conversations/{talk}/calls", {"outcome": "no-answer"}, headers=LIVE)
    assert "Call logged: No answer." in answer.text
    assert "Called the patient. No answer." in answer.text
    note = desk.row(Note)
    back = f"/console/conversations/{talk}/calls/{note.id}/undo"
    assert back in answer.text
    assert ben.post(back).status_code == 404
    assert ana.post(back, headers=LIVE).status_code == 200
    with desk.clinic.database.read() as connection:
        assert connection.execute(Note.__table__.select()).first() is None  # type: ignore[attr-defined]
    assert actions(desk)[-2:] == ["note.add", "note.undo"]
    # Words of one's own are no call, and after ten minutes a call has happened.
    ana.post(f"/console/conversations/{talk}/notes", {"body": "Has a dog"})
    dog = desk.row(Note).id
    assert ana.post(f"/console/conversations/{talk}/calls/{dog}/undo").status_code == 404
    ana.post(f"/console/conversations/{talk}/calls", {"outcome": "reached"})
    reached = desk.row(Note, Note.id != dog).id
    desk.wait(minutes=10)
    assert ana.post(f"/console/conversations/{talk}/calls/{reached}/undo").status_code == 404


def actions(desk: Desk) -> list[str]:
    with desk.clinic.database.read() as connection:
        rows = connection.execute(AuditEntry.__table__.select().order_by(AuditEntry.seq))  # type: ignore[attr-defined]
        return [row.action for row in rows if not row.action.endswith(".view")]


def test_a_wrong_number_is_told_and_untold(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana = browser_of("Ana Ruiz")
    place = f"/console/conversations/{talk}/wrong-number"
    page = ana.post(place, {"wrong": "yes"}, headers=LIVE).text
    assert "Marked as a wrong number" in page
    assert "the number is not this patient&#39;s" in page
    assert desk.row(Patient).status == "wrong-number"
    assert ana.post(f"/console/conversations/{talk}/reply", {"body": "Hello"}).status_code == 409
    assert "the patient’s again" in ana.post(place, {"wrong": "no"}, headers=LIVE).text
    assert desk.row(Patient).status == "active"
    assert actions(desk)[-2:] == ["patient.status", "patient.status"]


def test_who_has_died_comes_not_back_by_it(desk: Desk, browser_of: Sit, talk: str) -> None:
    desk.change(Patient, status="deceased")
    ana = browser_of("Ana Ruiz")
    for wrong in ("yes", "no"):
        ana.post(f"/console/conversations/{talk}/wrong-number", {"wrong": wrong})
    assert desk.row(Patient).status == "deceased"


def test_the_language_is_changed_and_changed_back(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana = browser_of("Ana Ruiz")
    place = f"/console/conversations/{talk}/language"
    page = ana.post(place, {"language": "vi"}, headers=LIVE).text
    assert "Texts go out in Vietnamese now." in page
    assert "Patient reads Vietnamese" in page
    assert (desk.row(Patient).language, desk.row(Patient).language_basis) == ("vi", "staff")
    assert re.search(r'name="language" value="es">\s*<button', page)
    ana.post(place, {"language": "es"})
    assert desk.row(Patient).language == "es"
    assert ana.post(place, {"language": "tlh"}).status_code == 400
    desk.patient(11, "Tom", "Okafor")
    assert ana.post(place, {"language": "vi", "patient_id": "P-011"}).status_code == 404
    assert desk.row(Patient, Patient.patient_id == "P-011").language == "en"


def test_every_bubble_says_who_spoke(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana = browser_of("Ana Ruiz")
    ana.post(f"/console/conversations/{talk}/reply", {"body": "I am Ana", "anyway": "yes"})
    page = ana.get(f"/console/conversations/{talk}").text
    log = page[page.index('id="log"') : page.index('id="company"')]
    spoken = [re.sub(r"<[^>]+>", "", name) for name in re.findall(r"<strong>(.*?)</strong>", log)]
    assert spoken == ["Rosa Delgado", "Bot", "Ana Ruiz"]
    desk.change(PatientContact, relation=Relation.GUARDIAN)
    assert "Guardian of <bdi>Rosa Delgado</bdi>" in ana.get(f"/console/conversations/{talk}").text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", ""),
        ("hello", "1 segment · 155 left"),
        ("a" * 161, "2 segments"),
        ("{" * 80, "1 segment · 0 left"),
        ("привет", "1 segment · 64 left · Unicode"),
        ("😀" * 36, "2 segments · Unicode"),
    ],
)
def test_segments_are_counted_by_the_senders_rule(browser_of: Sit, body: str, told: str) -> None:
    assert browser_of("Ana Ruiz").post("/console/count", {"body": body}).text == told


def test_at_night_the_page_says_so_and_asks(desk: Desk, browser_of: Sit, talk: str) -> None:
    desk.wait(hours=11)
    ana = browser_of("Ana Ruiz")
    place = f"/console/conversations/{talk}"
    seen = "It is night where the patient is, until 8:00 AM there."
    assert seen in ana.get(place).text
    refused = ana.post(f"{place}/reply", {"body": "Good evening", "anyway": "yes"})
    assert refused.status_code == 409
    assert seen in refused.text
    assert ">Good evening</textarea>" in refused.text
    assert ana.post(f"{place}/reply", {"body": "Good evening", "anyway": "yes", "night": "yes"}).status_code == 303
    assert desk.row(Message, Message.author_id.is_not(None)).kind == "staff"


def test_a_time_at_night_is_asked_about_too(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana = browser_of("Ana Ruiz")
    form = {"body": "Good evening", "anyway": "yes", "when": "at", "at": "2026-11-23T21:00"}
    refused = ana.post(f"/console/conversations/{talk}/reply", form)
    assert refused.status_code == 409
    assert "It will be night where the patient is then, until 8:00 AM there." in refused.text
    assert 'value="2026-11-23T21:00"' in refused.text
    assert ana.post(f"/console/conversations/{talk}/reply", {**form, "night": "yes"}).status_code == 303
    assert desk.row(Message, Message.author_id.is_not(None)).kind == "staff/later"


def test_a_reply_is_kept_shown_and_taken_back(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    place = f"/console/conversations/{talk}"
    for form in (
        {"when": "at", "at": "2026-11-23T09:00"},
        {"when": "at", "at": ""},
        {"when": "at", "at": "2027-11-23T09:00"},
    ):
        answer = ana.post(f"{place}/reply", {"body": "See you", **form})
        assert answer.status_code == 422
        assert "Choose a time that is still to come, within thirty days." in answer.text
        assert ">See you</textarea>" in answer.text
    assert ana.post(f"{place}/reply", {"body": "See you", "when": "at", "at": "2026-11-23T14:30"}).status_code == 303
    page = ben.get(place).text
    assert "Scheduled for Today, 2:30 PM" in page
    assert desk.row(Conversation).held_by is None
    kept = desk.row(Message, Message.author_id.is_not(None))
    desk.wait(minutes=5)
    desk.text(10, "never mind")
    page = html.unescape(ben.get(place).text)
    assert "Held: the patient has written since." in page
    taken = ben.post(f"/console/messages/{kept.id}/undo", {"conversation": talk})
    assert ">See you</textarea>" in taken.text
    assert ben.post(f"/console/messages/{kept.id}/send-now").status_code == 404


def test_what_was_kept_is_sent_at_once(desk: Desk, browser_of: Sit, talk: str) -> None:
    ana = browser_of("Ana Ruiz")
    ana.post(f"/console/conversations/{talk}/reply", {"body": "See you", "when": "tomorrow"})
    kept = desk.row(Message, Message.author_id.is_not(None))
    assert kept.due_at.isoformat() == "2026-11-24T14:00:00+00:00"
    assert ana.post(f"/console/messages/{kept.id}/send-now").status_code == 303
    assert desk.row(Message, Message.id == kept.id).due_at == desk.now
    assert ana.post(f"/console/messages/{kept.id}/send-now").status_code == 409


def test_who_may_only_look_is_offered_nothing_to_do_with_a_kept_reply(desk: Desk, browser_of: Sit, talk: str) -> None:
    browser_of("Ana Ruiz").post(f"/console/conversations/{talk}/reply", {"body": "See you", "when": "tomorrow"})
    rita = browser_of("Rita Low")
    desk.change(User, User.name == "Rita Low", role="read-only")
    page = rita.get(f"/console/conversations/{talk}").text
    assert "Scheduled for Tomorrow, 8:00 AM" in page
    assert "Take back" not in page
