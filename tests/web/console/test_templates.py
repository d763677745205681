"""Messages in the console: everybody reads them, supervisors record approvals, and what is wrong stands out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from bot.store.tables import Review, Role
from bot.web.app import create_app
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Sit = Callable[[str], Browser]
PAGE = "/console/templates/es/appointment/booked"
FORM = {"do": "approve", "reviewer": "Lucía Ortega", "qualification": "Medical translator", "on": "2026-11-20"}


@pytest.fixture
def sam(desk: Desk, console: Flask) -> Browser:
    """A supervisor, signed in."""
    desk.user("Sam Lee", Role.SUPERVISOR)
    browser = Browser(console)
    browser.sign_in("Sam")
    return browser


def seen(page: str) -> str:
    return re.search(r'name="seen" value="([^"]+)"', page)[1]  # type: ignore[index]


def test_everybody_reads_and_sees_the_rule(desk: Desk, browser_of: Sit) -> None:
    ana = browser_of("Ana Ruiz")
    page = ana.get("/console/templates").text
    assert "A translation is sent as it is, approved or not" in page
    assert "Kreyòl ayisyen" in page
    count = len(desk.clinic.texts.keys())
    assert page.count(f"of {count}</span>") == len(desk.clinic.texts.languages()) - 1
    one = ana.get(PAGE).text
    assert "Supervisors and administrators record approvals." in one
    assert "Approve this text" not in one
    assert ana.post(f"{PAGE}/approval", FORM).status_code == 403


def test_a_message_reads_as_on_the_patients_phone(desk: Desk, browser_of: Sit) -> None:
    page = browser_of("Ana Ruiz").get(PAGE).text
    name = desk.clinic.settings.clinic_name
    assert f"{name}: Ana, you have a visit" in page
    assert f"{name}: Ana, tiene cita" in page
    assert re.search(r"1 segment · \d+ characters · GSM-7 · <span\s*>grade \d", page)
    assert "Alejandro" in page
    assert "Nobody has approved this translation. It goes out as it is." in page


def test_arabic_stands_from_right_to_left_and_has_no_grade(browser_of: Sit) -> None:
    page = browser_of("Ana Ruiz").get("/console/templates/ar/appointment/booked").text
    assert re.search(r'<p class="sms" lang="ar" dir="rtl">', page)
    assert "no formula for this language" in page


def test_an_approval_from_the_page_that_was_read(desk: Desk, sam: Browser) -> None:
    mark = seen(sam.get(PAGE).text)
    wrong = sam.post(f"{PAGE}/approval", {**FORM, "seen": mark, "qualification": ""})
    assert wrong.status_code == 422
    assert "Fill this in." in wrong.text
    assert 'value="Lucía Ortega"' in wrong.text
    old = sam.post(f"{PAGE}/approval", {**FORM, "seen": "another"}, follow_redirects=True)
    assert "has been edited since you opened the page" in old.text
    done = sam.post(f"{PAGE}/approval", {**FORM, "seen": mark}, follow_redirects=True)
    assert "Withdraw the approval" in done.text
    assert "Medical translator</bdi> · 2026-11-20" in done.text
    assert re.search(r"1 <span class=\"muted\">of", sam.get("/console/templates").text)
    desk.change(Review, Review.text_key == "appointment/booked", text_digest="0" * 64)
    assert "the approval is void" in sam.get(PAGE).text
    assert "Edited since its approval" in sam.get("/console/templates?language=es").text


def test_an_approval_is_withdrawn(sam: Browser) -> None:
    sam.post(f"{PAGE}/approval", {**FORM, "seen": seen(sam.get(PAGE).text)})
    page = sam.post(f"{PAGE}/approval", {"do": "withdraw"}, follow_redirects=True).text
    assert "withdrawn or replaced 2026-11-23" in page
    assert "Approve this text" in page


def test_filters_count_and_keep(desk: Desk, sam: Browser) -> None:
    sam.post(f"{PAGE}/approval", {**FORM, "seen": seen(sam.get(PAGE).text)})
    total = len(desk.clinic.texts.keys())
    page = sam.get("/console/templates?language=es&show=unapproved").text
    assert f'Not approved <span class="count">{total - 1}</span>' in page
    assert '/templates/es/appointment/booked"' not in page
    over = sam.get("/console/templates?language=es&show=over").text
    assert "No message is so." in over
    assert 'Not approved <span class="count">' not in sam.get("/console/templates?language=en").text


def test_a_careful_clinic_shows_its_own_rule(desk: Desk) -> None:
    settings = desk.clinic.settings.model_copy(update={"draft_translations": "english"})
    desk.clinic = replace(desk.clinic, settings=settings)
    desk.user("Ana Ruiz")
    ana = Browser(create_app(desk.clinic))
    ana.sign_in("Ana")
    page = ana.get("/console/templates").text
    assert "A translation that nobody has approved is not sent" in page
    assert f'<span class="state warn">{len(desk.clinic.texts.keys()) - 8}</span>' in page
    assert "its readers get the English text" in ana.get(PAGE).text
    assert "It goes out as it is." in ana.get("/console/templates/es/general/emergency_open").text


@pytest.mark.parametrize(
    "path",
    ["templates?language=tlh", "templates?language=es&show=all", "templates/tlh/appointment/booked",
     "templates/es/appointment/none", "templates/es/none"],
)  # fmt: skip
def test_what_there_is_not_is_not_found(path: str, sam: Browser) -> None:
    assert sam.get(f"/console/{path}").status_code == 404


def test_the_original_has_nothing_to_approve(sam: Browser) -> None:
    page = "/console/templates/en/appointment/booked"
    assert "Approve this text" not in sam.get(page).text
    assert sam.post(f"{page}/approval", {**FORM, "seen": "x"}).status_code == 409
    assert sam.post(f"{PAGE}/approval", {"do": "something"}).status_code == 400


def test_pages_take_few_queries(sam: Browser, count_queries: Callable[[], int]) -> None:
    for path in ("templates", "templates?language=es", "templates/es/appointment/booked"):
        before = count_queries()
        assert sam.get(f"/console/{path}").status_code == 200
        assert count_queries() - before <= 8, path
