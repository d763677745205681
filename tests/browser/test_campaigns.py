"""A segment is built, a campaign drafted, looked ahead of and started, by keyboard alone and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bot.core.campaigns import CampaignState
from bot.store.tables import Campaign, Cohort, Role, User
from tests.browser.conftest import Served
from tests.browser.test_console import complaints
from tests.browser.test_settings import press_until

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
Sit = Callable[..., Page]


@pytest.fixture
def sam(served: Served, sit_down: Sit) -> Callable[..., Page]:
    """`sam(width=375)`: a supervisor, signed in, in a clinic of three."""

    def arrive(**options: int) -> Page:
        for number, language in enumerate(("es", "es", "en")):
            served.desk.patient(10 + number, "Rosa", "Delgado", language=language)
        page = sit_down("Sam Lee", **options)
        served.desk.change(User, User.name == "Sam Lee", role=Role.SUPERVISOR)
        return page

    return arrive


def press(page: Page, name: str, role: str = "button") -> None:
    """Tab to that control, and use it."""
    press_until(page, name, role)
    page.keyboard.press("Enter")


def test_from_a_segment_to_the_start_by_keyboard_alone(served: Served, sam: Callable[..., Page]) -> None:
    page = sam()
    said = complaints(page)
    page.goto(f"{served.url}/console/segments")
    press(page, "New segment", "link")
    press(page, "Add a condition")
    # What was added has the focus: its first box.
    expect(page.get_by_role("checkbox", name="Arabic", exact=True)).to_be_focused()
    press_until(page, "Spanish", "checkbox")
    page.keyboard.press("Space")
    press(page, "Count")
    expect(page.locator("#counts")).to_be_focused()
    expect(page.locator("#counts")).to_contain_text("2 patients")
    press_until(page, "Name", "textbox")
    page.keyboard.type("Spanish speakers")
    press(page, "Save")
    expect(page.locator(".said")).to_contain_text("The segment is saved.")
    page.goto(f"{served.url}/console/campaigns")
    press(page, "New campaign", "link")
    press_until(page, "Name of the campaign", "textbox")
    page.keyboard.type("Autumn")
    press_until(page, "Which patients", "combobox")
    page.keyboard.type("Spanish")
    press(page, "Next: the text")
    press_until(page, "Text A that is ready", "combobox")
    page.keyboard.type("Recalls")
    press(page, "Show as patients read it")
    expect(page.locator(".sms[lang=es]")).to_contain_text("Maria, es hora")
    press(page, "Next: the pace")
    press_until(page, "Texts a day at most", "textbox")
    page.keyboard.type("50")
    press(page, "Make the draft")
    expect(page.locator(".said")).to_contain_text("The draft is made: 2 patients.")
    press(page, "Show the days ahead")
    expect(page.locator("#forecast .sms[lang=es]")).to_contain_text("Rosa, es hora")
    press(page, "Start the campaign")
    expect(page.locator(".said")).to_contain_text("It is started.")
    press(page, "Pause")
    expect(page.locator(".said")).to_contain_text("It is paused.")
    assert served.desk.row(Campaign).state is CampaignState.PAUSED
    assert said == []


def test_a_segment_is_built_on_a_phone_without_javascript(served: Served, sit_down: Sit) -> None:
    served.desk.patient(10, "Rosa", "Delgado")
    page = sit_down("Ana Ruiz", width=375, height=740, java_script_enabled=False)
    page.goto(f"{served.url}/console/segments/new")
    page.get_by_label("What to add").select_option(label="Age")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("From (years)").fill("sixty")
    page.get_by_label("Name", exact=True).fill("Older")
    page.get_by_role("button", name="Save").click()
    told = page.get_by_label("From (years)")
    expect(told).to_have_attribute("aria-invalid", "true")
    expect(told).to_have_accessible_description("Write a whole number, 0-120.")
    told.fill("60")
    page.get_by_role("button", name="Add another group").click()
    page.get_by_role("button", name="Remove the group 2").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".said")).to_contain_text("The segment is saved.")
    expect(page.locator("#counts")).to_contain_text("1 patient")
    assert served.desk.row(Cohort).definition["where"] == {"all": [{"all": [{"age": {"least": 60}}]}]}
