"""One patient's page in a browser: the story by kinds, why, what is to come, a caregiver, and the same on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from bot.services.plan import plan_due
from tests.browser.conftest import Served

Sit = Callable[..., Page]

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def aisha(served: Served) -> str:
    """A patient who reads Arabic, has two visits ahead, and has written."""
    desk = served.desk
    patient_id = desk.patient(12, "عائشة", "رحمن", language="ar")
    desk.visit(1, patient_id, days=8)
    desk.visit(2, patient_id, days=15)
    plan_due(desk.clinic, at=desk.clinic.clock())
    served.ahead += timedelta(minutes=1)
    desk.text(12, "هل يجب أن أصوم؟")
    return f"{served.url}/console/patients/{patient_id}"


def test_what_happened_what_comes_and_a_caregiver(sit_down: Sit, aisha: str) -> None:
    page = sit_down()
    page.goto(aisha)
    story = page.locator("#story")
    expect(story.get_by_text("هل يجب أن أصوم؟").first).to_be_visible()
    # The kind is part of the address, and Back leads back.
    story.get_by_role("link", name="Visits").click()
    expect(page).to_have_url(re.compile(r"kind=visits"))
    expect(page.locator("#story").get_by_text("Visit on record").first).to_be_visible()
    expect(page.locator("#story").get_by_text("هل يجب أن أصوم؟")).to_have_count(0)
    page.go_back()
    expect(page.locator("#story").get_by_text("هل يجب أن أصوم؟").first).to_be_visible()
    page.locator("#story .why summary").first.click()
    expect(page.locator("#story .why p").first).to_be_visible()
    coming = page.locator("#ahead .coming li").first
    assert coming.locator(".words").evaluate("e => getComputedStyle(e).direction") == "rtl"
    page.get_by_text("Add a phone or a caregiver").click()
    page.get_by_label("Phone number").fill("601-555-0177")
    page.get_by_label("Did the holder agree to texts?").select_option("staff")
    page.locator("#new-evidence").fill("Her daughter said yes on the phone")
    page.get_by_role("button", name="Add the phone").click()
    expect(page.get_by_text("The phone is on the record.")).to_be_visible()
    expect(page.locator("#phones").get_by_text("(601) 555-0177").first).to_be_visible()
    expect(page.locator("#story").get_by_text("Phone added: Caregiver")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it(sit_down: Sit, aisha: str, scheme: str) -> None:
    page = sit_down(width=375, height=700, color_scheme=scheme)
    page.goto(aisha)
    page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    small = page.evaluate(
        "[...document.querySelectorAll('main button, main summary, main .kinds a, main .jump a')]"
        ".filter(e => e.getBoundingClientRect().height < 44).map(e => e.textContent.trim())"
    )
    assert small == []
    page.get_by_role("link", name="Next 30 days").click()
    expect(page.get_by_role("heading", name="Next 30 days")).to_be_in_viewport()
