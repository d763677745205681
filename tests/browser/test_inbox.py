"""Many conversations at once, in a real browser: selected and resolved by keys, taken back, searched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bot.store.tables import Escalation
from tests.browser.conftest import Served

Sit = Callable[..., Page]

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def four(served: Served) -> list[str]:
    """Four patients ask for a person, one after the other."""
    for number, name in ((10, "Rosa"), (11, "James"), (12, "Lena"), (13, "Omar")):
        served.desk.patient(number, name, "Delgado")
    talks = [served.desk.text(number, "can I talk to a person please") for number in range(10, 14)]
    return [served.desk.escalations(talk)[0] for talk in talks]


def stands(served: Served, escalation_id: str) -> str:
    return str(served.desk.row(Escalation, Escalation.id == escalation_id).status)


def test_several_rows_are_resolved_by_keys_and_taken_back(served: Served, sit_down: Sit, four: list[str]) -> None:
    page = sit_down()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.goto(f"{served.url}/console/inbox")
    expect(page.locator("#bulk")).to_be_hidden()
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#picked")).to_have_text("2 selected")
    # The list is drawn anew when somebody else writes; what was selected stays so.
    served.desk.patient(14, "Irina", "Volkova")
    served.desk.text(14, "can I talk to a person please")
    expect(page.locator("#list .item")).to_have_count(5)
    expect(page.locator("#list .pick input:checked")).to_have_count(2)
    page.get_by_label("What to do with those selected").select_option("resolve")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#bulk-slot")).to_contain_text("Resolve 2 conversations?")
    # Before htmx has taken the form over, Enter would send it as a form without scripts is sent.
    expect(page.locator("#bulk-slot .htmx-added")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#bulk-slot")).to_contain_text("2 of 2 done.")
    expect(page.locator("#list .item")).to_have_count(3)
    assert [stands(served, one) for one in four] == ["resolved", "resolved", "open", "open"]
    page.keyboard.press("u")
    expect(page.locator("#bulk-slot")).to_contain_text("2 of 2 taken back.")
    expect(page.locator("#list .item")).to_have_count(5)
    assert not said


def test_resolve_and_next_and_one_step_back(served: Served, sit_down: Sit, four: list[str]) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/inbox")
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Rosa Delgado")).to_be_visible()
    page.keyboard.press("Shift+E")
    expect(page.get_by_role("heading", name="James Delgado")).to_be_visible()
    assert stands(served, four[0]) == "resolved"
    page.keyboard.press("e")
    expect(page.locator("#undo")).to_contain_text("Resolved.")
    page.keyboard.press("u")
    expect(page.locator("#undo")).to_be_empty()
    assert stands(served, four[1]) == "open"


def test_search_leads_to_the_message(served: Served, sit_down: Sit, four: list[str]) -> None:
    served.desk.text(12, "where is the parking garage?")
    for _ in range(3):
        served.desk.text(12, "hello?")
    page = sit_down(width=375, height=740)
    page.goto(f"{served.url}/console/inbox?view=all")
    page.keyboard.press("/")
    page.keyboard.type("garage")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.url}/console/search")
    page.locator(".hits mark").click()
    expect(page.locator(".bubble:target")).to_contain_text("parking garage")
    expect(page.locator(".bubble:target")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_word_of_something_urgent_comes_only_when_asked_for_and_names_nobody(
    served: Served, sit_down: Sit, four: list[str]
) -> None:
    page = sit_down()
    page.context.grant_permissions(["notifications"])
    # What the browser would show, and a tab that lies behind others.
    page.add_init_script(
        """window.told = [];
        window.Notification = class { constructor(words) { window.told.push(words); } };
        Notification.permission = "granted"; Notification.requestPermission = async () => "granted";
        Object.defineProperty(document, "hidden", { get: () => true });"""
    )
    page.goto(f"{served.url}/console/inbox")
    served.desk.text(10, "my chest hurts and I cannot breathe")
    expect(page.locator("#alarm .alarm")).to_have_attribute("data-count", "1")
    assert page.evaluate("told") == []
    page.goto(f"{served.url}/console/account")
    page.get_by_label("This browser tells me").check()
    page.goto(f"{served.url}/console/inbox")
    served.desk.text(11, "my chest hurts and I cannot breathe")
    expect(page.locator("#alarm .alarm")).to_have_attribute("data-count", "2")
    # No wait_for_function: it evaluates in the page, and the page's security policy forbids that.
    for _ in range(100):
        if page.evaluate("told.length"):
            break
        page.wait_for_timeout(100)
    assert page.evaluate("told") == ["New urgent conversation"]
