"""Signing in and out by the forms: cookies, the way back, the limit, and the second factor."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pyotp
import pytest
from flask import Flask

from bot.services.clinic import Clinic
from bot.store.tables import Session, User
from bot.web.app import create_app
from tests.web.console.desk import PASSWORD, TOKEN, Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_cookie_is_out_of_reach(console: Flask, desk: Desk) -> None:
    desk.user()
    answer = Browser(console).sign_in()
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("tendril_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert "Path=/console" in cookie


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/console/conversations/abc?view=mine", "/console/conversations/abc?view=mine"),
        ("https://evil.test/console/", "/console/"),
        ("//evil.test/console/", "/console/"),
        ("/console/\\evil.test", "/console/"),
        ("/api/v1/patients", "/console/"),
        ("/console/sign-out", "/console/"),
        ("", "/console/"),
    ],
)
def test_sign_in_returns_to_the_same_place_and_to_no_other_site(
    console: Flask, desk: Desk, asked: str, given: str
) -> None:
    desk.user()
    assert Browser(console).sign_in(next=asked).headers["Location"] == given


def test_an_expired_page_is_returned_to(console: Flask) -> None:
    client = console.test_client()
    page = client.get("/console/conversations/abc?view=mine").headers["Location"]
    assert page.endswith("next=%2Fconsole%2Fconversations%2Fabc%3Fview%3Dmine")
    for posted, back in (
        ("conversations/abc/reply", "conversations/abc"),
        ("patients/P-1/consent", "patients/P-1"),
        ("escalations/e1/claim", "escalations/e1"),
        ("account/password", "account"),
        ("people/invite", "people"),
        ("today/charted", ""),
    ):
        answer = client.post(f"/console/{posted}")
        assert answer.headers["Location"] == f"/console/sign-in?next={quote(f'/console/{back}', safe='')}", posted
    # A page that only asks for news leads back to where its reader is.
    seen = {"HX-Request": "true", "HX-Current-URL": "http://localhost/console/audit?person=u1&from=2026-11-01"}
    target = client.get("/console/alarm", headers=seen).headers["HX-Redirect"]
    assert target.endswith("next=%2Fconsole%2Faudit%3Fperson%3Du1%26from%3D2026-11-01")


def test_ten_wrong_tries_whatever_the_address(console: Flask, desk: Desk) -> None:
    desk.user()
    browser = Browser(console)
    token = browser.token()
    form = {"email": "ana@clinic.test", "password": "wrong", "csrf_token": token}
    for number in range(10):
        answer = browser.client.post("/console/sign-in", data=form, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        assert answer.status_code == 401
    answer = browser.sign_in()
    assert answer.status_code == 429
    assert re.search(r"may try again at 10:15 AM, in 15 min", answer.text)
    desk.wait(minutes=15)
    assert browser.sign_in().status_code == 303


def test_a_wrong_page_never_says_what_was_wrong(console: Flask, desk: Desk) -> None:
    desk.user()
    browser = Browser(console)
    token = browser.token()
    pages = [
        browser.client.post("/console/sign-in", data={"email": email, "password": "wrong", "csrf_token": token}).text
        for email in ("ana@clinic.test", "eve@clinic.test")
    ]
    ana, eve = (TOKEN.sub("", page) for page in pages)
    assert ana.replace("ana@", "eve@") == eve


def test_looking_at_the_door_is_no_try(console: Flask, desk: Desk) -> None:
    desk.user()
    browser = Browser(console)
    assert all(console.test_client().head("/console/sign-in").status_code == 200 for _ in range(12))
    assert browser.sign_in().status_code == 303


def test_sign_out_ends_the_session_itself(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Ana Ruiz")
    cookie = browser.client.get_cookie("tendril_session", path="/console")
    assert cookie is not None
    assert browser.get("/console/sign-out").status_code in (404, 405)
    answer = browser.post("/console/sign-out")
    assert answer.status_code == 303
    # Not "storage": whether single keys are on is this browser's to keep.
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    browser.client.set_cookie("tendril_session", cookie.value, path="/console")
    assert browser.get("/console/").status_code == 303


@pytest.fixture
def strict(clinic: Clinic) -> tuple[Desk, Flask]:
    """A clinic that asks everybody for a second factor."""
    clinic.settings.__dict__["totp_required"] = True
    desk = Desk(clinic)
    return desk, create_app(desk.clinic)


def test_the_first_sign_in_sets_up_the_second_factor(strict: tuple[Desk, Flask]) -> None:
    desk, app = strict
    desk.user()
    browser = Browser(app)
    assert browser.sign_in(next="/console/account").headers["Location"] == "/console/account"
    asked = browser.get("/console/account")
    assert asked.headers["Location"] == "/console/second-factor?next=%2Fconsole%2Faccount"
    page = browser.get(asked.headers["Location"]).text
    assert "<svg" in page
    assert "style=" not in page
    secret = re.sub(r"\s", "", re.search(r'id="secret">([^<]+)<', page)[1])  # type: ignore[index]
    offer = re.search(r'name="offer" value="([^"]+)"', page)[1]  # type: ignore[index]
    form = {"offer": offer, "next": "/console/account"}
    wrong = browser.post("/console/second-factor", {**form, "code": "000000"})
    assert wrong.status_code == 401
    # A mistyped code does not make the key worthless that the app has by now.
    assert re.sub(r"\s", "", re.search(r'id="secret">([^<]+)<', wrong.text)[1]) == secret  # type: ignore[index]
    code = pyotp.TOTP(secret).at(int(desk.now.timestamp()))
    codes = browser.post("/console/second-factor", {**form, "code": code})
    assert len(re.findall(r"<li><code>([a-z0-9-]{19})</code>", codes.text)) == 10
    assert 'href="/console/account"' in codes.text
    assert browser.get("/console/").status_code == 200

    other = Browser(app)
    other.sign_in()
    assert other.get("/console/").headers["Location"].startswith("/console/second-factor")
    assert 'id="secret"' not in other.get("/console/second-factor").text
    assert other.post("/console/second-factor", {"code": code}).status_code == 401
    desk.now += timedelta(seconds=30)
    fresh = pyotp.TOTP(secret).at(int(desk.now.timestamp()))
    assert other.post("/console/second-factor", {"code": fresh}).status_code == 303
    assert other.get("/console/").status_code == 200


def enrolled(browser: Browser, desk: Desk, path: str = "/console/account/second-factor") -> tuple[str, list[str]]:
    """Set the second factor up; its secret, and the recovery codes."""
    page = browser.get(path).text
    secret = re.sub(r"\s", "", re.search(r'id="secret">([^<]+)<', page)[1])  # type: ignore[index]
    offer = re.search(r'name="offer" value="([^"]+)"', page)[1]  # type: ignore[index]
    code = pyotp.TOTP(secret).at(int(desk.now.timestamp()))
    return secret, codes_of(browser.post(path, {"offer": offer, "code": code}).text)


def codes_of(page: str) -> list[str]:
    return re.findall(r"<li><code>([a-z0-9-]{19})</code>", page)


def test_a_recovery_code_stands_in_for_the_phone_once(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser]
) -> None:
    browser = browser_of("Ana Ruiz")
    _secret, codes = enrolled(browser, desk)
    assert "Recovery codes left: 10 of 10" in browser.get("/console/account").text
    other = Browser(console)
    other.sign_in()
    assert other.get("/console/").headers["Location"].startswith("/console/second-factor")
    typed = codes[3].upper().replace("-", " ")
    assert other.post("/console/second-factor", {"code": typed}).status_code == 303
    page = other.get("/console/account").text
    assert "That recovery code is used up; 9 are left." in page
    assert "Recovery codes left: 9 of 10" in page
    third = Browser(console)
    third.sign_in()
    assert third.post("/console/second-factor", {"code": codes[3]}).status_code == 401
    assert third.post("/console/second-factor", {"code": "none-of-them"}).status_code == 401
    assert third.post("/console/second-factor", {"code": codes[4]}).status_code == 303


def test_new_codes_take_a_code_and_end_the_old_ones(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser]
) -> None:
    browser = browser_of("Ana Ruiz")
    secret, old = enrolled(browser, desk)
    assert browser.post("/console/account/codes", {"code": "000000"}).status_code == 401
    desk.wait(seconds=30)
    fresh = pyotp.TOTP(secret).at(int(desk.now.timestamp()))
    new = codes_of(browser.post("/console/account/codes", {"code": fresh}).text)
    assert len(set(new) - set(old)) == 10
    other = Browser(console)
    other.sign_in()
    assert other.post("/console/second-factor", {"code": old[0]}).status_code == 401
    assert other.post("/console/second-factor", {"code": new[0]}).status_code == 303


def test_wrong_recovery_codes_count_as_tries(console: Flask, desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    _secret, codes = enrolled(browser_of("Ana Ruiz"), desk)
    other = Browser(console)
    other.sign_in()
    for _ in range(10):
        other.post("/console/second-factor", {"code": "aaaa-bbbb-cccc-dddd"})
    answer = other.post("/console/second-factor", {"code": codes[0]})
    assert (answer.status_code, "Too many failed tries" in answer.text) == (401, True)


def test_another_phone_where_everybody_needs_one(strict: tuple[Desk, Flask]) -> None:
    desk, app = strict
    desk.user()
    browser = Browser(app)
    browser.sign_in()
    _secret, codes = enrolled(browser, desk, "/console/second-factor")
    answer = browser.post("/console/account/second-factor/off", {"code": codes[0]})
    assert answer.headers["Location"] == "/console/second-factor?next=/console/account"
    # Nothing else is served before the new one is set up.
    assert browser.get("/console/").status_code == 303
    _new, more = enrolled(browser, desk, "/console/second-factor")
    assert len(more) == 10
    assert browser.get("/console/").status_code == 200


def test_one_session_is_ended_and_only_ones_own(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser]
) -> None:
    browser, bens = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    other = Browser(console)
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Version/17.1"
    form = {"email": "ana@clinic.test", "password": PASSWORD, "csrf_token": other.token()}
    other.client.post("/console/sign-in", data=form, headers={"User-Agent": agent})
    page = browser.get("/console/account").text
    assert "Safari on iPhone" in page
    assert page.count('<span class="badge">This browser</span>') == 1
    theirs = desk.row(Session, Session.agent == agent).id
    assert bens.post("/console/account/session/end", {"session": theirs}).status_code == 303
    assert other.get("/console/").status_code == 200
    assert browser.post("/console/account/session/end", {"session": theirs}).status_code == 303
    assert other.get("/console/").status_code == 303
    assert browser.get("/console/").status_code == 200


def test_the_language_is_the_persons(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Ana Ruiz")
    for chosen, shown in (("es", "es"), ("xx", "en"), ("", "en")):
        assert browser.post("/console/account/language", {"language": chosen}).status_code == 303
        assert f'<html lang="{shown}"' in browser.get("/console/account").text
    browser.post("/console/account/language", {"language": "es"})
    assert desk.row(User).language == "es"
    assert '<html lang="es"' in browser.get("/console/account", headers={"Accept-Language": "en"}).text


def test_a_new_password_ends_the_other_sessions(console: Flask, browser_of: Callable[[str], Browser]) -> None:
    browser, other = browser_of("Ana Ruiz"), Browser(console)
    other.sign_in()
    assert browser.post("/console/account/password", {"old": "wrong", "new": "a longer one"}).status_code == 401
    assert browser.post("/console/account/password", {"old": PASSWORD, "new": "short"}).status_code == 422
    assert browser.post("/console/account/password", {"old": PASSWORD, "new": "a longer one"}).status_code == 303
    assert browser.get("/console/").status_code == 200
    assert other.get("/console/").status_code == 303
    assert Browser(console).sign_in(password="a longer one").status_code == 303
