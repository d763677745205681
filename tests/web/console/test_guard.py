"""The guard: every route of the console asks who, then in which role, then for the token, and only then looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from bot.store.tables import AuditEntry, Escalation, Message, Role, User
from tests.web.console.desk import Browser, Desk

PUBLIC = {"console.sign_in", "console.invited"}
NOT_FOR_COORDINATORS = {
    "console.imports", "console.people", "console.somebody", "console.invite", "console.withdraw",
    "console.change_place", "console.deactivate", "console.activate", "console.reset_factor", "console.unlock",
    "console.end_sessions_of",
    "console.settings", "console.setting_locations", "console.setting_location",
    "console.remove_location", "console.setting_on_call", "console.setting_rung", "console.remove_rung",
    "console.setting_levels", "console.setting_resources", "console.setting_resource", "console.use_resource",
}  # fmt: skip
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

pytestmark = SQLITE


def routes(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console."):
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<{name}>", "none").replace(f"<path:{name}>", "none")
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield rule, path, method


def test_nobody_gets_in_without_a_session(console: Flask) -> None:
    seen = 0
    for rule, path, method in routes(console):
        if rule.endpoint in PUBLIC:
            continue
        seen += 1
        # With a token and without one: who is not signed in hears that first, and nothing of what is there.
        for options in ({}, {"headers": {"HX-Request": "true"}}):
            answer = console.test_client().open(path, method=method, **options)
            live = "headers" in options
            assert answer.status_code == (401 if live else 303), (method, path)
            target = answer.headers["HX-Redirect" if live else "Location"]
            assert target.startswith("/console/sign-in?next="), (method, path)
    assert seen > 20


def test_a_nul_finds_nothing_and_breaks_nothing(console: Flask, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Ana Ruiz")
    for path in ("conversations/a%00", "patients/a%00", "escalations/%00"):
        assert browser.client.get(f"/console/{path}").status_code == 404
    for path in ("sign-in", "find"):
        asked = {"email": "ana\0@clinic.test", "password": "x", "q": "a\0"}
        assert browser.post(f"/console/{path}", asked).status_code == 400


def test_a_form_without_its_token_changes_nothing(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser]
) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "my chest hurts")
    before = desk.row(Escalation)
    browser = browser_of("Ana Ruiz")
    for rule, path, method in routes(console):
        if method == "POST":
            real = path.replace("none", talk if "conversations" in path else before.id)
            expected = 403 if rule.endpoint in NOT_FOR_COORDINATORS else 400
            assert browser.client.post(real, data={"body": "hello", "csrf_token": "made-up"}).status_code == expected
    assert desk.row(Escalation) == before


def test_a_role_is_asked_before_anything_is_looked_up(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser]
) -> None:
    browser = browser_of("Ana Ruiz")
    for rule, path, method in routes(console):
        if rule.endpoint in NOT_FOR_COORDINATORS:
            answer = browser.get(path) if method == "GET" else browser.post(path)
            assert answer.status_code == 403
    desk.user("Sam Lee", Role.SUPERVISOR)
    supervisor = Browser(console)
    supervisor.sign_in("Sam")
    assert supervisor.get("/console/imports").status_code == 200


OWN = {
    "console.sign_in", "console.sign_out", "console.second_factor", "console.change_password", "console.add_factor",
    "console.remove_factor", "console.end_others", "console.active", "console.find", "console.search",
    "console.invited",
    "console.new_codes", "console.change_language", "console.end_session",
}  # fmt: skip


def test_who_may_only_look_changes_nothing(console: Flask, desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "my chest hurts")
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", role=Role.READ_ONLY)
    assert "Rosa" in browser.get(f"/console/conversations/{talk}").text
    seen = 0
    for rule, path, method in routes(console):
        if method == "POST" and rule.endpoint not in OWN:
            seen += 1
            assert browser.post(path, {"body": "hello"}).status_code == 403, path
    assert seen > 10
    assert desk.row(Escalation).status == "open"


def test_who_works_elsewhere_sees_nothing_of_it(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser]
) -> None:
    here = desk.patient(10, "Rosa", "Delgado")
    desk.visit(1, here)
    talk = desk.text(10, "my chest hurts")
    [case] = desk.escalations(talk)
    heard = desk.row(Message, Message.direction == "inbound").id
    named = {"conversation_id": talk, "escalation_id": case, "message_id": heard, "patient_id": here}
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    seen = 0
    for rule in console.url_map.iter_rules():
        if rule.endpoint.startswith("console.") and rule.arguments & named.keys():
            path = rule.rule
            for name, value in named.items():
                path = path.replace(f"<{name}>", value).replace(f"<path:{name}>", value)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                seen += 1
                answer = browser.get(path) if method == "GET" else browser.post(path, {"body": "hello"})
                assert answer.status_code == 403, (method, path)
                assert "Rosa" not in answer.text
    assert seen > 10
    desk.change(User, User.name == "Ana Ruiz", locations=["Main St"])
    assert "Rosa" in browser.get(f"/console/conversations/{talk}").text
    assert browser.get(f"/console/patients/{here}").status_code == 200


def test_who_nobody_knows_is_everybodys(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    desk.patient(10, "Rosa", "Delgado")
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    for number in (10, 44):  # no visit yet, and no patient at all
        talk = desk.text(number, "my chest hurts")
        assert browser.get(f"/console/conversations/{talk}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/console/conversations/none"),
        ("GET", "/console/escalations/none"),
        ("GET", "/console/patients/none"),
        ("POST", "/console/conversations/none/claim"),
        ("POST", "/console/conversations/none/reply"),
        ("POST", "/console/conversations/none/notes"),
        ("POST", "/console/escalations/none/claim"),
        ("POST", "/console/escalations/none/resolve"),
        ("POST", "/console/messages/none/undo"),
    ],
)
def test_what_is_not_there_is_not_found(method: str, path: str, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Ana Ruiz")
    answer = browser.get(path) if method == "GET" else browser.post(path, {"body": "hello"})
    assert answer.status_code == 404
    assert "Not here" in answer.text


def test_only_timers_leave_an_idle_person_idle(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Ana Ruiz")
    for _ in range(7):
        desk.wait(minutes=2)
        assert browser.get("/console/live").status_code in (200, 304)
    desk.wait(minutes=1)
    assert browser.get("/console/live", headers={"HX-Request": "true"}).status_code == 401
    assert browser.get("/console/").status_code == 303


def test_staying_is_an_act(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Ana Ruiz")
    desk.wait(minutes=14, seconds=20)
    assert int(browser.get("/console/live").headers["Session-Ends-In"]) == 40
    assert browser.post("/console/active").status_code == 204
    desk.wait(minutes=14)
    assert browser.get("/console/").status_code == 200


def test_who_looked_at_whom_is_kept(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "my chest hurts")
    browser = browser_of("Ana Ruiz")
    browser.get(f"/console/conversations/{talk}")
    browser.get("/console/patients/P-010")
    browser.get(f"/console/live?c={talk}")
    with desk.clinic.database.read() as connection:
        rows = connection.execute(AuditEntry.__table__.select()).all()  # type: ignore[attr-defined]
    views = [(row.action, row.object_id) for row in rows if row.action.endswith(".view")]
    assert views == [("conversation.view", talk), ("patient.view", "P-010")]
