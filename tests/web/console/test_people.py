"""The people page: supervisors look, admins invite and change, and the link stands there once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from bot.store.tables import Role, User
from tests.web.console.desk import PASSWORD, Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def boss(console: Flask, desk: Desk) -> Browser:
    """An admin at her browser."""
    desk.user("Mo Khan", Role.ADMIN)
    browser = Browser(console)
    browser.sign_in("Mo")
    return browser


def invited(boss: Browser, email: str = "eve@clinic.test") -> str:
    page = boss.post("/console/people/invite", {"email": email, "role": "coordinator", "location": "Main St"}).text
    found = re.search(r'value="http[^"]+?(/console/sign-in/invited/[^"]+)"', page)
    assert found
    return found[1]


def test_an_invitation_from_link_to_desk(console: Flask, desk: Desk, boss: Browser) -> None:
    path = invited(boss)
    page = boss.get("/console/people").text
    assert "eve@clinic.test" in page
    assert path not in page
    eve = Browser(console)
    assert "eve@clinic.test" in eve.get(path).text
    short = eve.post(path, {"name": "Eve <b>Stone", "password": "short"})
    assert short.status_code == 422
    assert "8 characters or more" in short.text
    assert 'value="Eve &lt;b&gt;Stone"' in short.text
    assert eve.post(path, {"name": "Eve Stone", "password": "four plain words here"}).headers["Location"] == "/console/"
    assert eve.get("/console/").status_code == 200
    assert desk.row(User, User.email == "eve@clinic.test").locations == ["Main St"]
    again = Browser(console).get(path)
    assert again.status_code == 401
    assert "used already" in again.text


def test_a_made_up_link_leads_nowhere(console: Flask) -> None:
    answer = Browser(console).get("/console/sign-in/invited/made-up")
    assert answer.status_code == 401
    assert "<form" not in answer.text


def test_what_admins_do_to_somebody(console: Flask, desk: Desk, boss: Browser) -> None:
    ben = desk.user("Ben Cole")
    bens = Browser(console)
    bens.sign_in("Ben")
    page = boss.get(f"/console/people/{ben}").text
    assert "Ben Cole" in page
    change = {"role": "supervisor", "location": ["Main St", "Elm St"]}
    assert boss.post(f"/console/people/{ben}/place", change).status_code == 303
    assert desk.row(User, User.id == ben).locations == ["Elm St", "Main St"]
    assert bens.get("/console/people").status_code == 200
    assert boss.post(f"/console/people/{ben}/sessions/end").status_code == 303
    assert bens.get("/console/").status_code == 303
    assert boss.post(f"/console/people/{ben}/deactivate").status_code == 303
    assert bens.sign_in("Ben").status_code == 401
    assert "Ben Cole" not in boss.get("/console/people").text
    assert "Ben Cole" in boss.get("/console/people?former=1").text
    assert boss.post(f"/console/people/{ben}/activate").status_code == 303
    assert bens.sign_in("Ben").status_code == 303
    assert boss.post(f"/console/people/{ben}/place", {"role": "king"}).status_code == 400
    assert boss.post("/console/people/nobody/deactivate").status_code == 404


def test_nobody_changes_the_last_admin_or_themselves(desk: Desk, boss: Browser) -> None:
    mo = desk.row(User, User.name == "Mo Khan").id
    answer = boss.post(f"/console/people/{mo}/deactivate")
    assert (answer.status_code, "only administrator" in answer.text) == (422, True)
    desk.user("Ana Ruiz", Role.ADMIN)
    answer = boss.post(f"/console/people/{mo}/second-factor")
    assert (answer.status_code, "another administrator" in answer.text) == (422, True)
    assert desk.row(User, User.id == mo).active


def test_a_lost_phone_and_a_lock_out(console: Flask, desk: Desk, boss: Browser) -> None:
    ben = desk.user("Ben Cole")
    desk.change(User, User.id == ben, totp_secret=desk.clinic.vault.seal("users.totp_secret", ben, "A" * 32))
    bens = Browser(console)
    for _ in range(10):
        bens.sign_in("Ben", password="wrong")
    assert bens.sign_in("Ben").status_code == 429
    assert "Locked out until" in boss.get("/console/people").text
    boss.post(f"/console/people/{ben}/unlock")
    assert bens.sign_in("Ben", password=PASSWORD).status_code == 303
    assert bens.get("/console/").headers["Location"].startswith("/console/second-factor")
    boss.post(f"/console/people/{ben}/second-factor")
    assert desk.row(User, User.id == ben).totp_secret is None
    bens.sign_in("Ben")
    assert bens.get("/console/").status_code == 200


def test_supervisors_look(console: Flask, desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Sam Lee")
    desk.change(User, User.name == "Sam Lee", role=Role.SUPERVISOR)
    ben = desk.user("Ben Cole")
    page = browser.get("/console/people").text
    assert "Ben Cole" in page
    assert "Invite somebody" not in page
    assert "Deactivate" not in browser.get(f"/console/people/{ben}").text
    for path in ("people/invite", f"people/{ben}/deactivate", f"people/{ben}/place", f"people/{ben}/unlock"):
        assert browser.post(f"/console/{path}", {"email": "x@clinic.test", "role": "admin"}).status_code == 403
    assert browser.post(f"/console/people/{ben}/sessions/end").status_code == 303


def test_the_page_takes_a_bounded_number_of_statements(
    desk: Desk, boss: Browser, count_queries: Callable[[], int]
) -> None:
    boss.get("/console/people")
    before = count_queries()
    boss.get("/console/people")
    few = count_queries() - before
    for number in range(12):
        desk.user(f"P{number} Person")
    before = count_queries()
    boss.get("/console/people")
    assert count_queries() - before == few
