"""Every route of the web process: public by name, or closed to whoever has no session, no token, no signature."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from bot.config import Settings
from bot.runtime import build_clinic
from bot.services import accounts, sessions, tokens
from bot.services.clinic import Clinic
from bot.store.tables import Role, TokenScope
from bot.web.app import create_app
from bot.web.console.guard import COOKIE

# The contract's list. Whoever adds to it opens a door on purpose.
PUBLIC = {"/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/static/<path:filename>"}
SIGN_IN = re.compile(r"/(console/)?sign-in(/|$)")
SIGNED = re.compile(r"/webhooks/")
ANY_ID = "0" * 32

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def clinic(settings: Settings) -> Iterator[Clinic]:
    """A clinic with nothing in it."""
    built = build_clinic(settings)
    yield built
    built.database.dispose()
    built.queue.close()


@pytest.fixture
def app(clinic: Clinic) -> Flask:
    """Its web application."""
    return create_app(clinic)


def test_strangers_are_turned_away(app: Flask) -> None:
    open_doors = [f"{method} {rule} {status}" for method, rule, status in _knock(app) if status not in _refusals(rule)]
    assert not open_doors


def test_api_answers_401_before_it_looks(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/api/v1/patients/nobody").status_code == 401
    assert client.get("/api/v1/no-such-thing").status_code == 401
    answer = client.get("/api/v1/patients/nobody", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


def test_read_token_changes_nothing(app: Flask, clinic: Clinic) -> None:
    secret = tokens.create(clinic, "reader", scope=TokenScope.READ, actor="test", now=clinic.clock())
    headers = {"Authorization": f"Bearer {secret}"}
    writes = [(method, rule) for method, rule in _routes(app) if str(rule).startswith("/api/") and method != "GET"]
    assert writes
    for method, rule in writes:
        status = app.test_client().open(_path(rule), method=method, json={}, headers=headers).status_code
        assert status == 403, f"{method} {rule}"


def test_console_forms_want_a_csrf_token(app: Flask, clinic: Clinic) -> None:
    now = clinic.clock()
    user = accounts.create_user(clinic, email="a@example.org", role=Role.ADMIN, password=secrets.token_hex(16), now=now)
    cookie = sessions.begin(clinic, user_id=user, now=now)
    forms = [rule for method, rule in _routes(app) if method == "POST" and str(rule).startswith("/console/")]
    assert forms
    for rule in forms:
        client = app.test_client()
        client.set_cookie(COOKIE, cookie, path="/console")
        assert client.post(_path(rule)).status_code == 400, str(rule)
    assert client.get("/console/").status_code == 200, "the session was not what refused"


def test_api_document_names_every_route(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    told = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    there = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)))
        for method, rule in _routes(app)
        if str(rule).startswith("/api/v1/") and str(rule) not in PUBLIC
    }
    assert there
    prefix = document["servers"][0]["url"] if "servers" in document else ""
    assert there <= {(method, path) for method, path in told} | {(method, f"{prefix}{path}") for method, path in told}


def _knock(app: Flask) -> Iterator[tuple[str, str, int]]:
    for method, rule in _routes(app):
        yield method, str(rule), app.test_client().open(_path(rule), method=method).status_code


def _refusals(rule: str) -> set[int]:
    if rule in PUBLIC:
        return {200, 404, 503}
    if SIGNED.match(rule):
        return {403}
    if SIGN_IN.match(rule):
        return {200, 302, 303, 400, 401}
    return {401} if rule.startswith("/api/") else {302, 303}


def _routes(app: Flask) -> Iterator[tuple[str, Rule]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule


def _path(rule: Rule) -> str:
    return re.sub(r"<[^>]*>", ANY_ID, str(rule))
