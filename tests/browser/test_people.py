"""Somebody new: invited by a link, in with a second factor, and back in without the phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import Page, expect

from bot import clock
from bot.store.tables import Role, User
from tests.browser.conftest import Served
from tests.browser.test_accessible import AXE, RULES, RUN

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
Sit = Callable[..., Page]
WORDS = "four plain words here"


def assert_accessible(page: Page) -> None:
    """Pages that no address opens, so that the walk through all of them does not see them."""
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN, RULES) == []


def test_from_the_link_to_a_lost_phone(served: Served, sit_down: Sit) -> None:
    boss = sit_down("Mo Khan")
    served.desk.change(User, User.name == "Mo Khan", role=Role.ADMIN)
    boss.goto(f"{served.url}/console/people")
    boss.get_by_label("Email").fill("eve@clinic.test")
    boss.get_by_label("Role").select_option("supervisor")
    boss.get_by_role("button", name="Make a link").click()
    address = boss.get_by_label("Link").input_value()
    assert_accessible(boss)

    browser = boss.context.browser
    assert browser is not None
    page = browser.new_context(viewport={"width": 375, "height": 740}, locale="en-US").new_page()
    page.goto(address)
    page.get_by_label("Name").fill("Eve Stone")
    page.get_by_label("Password").fill(WORDS)
    page.get_by_role("button", name="Make my account").click()
    page.wait_for_url("**/console/")

    page.goto(f"{served.url}/console/account/second-factor")
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Code").fill(pyotp.TOTP(secret).at(int(clock.now().timestamp())))
    page.get_by_role("button", name="Continue").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    assert_accessible(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Recovery codes left: 10 of 10.")).to_be_visible()

    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.get_by_label("Email").fill("eve@clinic.test")
    page.get_by_label("Password").fill(WORDS)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/console/")
    page.goto(f"{served.url}/console/audit")
    expect(page.locator(".trail").get_by_text("Used a recovery code")).to_be_visible()
    expect(page.get_by_text(re.compile("The chain holds from line 1 "))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 375

    # Whoever has left is out with the next click.
    boss.goto(f"{served.url}/console/people")
    boss.get_by_role("link", name="Eve Stone").click()
    boss.get_by_role("button", name="Deactivate").click()
    expect(boss.get_by_text("This person may not sign in any more.")).to_be_visible()
    page.reload()
    page.wait_for_url("**/console/sign-in?next=*audit*")
    page.context.close()


def test_a_patient_at_another_location_opens_for_a_reason(served: Served, sit_down: Sit) -> None:
    desk = served.desk
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"))
    page = sit_down("Ana Ruiz", width=375, height=740)
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    page.goto(f"{served.url}/console/patients/P-010")
    expect(page.get_by_text("Rosa")).to_have_count(0)
    assert_accessible(page)
    page.get_by_label("Why you need to open it").fill("Covers for Main St today")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/patients/P-010")
    expect(page.get_by_text("Opened for four hours.")).to_be_visible()
    expect(page.get_by_role("heading", name="Rosa Delgado")).to_be_visible()
