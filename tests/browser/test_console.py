"""A coordinator's day at the console, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from bot.store.tables import Conversation, Escalation, Message
from tests.browser.conftest import Served, sign_in

Sit = Callable[..., Page]

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def talk(served: Served) -> Iterator[str]:
    """Rosa has a question; Tom has nothing yet."""
    served.desk.patient(10, "Rosa", "Delgado", language="es")
    served.desk.patient(11, "Tom", "Okafor")
    return served.desk.text(10, "I want to talk to a person please")


def row(page: Page, name: str) -> object:
    return page.locator("#list .item", has_text=name).locator("a")


def button(page: Page, name: str) -> object:
    return page.get_by_role("button", name=name, exact=True)


def complaints(page: Page) -> list[str]:
    """What the browser has to say about the page: errors, and what the content security policy forbade."""
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_an_emergency_is_seen_claimed_answered_and_resolved(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    said = complaints(page)
    row(page, "Rosa Delgado").click()
    expect(page.get_by_role("heading", name="Rosa Delgado")).to_be_visible()
    page.get_by_label("Reply", exact=True).fill("A draft that must stay")

    emergency = served.desk.text(11, "my chest hurts and I can't breathe")
    expect(page.locator("#list .item").first).to_contain_text("Tom Okafor")
    expect(page.get_by_role("link", name="1 emergency waits")).to_be_visible()
    expect(page.locator("#announce")).to_have_text("1 new emergency in the list")
    expect(page).to_have_title("⚠ (2) Conversation · Tendril")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("A draft that must stay")

    row(page, "Tom Okafor").click()
    page.wait_for_url(f"**/conversations/{emergency}?view=open")
    expect(page.locator("#case mark").first).to_have_text("chest hurts")
    button(page, "Claim").click()
    expect(page.get_by_text("Bot paused")).to_be_visible()
    page.get_by_label("Reply", exact=True).fill("This is Ana. I am calling you now.")
    expect(page.locator("#segments")).to_have_text("1 segment · 126 left")
    button(page, "Send").click()
    expect(page.locator("#log .out", has_text="I am calling you now.")).to_contain_text("Queued")
    expect(button(page, "Undo")).to_be_visible()
    button(page, "Resolve").click()
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    expect(page.get_by_role("link", name="1 emergency waits")).to_have_count(0)

    assert served.desk.row(Escalation, Escalation.conversation_id == emergency).status == "resolved"
    assert served.desk.row(Message, Message.author_id.is_not(None)).kind == "staff"
    assert said == []


def test_two_race_and_one_is_told_who_was_faster(served: Served, sit_down: Sit, talk: str) -> None:
    ana, ben = sit_down("Ana Ruiz"), sit_down("Ben Cole")
    for page in (ana, ben):
        page.goto(f"{served.url}/console/conversations/{talk}")
    # Held before its next look at what is new, Ben's page still offers the claim.
    ben.route("**/console/live*", lambda route: route.abort())
    button(ana, "Claim").click()
    expect(ana.get_by_text("Bot paused")).to_be_visible()
    button(ben, "Claim").click()
    expect(ben.get_by_role("alert")).to_have_text("Ana Ruiz has this already.")
    expect(ben.get_by_text("Ana Ruiz is replying. You can leave a note.")).to_be_visible()
    button(ana, "Release").click()
    expect(button(ana, "Claim")).to_be_visible()
    assert served.desk.row(Conversation, Conversation.id == talk).held_by is None


def test_the_other_page_learns_of_a_claim_by_itself(served: Served, sit_down: Sit, talk: str) -> None:
    ana, ben = sit_down("Ana Ruiz"), sit_down("Ben Cole")
    for page in (ana, ben):
        page.goto(f"{served.url}/console/conversations/{talk}")
    button(ana, "Claim").click()
    expect(ben.get_by_text("Ana Ruiz is replying.")).to_be_visible(timeout=20_000)
    expect(ben.get_by_label("Reply", exact=True)).to_have_count(0)


def test_keys_do_what_hands_do_most_and_never_in_fields(served: Served, sit_down: Sit, talk: str) -> None:
    served.desk.text(11, "my chest hurts and I can't breathe")
    page = sit_down()
    page.keyboard.press("j")
    expect(row(page, "Tom Okafor")).to_be_focused()
    page.keyboard.press("j")
    expect(row(page, "Rosa Delgado")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Tom Okafor")).to_be_visible()
    page.wait_for_load_state()  # A page from Today is a new one: it is seen before its scripts listen.
    page.keyboard.press("c")
    expect(page.get_by_text("Bot paused")).to_be_visible()
    page.keyboard.press("r")
    reply = page.get_by_label("Reply", exact=True)
    expect(reply).to_be_focused()
    page.keyboard.type("cenj is no command here")
    expect(reply).to_have_value("cenj is no command here")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#log .out", has_text="cenj is no command here")).to_be_visible()
    expect(reply).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_label("Internal note, not sent")).to_be_focused()
    page.keyboard.type("Called the daughter")
    page.keyboard.press("Escape")
    button(page, "Add note").click()
    expect(page.locator("#log .note")).to_contain_text("Called the daughter")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()


def test_keys_can_be_switched_off(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/account")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.goto(f"{served.url}/console/conversations/{talk}")
    page.keyboard.press("c")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(button(page, "Claim")).to_be_visible()


def test_a_draft_is_warned_of_what_came_since(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/conversations/{talk}")
    page.get_by_label("Reply", exact=True).fill("We open at eight.")
    served.desk.text(10, "never mind, I found it")
    expect(page.locator("#log .in").last).to_contain_text("never mind")
    button(page, "Send").click()
    expect(page.get_by_role("alert")).to_contain_text("never mind, I found it")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("We open at eight.")
    button(page, "Send anyway").click()
    expect(page.locator("#log .out", has_text="We open at eight.")).to_be_visible()


def test_a_draft_outlives_claim_and_note(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/conversations/{talk}")
    reply = page.get_by_label("Reply", exact=True)
    reply.fill("Half a sentence")
    button(page, "Claim").click()
    expect(page.get_by_text("Bot paused")).to_be_visible()
    expect(reply).to_have_value("Half a sentence")
    page.get_by_label("Internal note, not sent").fill("Ask Dr. Bell")
    button(page, "Add note").click()
    expect(page.locator("#log .note")).to_contain_text("Ask Dr. Bell")
    expect(reply).to_have_value("Half a sentence")
    expect(page.get_by_label("Internal note, not sent")).to_have_value("")
    served.desk.text(11, "my chest hurts")
    expect(row(page, "Tom Okafor")).to_be_visible(timeout=20_000)
    row(page, "Tom Okafor").click()
    expect(page.get_by_role("heading", name="Tom Okafor")).to_be_visible()
    expect(reply).to_have_value("")


def test_a_draft_outlives_a_look_elsewhere_and_a_time_out(served: Served, sit_down: Sit, talk: str) -> None:
    other = served.desk.text(11, "call me please")
    page = sit_down()
    reply = page.get_by_label("Reply", exact=True)
    row(page, "Rosa Delgado").click()
    expect(page.get_by_role("heading", name="Rosa Delgado")).to_be_visible()
    reply.fill("We open at eight.")
    row(page, "Tom Okafor").click()
    expect(page.get_by_role("heading", name="Tom Okafor")).to_be_visible()
    expect(reply).to_have_value("")
    served.ahead = timedelta(minutes=16)
    page.wait_for_url(f"**/console/sign-in?next=*{other}*")
    served.desk.text(10, "never mind")
    sign_in(page, "Ana Ruiz")
    page.wait_for_url(f"**/conversations/{other}*")
    page.goto(f"{served.url}/console/conversations/{talk}")
    expect(reply).to_have_value("We open at eight.")
    # What came after the draft was begun is still warned of, and what was sent does not come back.
    button(page, "Send").click()
    expect(page.get_by_role("alert")).to_contain_text("never mind")
    button(page, "Send anyway").click()
    sent = page.locator("#log .out", has_text="We open at eight.")
    expect(sent).to_be_visible()
    page.reload()
    expect(sent).to_be_visible()
    expect(reply).to_have_value("")


def test_a_draft_is_for_its_writers_eyes_only(served: Served, sit_down: Sit, talk: str) -> None:
    served.desk.user("Ben Cole")
    page = sit_down()
    page.goto(f"{served.url}/console/conversations/{talk}")
    page.get_by_label("Reply", exact=True).fill("We open at eight.")
    page.wait_for_function("Object.keys(sessionStorage).some(name => name.startsWith('draft.'))")
    assert "eight" not in page.evaluate("JSON.stringify(sessionStorage)")
    button(page, "Sign out").click()
    sign_in(page, "Ben Cole")
    page.wait_for_url("**/console/")
    page.goto(f"{served.url}/console/conversations/{talk}")
    page.wait_for_function("!Object.keys(sessionStorage).some(name => name.startsWith('draft.'))")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")


def test_an_emergency_is_seen_on_a_patients_page(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/patients/P-010")
    expect(page).to_have_title("Patient · Tendril")
    served.desk.text(11, "my chest hurts")
    expect(page.locator("#announce")).to_have_text("1 emergency waits")
    expect(page).to_have_title("⚠ Patient · Tendril")
    page.get_by_role("link", name="1 emergency waits").click()
    expect(row(page, "Tom Okafor")).to_be_visible()


def test_the_place_of_the_keyboard_outlives_what_comes_in(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/conversations/{talk}")
    page.locator("#log details").first.locator("summary").click()
    page.get_by_label("This meant").first.select_option("refill_request")
    page.locator("#person-1").click()
    button(page, "Claim").focus()
    served.desk.visit(1, "P-010")
    served.desk.text(10, "hello?")
    expect(page.locator("#log .in").last).to_contain_text("hello?")
    # The patient's side is as live as the conversation, folded as it was.
    expect(page.locator("#side")).to_contain_text("Primary care, Main St")
    expect(page.locator("#side details")).not_to_have_attribute("open", "")
    expect(button(page, "Claim")).to_be_focused()
    expect(page.get_by_label("This meant").first).to_have_value("refill_request")


def test_undo_returns_the_words(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/conversations/{talk}")
    page.get_by_label("Reply", exact=True).fill("Wrong person, sorry")
    button(page, "Send").click()
    button(page, "Undo").click()
    expect(page.get_by_text("Taken back. Nothing was sent.")).to_be_visible()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("Wrong person, sorry")
    expect(page.locator("#log .out", has_text="Wrong person")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_all_without_sideways_scrolling(served: Served, sit_down: Sit, talk: str, scheme: str) -> None:
    arabic = (
        "هل يمكنني تغيير الموعد؟ https://example.test/a-very-long-address-without-any-blank-in-it-at-all-0123456789"
    )
    served.desk.patient(12, "Yusuf", "Haddad", language="ar")
    served.desk.visit(1, "P-012")
    other = served.desk.text(12, arabic)
    page = sit_down(width=375, height=700, color_scheme=scheme)
    for path in ("", f"conversations/{talk}", f"conversations/{other}", "patients/P-012", "account", "find"):
        page.goto(f"{served.url}/console/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path
    page.goto(f"{served.url}/console/")
    row(page, "Yusuf Haddad").first.click()
    expect(button(page, "Send")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.locator("#log .in .text").first.evaluate("e => getComputedStyle(e).direction") == "rtl"
    page.get_by_role("link", name="Back to the list").click()
    expect(row(page, "Yusuf Haddad").first).to_be_visible()


def test_a_dead_line_is_admitted(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.context.set_offline(True)
    expect(page.get_by_text("Not live since")).to_be_visible(timeout=20_000)
    page.context.set_offline(False)
    expect(page.get_by_text("Not live since")).to_be_hidden(timeout=20_000)


def test_an_idle_person_is_warned_and_may_stay(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    page.goto(f"{served.url}/console/conversations/{talk}")
    served.ahead = timedelta(minutes=14, seconds=20)
    warning = page.get_by_role("dialog", name="Still there?")
    expect(warning).to_be_visible(timeout=20_000)
    button(page, "Stay signed in").click()
    expect(warning).to_be_hidden()
    with page.expect_response("**/console/live*") as looked:
        assert int(looked.value.headers["session-ends-in"]) > 60
    expect(warning).to_be_hidden()
    served.ahead += timedelta(minutes=16)
    page.wait_for_url(f"**/console/sign-in?next=*{talk}")


def test_it_works_without_javascript(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down(java_script_enabled=False)
    row(page, "Rosa Delgado").click()
    button(page, "Claim").click()
    expect(page.get_by_text("Bot paused")).to_be_visible()
    page.get_by_label("Reply", exact=True).fill("This is Ana.")
    button(page, "Send").click()
    expect(page.locator("#log .out", has_text="This is Ana.")).to_be_visible()
    button(page, "Resolve").click()
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    button(page, "Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
