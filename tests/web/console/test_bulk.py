"""Several rows at once, taking back, opening again."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.store.tables import AuditEntry, Conversation, Escalation, Patient, Role, User
from tests.web.console.desk import Browser, Desk

Sit = Callable[[str], Browser]
PICK = re.compile(r'name="pick" id="[^"]+" value="([^"]+)"')
NOTE = re.compile(r'name="note" value="([^"]+)"')

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def three(desk: Desk) -> list[str]:
    """Rosa, James and Lena ask for a person; their escalations in that order."""
    found = []
    for number, given in ((10, "Rosa"), (11, "James"), (12, "Lena")):
        desk.patient(number, given, "Delgado", language="es" if number == 10 else "en")
        desk.visit(number, f"P-{number:03}", days=3)
        found += desk.escalations(desk.text(number, "can I talk to a person please"))
        desk.wait(seconds=1)
    return found


def picks(browser: Browser, view: str = "open") -> list[str]:
    return [html.unescape(value) for value in PICK.findall(browser.get(f"/console/inbox?view={view}").text)]


def do(browser: Browser, act: str, chosen: list[str], **form: Any) -> str:
    return browser.post("/console/bulk", {"act": act, "pick": chosen, "confirmed": "yes", "view": "all", **form}).text


def status(desk: Desk, escalation_id: str) -> str:
    return str(desk.row(Escalation, Escalation.id == escalation_id).status)


def test_it_is_asked_once_before_anything_is_done(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    browser = browser_of("Ana Ruiz")
    asked = browser.post("/console/bulk", {"act": "resolve", "pick": picks(browser)[:2]}).text
    assert "Resolve 2 conversations?" in asked
    assert "Rosa Delgado" in asked
    assert {status(desk, one) for one in three} == {"open"}
    assert browser.post("/console/bulk", {"act": "resolve"}).status_code == 422
    assert browser.post("/console/bulk", {"act": "burn", "pick": picks(browser)}).status_code == 422


def test_each_row_has_its_own_result(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    ben = browser_of("Ben Cole")
    ben.post(f"/console/escalations/{three[0]}/claim")
    browser = browser_of("Ana Ruiz")
    chosen = picks(browser, "all")
    desk.text(11, "are you there?")
    desk.patient(13, "Omar", "Haddad")
    [danger] = desk.escalations(desk.text(13, "my chest hurts"))
    result = do(browser, "resolve", [*chosen, f"{danger}~", "nowhere~"])
    assert "1 of 5 done." in result
    assert "Rosa Delgado</bdi>: Ben Cole has it" in result
    assert "James Delgado</bdi>: the patient has written since" in result
    assert "Omar Haddad</bdi>: an emergency" in result
    assert [status(desk, one) for one in three] == ["claimed", "open", "resolved"]
    assert status(desk, danger) == "open"
    assert desk.row(AuditEntry, AuditEntry.action == "bulk.resolve").detail == {"done": 1, "asked": 5}


@pytest.mark.parametrize("act", ["mine", "resolve", "snooze:tomorrow", "assign:ben"])
def test_what_was_done_is_taken_back(desk: Desk, browser_of: Sit, three: list[str], act: str) -> None:
    ben = desk.user("Ben Cole")
    browser = browser_of("Ana Ruiz")
    browser.post(f"/console/escalations/{three[0]}/claim")
    before = [stands(desk, one) for one in three]
    result = do(browser, act.replace("ben", ben), picks(browser, "all"))
    assert "3 of 3 done." in result
    assert [at(desk, one).version for one in three] != [1, 1, 1]
    [note] = NOTE.findall(result)
    assert "3 of 3 taken back." in browser.post("/console/bulk/undo", {"note": note, "view": "all"}).text
    assert [stands(desk, one) for one in three] == before


def stands(desk: Desk, escalation_id: str) -> tuple[Any, ...]:
    row = at(desk, escalation_id)
    return (row.status, row.claimed_by, row.snoozed_until)


def at(desk: Desk, escalation_id: str) -> Any:
    return desk.row(Escalation, Escalation.id == escalation_id)


def test_what_has_moved_on_is_not_taken_back(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    browser = browser_of("Ana Ruiz")
    result = do(browser, "snooze:tomorrow", picks(browser))
    [note] = NOTE.findall(result)
    browser_of("Ben Cole").post(f"/console/escalations/{three[1]}/claim")
    undone = browser.post("/console/bulk/undo", {"note": note}).text
    assert "2 of 3 taken back." in undone
    assert "something else has happened to it since" in undone
    assert status(desk, three[1]) == "claimed"
    # Nobody else hands a note back, and none is made up.
    other = Browser(browser.client.application)
    other.sign_in("Ben")
    for forged in (note, note[:-3], ""):
        assert other.post("/console/bulk/undo", {"note": forged}).status_code == 400
    desk.wait(minutes=5)
    assert "something else has happened" in browser.post("/console/bulk/undo", {"note": note}).text


def test_a_colleague_gets_it_with_all_that_goes_with_its_conversation(
    desk: Desk, browser_of: Sit, three: list[str]
) -> None:
    ben = desk.user("Ben Cole")
    browser = browser_of("Ana Ruiz")
    browser.post(f"/console/escalations/{three[0]}/claim")
    assert "3 of 3 done." in do(browser, f"assign:{ben}", picks(browser, "all"))
    assert {at(desk, one).claimed_by for one in three} == {ben}
    assert desk.row(Conversation, Conversation.id == "talk-10").held_by == ben
    assert desk.row(AuditEntry, AuditEntry.action == "escalation.assign", AuditEntry.object_id == three[0]).detail == {
        "to": ben
    }


def test_who_may_not_have_it_does_not_get_it(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    sam, eve = desk.user("Sam Lee", Role.READ_ONLY), desk.user("Eve Stone")
    desk.change(User, User.name == "Eve Stone", locations=["Elm St"])
    browser = browser_of("Ana Ruiz")
    for to in (sam, eve, "nobody-at-all"):
        assert "that colleague may not have it" in do(browser, f"assign:{to}", picks(browser)[:1])
    assert {status(desk, one) for one in three} == {"open"}


def test_what_is_elsewhere_is_not_there(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    browser = browser_of("Ana Ruiz")
    chosen = picks(browser)
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    result = do(browser, "resolve", chosen)
    assert "0 of 3 done." in result
    assert "Delgado" not in result
    assert {status(desk, one) for one in three} == {"open"}


def test_resolving_offers_to_take_it_back(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    browser = browser_of("Ana Ruiz")
    answer = browser.post(f"/console/escalations/{three[0]}/resolve", {"view": "open"})
    page = browser.get(answer.headers["Location"]).text
    [note] = NOTE.findall(page)
    assert "Resolved." in page
    browser.post("/console/undo", {"note": note, "view": "open"})
    assert status(desk, three[0]) == "open"
    # And from a page that htmx changes, too.
    live = browser.post(f"/console/escalations/{three[0]}/resolve", headers={"HX-Request": "true"}).text
    assert NOTE.findall(live)


def test_only_who_resolved_it_or_a_supervisor_opens_it_again(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    ana.post(f"/console/escalations/{three[0]}/claim")
    ana.post(f"/console/escalations/{three[0]}/resolve")
    assert ben.post(f"/console/escalations/{three[0]}/reopen").status_code == 409
    assert "Open again" not in ben.get("/console/inbox?view=resolved").text
    desk.wait(days=2)
    ana.sign_in("Ana")
    assert "Open again" in ana.get("/console/inbox?view=resolved").text
    assert ana.post(f"/console/escalations/{three[0]}/reopen").status_code == 303
    row = at(desk, three[0])
    assert (row.status, row.resolved_by, row.outcome) == ("claimed", None, None)
    assert row.respond_by > desk.now
    ana.post(f"/console/escalations/{three[0]}/resolve")
    desk.change(User, User.name == "Ben Cole", role=Role.SUPERVISOR)
    ben.sign_in("Ben")
    assert ben.post(f"/console/escalations/{three[0]}/reopen").status_code == 303
    assert status(desk, three[0]) == "open"


def test_an_emergency_that_is_open_again_pauses_the_reminders_again(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    [danger] = desk.escalations(desk.text(10, "my chest hurts"))
    browser = browser_of("Ana Ruiz")
    browser.post(f"/console/escalations/{danger}/resolve")
    assert desk.row(Patient).paused_since is None
    browser.post(f"/console/escalations/{danger}/reopen")
    assert desk.row(Patient).paused_since is not None


def test_a_claim_is_taken_back_with_all_that_came_with_it(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    desk.text(10, "and I need a ride")
    both = desk.escalations("talk-10")
    assert len(both) == 2
    browser = browser_of("Ana Ruiz")
    page = browser.get(browser.post("/console/conversations/talk-10/claim").headers["Location"]).text
    assert [status(desk, one) for one in both] == ["claimed", "claimed"]
    browser.post("/console/undo", {"note": NOTE.findall(page)[0]})
    assert [status(desk, one) for one in both] == ["open", "open"]
    assert desk.row(Conversation, Conversation.id == "talk-10").held_by is None
