"""The reply box in a real browser: canned replies by /, company, replies kept for later, all of it by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bot.services import canned
from bot.store.tables import Message, Patient
from tests.browser.conftest import Served

Sit = Callable[..., Page]

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def talk(served: Served) -> str:
    """Rosa has a question, and the clinic three answers of which one does not fit her."""
    served.desk.patient(10, "Rosa", "Delgado", language="es")
    for shortcut, title, body in (
        ("call", "Call us", "Please call {clinic} at {phone}."),
        ("card", "What to bring", "{given_name}, please bring your card."),
        ("visit", "When to come", "We expect you {visit}."),
    ):
        canned.save(
            served.desk.clinic, reply_id=None, shortcut=shortcut, title=title, body=body, actor_id="sam",
            now=served.desk.clinic.clock(),
        )  # fmt: skip
    return served.desk.text(10, "I want to talk to a person please")


def test_a_slash_finds_words_that_are_filled_in(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/conversations/{talk}")
    reply = page.get_by_label("Reply", exact=True)
    reply.focus()
    page.keyboard.type("Hello and/or good day. /")
    find = page.get_by_role("combobox", name="Find a text")
    expect(find).to_be_focused()
    options = page.locator("#slash-list").get_by_role("option")
    expect(options).to_have_count(3)
    page.keyboard.type("bring")
    expect(options).to_have_text(["/card What to bring (in English)Rosa, please bring your card."])
    expect(find).to_have_attribute("aria-activedescendant", "slash-0")
    page.keyboard.press("Enter")
    expect(reply).to_have_value("Hello and/or good day. Rosa, please bring your card.")
    expect(reply).to_be_focused()
    expect(find).to_be_hidden()
    # What is not known blocks; Escape leaves what was typed.
    page.keyboard.type(" /vis")
    page.keyboard.press("Enter")
    expect(page.locator("#slash-said")).to_have_text("Cannot be used here: no visit lies ahead.")
    page.keyboard.press("Escape")
    expect(reply).to_have_value("Hello and/or good day. Rosa, please bring your card. /vis")
    reply.fill("")
    page.get_by_role("button", name="Say who writes").click()
    expect(reply).to_have_value("This is Ana Ruiz from Willow Clinic. ")
    page.locator("#canned").click()
    page.get_by_role("link", name="Call us").click()
    expect(reply).to_have_value("This is Ana Ruiz from Willow Clinic. Please call Willow Clinic at 601-555-0100.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#log .out", has_text="Please call Willow Clinic")).to_contain_text("Ana Ruiz")


def test_two_see_each_other_and_a_reply_is_kept_and_taken_back(served: Served, sit_down: Sit, talk: str) -> None:
    ana, ben = sit_down("Ana Ruiz"), sit_down("Ben Cole")
    for page in (ana, ben):
        page.goto(f"{served.url}/console/conversations/{talk}")
    expect(ana.locator("#company")).to_have_text("Ben Cole is viewing", timeout=20_000)
    ben.get_by_label("Reply", exact=True).press_sequentially("We open at")
    expect(ana.locator("#company")).to_have_text("Ben Cole is writing", timeout=20_000)
    ben.get_by_text("Send later").click()
    # Enter in the field of a time never sends at once.
    ben.get_by_label("At, on the clinic’s clock").press("Enter")
    expect(ben.get_by_role("alert")).to_contain_text("Choose a time")
    ben.get_by_text("Send later").click()
    ben.get_by_role("button", name="Tomorrow, 8:00").click()
    kept = ana.locator("#log .later", has_text="We open at")
    expect(kept).to_contain_text("Scheduled for Tomorrow, 8:00 AM", timeout=20_000)
    served.desk.text(10, "never mind")
    expect(kept).to_contain_text("Held: the patient has written since.", timeout=20_000)
    kept.get_by_role("button", name="Take back").click()
    expect(ana.get_by_text("Taken back. Nothing was sent.")).to_be_visible()
    expect(ana.get_by_label("Reply", exact=True)).to_have_value("We open at")
    assert "staff/later" not in {row.kind for row in rows(served)}


def rows(served: Served) -> list[Message]:
    with served.desk.clinic.database.read() as connection:
        return list(connection.execute(Message.__table__.select()))  # type: ignore[attr-defined, arg-type]


def test_what_is_set_right_in_passing_is_taken_back(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down(width=375, height=740)
    page.goto(f"{served.url}/console/conversations/{talk}")
    page.get_by_text("Call logged").click()
    page.get_by_role("button", name="Left a message").click()
    expect(page.get_by_text("Call logged: Left a message.")).to_be_visible()
    expect(page.locator("#log .note")).to_contain_text("Called the patient. Left a message.")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("#log .note")).to_have_count(0)
    page.locator("#case .snooze", has_text="Other").locator("summary").click()
    page.get_by_label("Language", exact=True).select_option("vi")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text("Texts go out in Vietnamese now.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Texts go out in Spanish now.")).to_be_visible()
    assert served.desk.row(Patient).language == "es"
