"""What pages say when they cannot do what was asked, and what they show of emergencies wherever one is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from bot.store.database import DatabaseDown
from bot.store.tables import Escalation
from tests.web.console.desk import Browser, Desk

Sit = Callable[[str], Browser]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (DatabaseDown("it is away"), 503, "The database does not answer"),
        (ValueError("Rosa Delgado"), 500, "Something broke"),
    ],
)
def test_a_failure_has_a_page_that_says_how_to_go_on(
    console: Flask, browser_of: Sit, failure: Exception, status: int, words: str
) -> None:
    browser = browser_of("Ana Ruiz")

    def fail() -> None:
        raise failure

    # As the first thing to fail, before anybody is known: the page must not need what has just failed.
    console.before_request_funcs["console"].insert(0, fail)
    answer = browser.get("/console/")
    assert answer.status_code == status
    assert words in answer.text
    assert "Go to today’s page" in answer.text
    assert "Rosa" not in answer.text


def test_a_page_that_cannot_be_drawn_still_ends_in_an_answer(console: Flask, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    console.jinja_env.globals["url_for"] = None
    answer = browser.get("/console/")
    assert answer.status_code == 500
    assert "TypeError" not in answer.text


def test_who_comes_second_on_the_patients_page_is_told_who_was_first(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "I want to talk to a person please")
    (case,) = desk.escalations(talk)
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    desk.change(Escalation, Escalation.id == case, conversation_id=None)
    assert ana.post(f"/console/escalations/{case}/claim").status_code == 303
    answer = ben.post(f"/console/escalations/{case}/claim")
    assert answer.status_code == 409
    assert "Ana Ruiz has this already." in answer.text


def test_emergencies_are_told_on_every_page(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    browser = browser_of("Ana Ruiz")
    page = browser.get("/console/patients/P-010").text
    assert 'hx-get="/console/alarm"' in page
    calm = browser.get("/console/alarm")
    assert "waits" not in calm.text
    assert "Session-Ends-In" in calm.headers
    same = {"If-None-Match": calm.headers["ETag"]}
    assert browser.get("/console/alarm", headers=same).status_code == 304
    desk.text(10, "my chest hurts")
    told = browser.get("/console/alarm", headers=same)
    assert "1 emergency waits" in told.text
    assert "Rosa" not in told.text
    assert "<title>⚠ (1) Inbox" in browser.get("/console/inbox").text


def test_a_drafts_key_is_its_writers(console: Flask, browser_of: Sit) -> None:
    def key(browser: Browser) -> str:
        return browser.get("/console/account").text.partition('data-drafts="')[2].partition('"')[0]

    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    again = Browser(console)
    again.sign_in("Ana")
    assert len(key(ana)) == 44
    assert key(again) == key(ana) != key(ben)
    assert "data-drafts" not in Browser(console).get("/console/sign-in").text
