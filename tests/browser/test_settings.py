"""A supervisor sets up a place and approves a text, by keyboard alone and at the width of a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bot.services import reviews
from bot.store.tables import Location, Review, Role, User
from tests.browser.conftest import Served
from tests.browser.test_console import complaints

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
Sit = Callable[..., Page]


@pytest.fixture
def sam(served: Served, sit_down: Sit) -> Callable[..., Page]:
    """`sam(width=375)`: a supervisor, signed in."""

    def arrive(**options: int) -> Page:
        page = sit_down("Sam Lee", **options)
        served.desk.change(User, User.name == "Sam Lee", role=Role.SUPERVISOR)
        return page

    return arrive


def press_until(page: Page, name: str, role: str = "link") -> None:
    """Tab on until that control has the focus; fails when there is no way to it."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"no key leads to {name}")


def test_a_text_is_approved_by_keyboard_alone(served: Served, sam: Callable[..., Page]) -> None:
    page = sam()
    said = complaints(page)
    page.goto(f"{served.url}/console/templates")
    press_until(page, "Español")
    page.keyboard.press("Enter")
    press_until(page, "Booked")
    page.keyboard.press("Enter")
    expect(page.locator(".sms[lang=es]").first).to_contain_text("tiene cita")
    press_until(page, "Who has read it", "textbox")
    page.keyboard.type("Lucía Ortega")
    page.keyboard.press("Tab")
    page.keyboard.type("Certified medical translator")
    press_until(page, "Approve this text", "button")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Approved.")
    expect(page.get_by_role("button", name="Withdraw the approval")).to_be_visible()
    assert served.desk.row(Review).reviewer == "Lucía Ortega"
    texts = served.desk.clinic.texts
    with served.desk.clinic.database.read() as connection:
        assert reviews.standings(texts, connection, "es")["appointment/booked"] is reviews.Standing.APPROVED
    assert said == []


def test_a_place_is_set_up_on_a_phone(served: Served, sam: Callable[..., Page]) -> None:
    served.desk.visit(1, served.desk.patient(10, "Rosa", "Delgado"))
    page = sam(width=375, height=740)
    said = complaints(page)
    page.goto(f"{served.url}/console/settings/locations")
    page.get_by_role("link", name="Main St").click()
    page.get_by_label("Name in texts").fill("Main Street Oncology")
    page.get_by_label("Phone in texts").fill("601-555-0142")
    page.get_by_label("Monday from").fill("08:00")
    page.get_by_label("Monday until").fill("16:30")
    page.get_by_role("button", name="Save").click()
    told = page.get_by_label("Name in texts")
    expect(told).to_have_attribute("aria-invalid", "true")
    expect(told).to_have_accessible_description(
        "What patients read. It must not tell what the care is for. This name tells what the care is for, and texts "
        "show on lock screens. Choose another one for texts."
    )
    expect(page.get_by_label("Monday until")).to_have_value("16:30")
    told.fill("Main Street")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".said")).to_contain_text("Saved.")
    assert served.desk.row(Location).hours == {"mon": "08:00-16:30"}
    for path in ("settings", "settings/on-call", "settings/service-levels", "settings/resources", "templates"):
        page.goto(f"{served.url}/console/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 375, path
    # A refused form is answered with 422, of which the browser tells; nothing else is amiss.
    assert [line for line in said if "422" not in line] == []
