"""Days of several people at the console, told from the first click to the last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect

from bot import clock
from bot.services import recovery_codes
from bot.services.returns import give_back_idle
from bot.store.tables import Conversation, Escalation, OnCall, Role, ServiceLevel, User
from tests.browser.conftest import Served, sign_in
from tests.browser.test_console import button, complaints, row
from tests.browser.test_settings import press_until

Sit = Callable[..., Page]

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def talk(served: Served) -> str:
    """Rosa wants a person; Tom has nothing yet."""
    served.desk.patient(10, "Rosa", "Delgado", language="es")
    served.desk.patient(11, "Tom", "Okafor")
    return served.desk.text(10, "I want to talk to a person please")


def test_two_press_at_the_same_moment_and_one_has_it(served: Served, sit_down: Sit, talk: str) -> None:
    pages = {name: sit_down(name) for name in ("Ana Ruiz", "Ben Cole")}
    for page in pages.values():
        page.route("**/console/today/live*", lambda route: route.abort())
    for page in pages.values():
        # Without waiting for what comes of it: both requests are on their way at once.
        button(page, "Take it").evaluate("press => press.click()")
    paused, told = "Bot paused", "alert"
    for page in pages.values():
        expect(page.get_by_text(paused).or_(page.get_by_role(told))).to_be_visible()
    (winner,) = [name for name, page in pages.items() if page.get_by_text(paused).count()]
    (loser,) = set(pages) - {winner}
    expect(pages[loser].get_by_role(told)).to_have_text(f"{winner} has this already.")
    expect(pages[loser].get_by_text(f"{winner} is replying. You can leave a note.")).to_be_visible()
    holder = served.desk.row(Conversation, Conversation.id == talk).held_by
    assert holder == served.desk.row(User, User.name == winner).id


def test_what_somebody_left_lying_comes_back_marked(served: Served, sit_down: Sit, talk: str) -> None:
    ana = sit_down("Ana Ruiz")
    ana.goto(f"{served.url}/console/conversations/{talk}")
    button(ana, "Claim").click()
    expect(ana.get_by_text("Bot paused")).to_be_visible()
    clinic = served.desk.clinic
    served.ahead = timedelta(minutes=29)
    assert give_back_idle(clinic, clinic.clock()) == 0
    served.ahead = timedelta(minutes=31)
    assert give_back_idle(clinic, clinic.clock()) == 1
    ben = sit_down("Ben Cole")
    ben.goto(f"{served.url}/console/inbox?view=open")
    expect(row(ben, "Rosa Delgado")).to_contain_text("came back")
    row(ben, "Rosa Delgado").click()
    expect(ben.locator("#case")).to_contain_text("Ana Ruiz had claimed it and did nothing more.")
    button(ben, "Claim").click()
    expect(ben.get_by_text("Bot paused")).to_be_visible()
    expect(ben.locator(".came-back")).to_have_count(0)
    # Her own session has ended meanwhile: signed in again, Ana reads who has it now.
    ana.wait_for_url("**/console/sign-in?next=*")
    sign_in(ana, "Ana Ruiz")
    ana.wait_for_url(f"**/conversations/{talk}*")
    expect(ana.get_by_text("Ben Cole is replying. You can leave a note.")).to_be_visible()


def test_an_emergency_breaks_in_and_the_draft_waits(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    said = complaints(page)
    page.goto(f"{served.url}/console/conversations/{talk}?view=mine")
    reply = page.get_by_label("Reply", exact=True)
    reply.fill("Dear Rosa, tomorrow at")
    emergency = served.desk.text(11, "my chest hurts and I can't breathe")
    # By the page's own polling, from a view that does not list it.
    alarm = page.get_by_role("link", name="1 emergency waits")
    expect(alarm).to_be_visible(timeout=5_000)
    alarm.click()
    row(page, "Tom Okafor").click()
    page.wait_for_url(f"**/conversations/{emergency}?*")
    button(page, "Claim").click()
    expect(page.get_by_text("Bot paused")).to_be_visible()
    expect(alarm).to_have_count(0)
    reply.fill("This is Ana, I am calling you now.")
    button(page, "Send").click()
    expect(page.locator("#log .out", has_text="I am calling you now.")).to_be_visible()
    button(page, "Resolve").click()
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    assert served.desk.row(Escalation, Escalation.conversation_id == emergency).status == "resolved"
    page.goto(f"{served.url}/console/conversations/{talk}")
    expect(reply).to_have_value("Dear Rosa, tomorrow at")
    assert said == []


def test_times_and_ladder_are_set_by_keyboard_alone(served: Served, sit_down: Sit) -> None:
    page = sit_down("Sam Lee")
    served.desk.change(User, User.name == "Sam Lee", role=Role.SUPERVISOR)
    served.desk.user("Ben Cole")
    said = complaints(page)
    page.reload()

    def go(name: str, role: str = "link") -> None:
        press_until(page, name, role)
        page.keyboard.press("Enter")

    page.keyboard.press("Tab")
    for _ in range(12):
        if page.evaluate("document.activeElement.id") == "more-places":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    go("Settings")
    go("Service levels")
    page.wait_for_url("**/settings/service-levels")
    press_until(page, "Minutes", "spinbutton")
    page.keyboard.type("4")
    go("Save", "button")
    expect(page.locator(".said")).to_contain_text("Saved.")
    assert served.desk.row(ServiceLevel, ServiceLevel.priority == "emergency").minutes == 4
    go("On call")
    page.wait_for_url("**/settings/on-call")
    press_until(page, "Person", "combobox")
    page.keyboard.type("Ben")
    press_until(page, "Number for texts", "textbox")
    page.keyboard.type("601-555-0142")
    go("Save", "button")
    expect(page.locator(".entries")).to_contain_text("text to (601) 555-0142")
    assert served.desk.row(OnCall).user_id == served.desk.row(User, User.name == "Ben Cole").id
    go("Take off Ben Cole", "button")
    expect(page.get_by_text("Nobody is on call")).to_be_visible()
    assert said == []


def fits(page: Page, *pressed: Locator) -> None:
    """Nothing scrolls sideways, and a thumb hits what is to be pressed."""
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    for one in pressed:
        box = one.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_a_day_on_a_phone(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down(width=375, height=740, has_touch=True)
    said = complaints(page)
    fits(page, button(page, "Take it"), page.locator("#more-places"), *page.locator(".tabs a:visible").all())
    button(page, "Take it").tap()
    expect(page.get_by_text("Bot paused")).to_be_visible()
    page.get_by_label("Reply", exact=True).fill("This is Ana. We open at eight.")
    fits(page, button(page, "Send"), button(page, "Resolve"), button(page, "Release"))
    button(page, "Send").tap()
    expect(page.locator("#log .out", has_text="We open at eight.")).to_be_visible()
    button(page, "Resolve").tap()
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Back to the list").tap()
    expect(page.locator("#list .empty")).to_be_visible()
    fits(page, *page.locator(".views a").all())
    page.get_by_role("link", name="Today", exact=True).tap()
    expect(page.get_by_role("heading", name="Nobody waits for a person.")).to_be_visible()
    fits(page)
    assert said == []


def test_in_with_the_app_and_in_without_it(served: Served, sit_down: Sit, talk: str) -> None:
    page = sit_down()
    clinic, user = served.desk.clinic, served.desk.row(User).id
    secret = pyotp.random_base32()
    served.desk.change(User, totp_secret=clinic.vault.seal("users.totp_secret", user, secret))
    with clinic.database.begin() as connection:
        codes = recovery_codes.make(connection, user)
    code = page.get_by_label("Code")

    def come_back() -> None:
        button(page, "Sign out").click()
        page.goto(f"{served.url}/console/conversations/{talk}")
        sign_in(page, "Ana Ruiz")
        expect(code).to_be_focused()

    def give(typed: str) -> None:
        code.fill(typed)
        with page.expect_event("load"):
            button(page, "Continue").click()

    here = page.get_by_role("heading", name="Rosa Delgado")
    come_back()
    present = pyotp.TOTP(secret).at(int(clock.now().timestamp()))
    give(str((int(present) + 1) % 1_000_000).zfill(6))
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("Rosa Delgado")).to_have_count(0)
    give(pyotp.TOTP(secret).at(int(clock.now().timestamp())))
    expect(here).to_be_visible()
    come_back()
    give(codes[0].upper())
    expect(here).to_be_visible()
    # Neither is good twice.
    come_back()
    give(present)
    expect(page.get_by_role("alert")).to_be_visible()
    give(codes[0])
    expect(page.get_by_role("alert")).to_be_visible()
    give(codes[1])
    expect(here).to_be_visible()
