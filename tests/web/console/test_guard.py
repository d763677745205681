"""The guard: every route of the console asks who, then in which role, then for the token, and only then looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from flask import Flask
from werkzeug.routing import Rule

from bot.services import inbox_visits
from bot.services.loops.opening import Opening, open_loop
from bot.store.tables import AuditEntry, Escalation, Message, Role, Session, User
from bot.web.app import create_app
from bot.web.console.guard import SCOPED
from tests.web.console.desk import Browser, Desk
from tests.web.console.expected import EXPECTED, OF_NO_PLACE, ROLES, Who

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

pytestmark = SQLITE


def routes(app: Flask, names: Mapping[str, str] | None = None) -> Iterator[tuple[Rule, str, str]]:
    """Every route of the console by every method it takes, with an address that names what is there, or nothing."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console."):
            path = rule.rule
            for name in rule.arguments:
                value = (names or {}).get(name, "none")
                path = path.replace(f"<{name}>", value).replace(f"<path:{name}>", value)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield rule, path, method


def undeclared(app: Flask) -> set[str]:
    """What is there and not expected, or expected and not there; and parameters that name nobody knows what."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")]
    known = SCOPED.keys() | OF_NO_PLACE
    strange = {f"<{name}> of {rule.endpoint}" for rule in rules for name in rule.arguments - known}
    return ({rule.endpoint for rule in rules} ^ EXPECTED.keys()) | strange


def may(role: Role, endpoint: str, method: str) -> bool:
    """Whether somebody of that role is served there."""
    who = EXPECTED[endpoint]
    return role in ROLES[who] and not (role is Role.READ_ONLY and who is Who.STAFF and method == "POST")


def test_every_route_says_whom_it_serves(console: Flask) -> None:
    assert undeclared(console) == set()


def test_a_forgotten_route_is_noticed(desk: Desk) -> None:
    app = create_app(desk.clinic)
    app.add_url_rule("/console/new/<thing_id>", endpoint="console.new", view_func=str)
    assert undeclared(app) == {"console.new", "<thing_id> of console.new"}


def test_nobody_gets_in_without_a_session(console: Flask) -> None:
    seen = 0
    for rule, path, method in routes(console):
        if EXPECTED[rule.endpoint] is Who.ANYBODY:
            continue
        seen += 1
        # With a token and without one: who is not signed in hears that first, and nothing of what is there.
        for options in ({}, {"headers": {"HX-Request": "true"}}):
            answer = console.test_client().open(path, method=method, **options)
            live = "headers" in options
            assert answer.status_code == (401 if live else 303), (method, path)
            target = answer.headers["HX-Redirect" if live else "Location"]
            assert target.startswith("/console/sign-in?next="), (method, path)
    assert seen > 60


def test_half_way_is_not_in(desk: Desk, console: Flask, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", totp_secret=b"sealed")
    desk.change(Session, second_factor_at=None)
    for rule, path, method in routes(console):
        if EXPECTED[rule.endpoint] not in (Who.ANYBODY, Who.HALF_WAY):
            answer = browser.client.open(path, method=method)
            assert answer.headers["Location"].startswith("/console/second-factor?next="), (method, path)


def test_a_nul_finds_nothing_and_breaks_nothing(console: Flask, browser_of: Callable[[str], Browser]) -> None:
    browser = browser_of("Ana Ruiz")
    for path in ("conversations/a%00", "patients/a%00", "escalations/%00"):
        assert browser.client.get(f"/console/{path}").status_code == 404
    for path in ("sign-in", "find"):
        asked = {"email": "ana\0@clinic.test", "password": "x", "q": "a\0"}
        assert browser.post(f"/console/{path}", asked).status_code == 400


@pytest.mark.parametrize("role", list(Role))
def test_a_form_without_its_token_changes_nothing(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser], role: Role
) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "my chest hurts")
    before = desk.row(Escalation)
    browser = browser_of("Ana Ruiz")
    desk.change(User, role=role)
    names = {"conversation_id": talk, "escalation_id": before.id, "patient_id": "P-010"}
    for rule, path, method in routes(console, names):
        if method == "POST":
            expected = 400 if may(role, rule.endpoint, method) else 403
            answer = browser.client.post(path, data={"body": "hello", "csrf_token": "made-up"})
            assert answer.status_code == expected, path
    assert desk.row(Escalation) == before


@pytest.mark.parametrize("role", list(Role))
def test_every_role_is_served_what_it_may_and_nothing_else(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser], role: Role
) -> None:
    browser = browser_of("Ana Ruiz")
    desk.change(User, role=role)
    token = browser.token()
    refused = 0
    for rule, path, method in routes(console):
        if may(role, rule.endpoint, method):
            # What forms do to what is not there is for other tests.
            assert method == "POST" or browser.get(path).status_code in (200, 303, 304, 401, 404), path
            continue
        refused += 1
        answer = browser.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
        assert answer.status_code == 403, (method, path)
        assert "Not for your role" in answer.text
    assert bool(refused) is (role is not Role.ADMIN)


def test_who_may_only_look_looks(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "my chest hurts")
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", role=Role.READ_ONLY)
    assert "Rosa" in browser.get(f"/console/conversations/{talk}").text
    assert browser.post(f"/console/conversations/{talk}/claim").status_code == 403
    assert desk.row(Escalation).status == "open"


def test_who_works_elsewhere_sees_nothing_of_it(
    console: Flask, desk: Desk, browser_of: Callable[[str], Browser]
) -> None:
    here = desk.patient(10, "Rosa", "Delgado")
    desk.visit(1, here)
    talk = desk.text(10, "my chest hurts")
    [case] = desk.escalations(talk)
    heard = desk.row(Message, Message.direction == "inbound").id
    noted = inbox_visits.log_call(desk.clinic, conversation_id=talk, actor_id="somebody", now=desk.now)
    with desk.clinic.database.begin() as connection:
        loop = str(open_loop(connection, desk.clinic, Opening(journey="recall", patient_id=here), desk.now))
    named = {
        "appointment_id": "V-1", "conversation_id": talk, "escalation_id": case, "message_id": heard,
        "note_id": str(noted), "patient_id": here, "contact_point_id": "phone-10", "loop_id": loop,
    }  # fmt: skip
    assert named.keys() == SCOPED.keys()
    browser = browser_of("Ana Ruiz")
    # As an admin: no role opens what is elsewhere.
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"], role=Role.ADMIN)
    token, seen = browser.token(), 0
    for rule, path, method in routes(console, named):
        form = {"body": "hello", "csrf_token": token} if method == "POST" else None
        if rule.arguments & named.keys():
            seen += 1
            answers = [browser.client.open(path, method=method, data=form)]
        elif EXPECTED[rule.endpoint] in (Who.ANYBODY, Who.HALF_WAY) or "<" in rule.rule:
            continue
        else:
            # What a form or an address names beside the route counts as much.
            answers = [
                browser.client.open(f"{path}?{name}={value}", method=method, data=form) for name, value in named.items()
            ]
        for answer in answers:
            assert answer.status_code == 403, (method, path)
            assert "Rosa" not in answer.text
    assert seen > 15
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
