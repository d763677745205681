"""What guards the application: headers, proxies, sizes, request ids, and what its log says of a request."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from bot.config import Settings
from bot.services.accounts import create_user
from bot.services.clinic import Clinic
from bot.store.tables import Role
from bot.web.app import create_app
from bot.web.security import TrustedProxies
from tests.web.conftest import Post

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def served_as(clinic: Clinic, **settings: object) -> Flask:
    return create_app(replace(clinic, settings=clinic.settings.model_copy(update=settings)))


@one_database
@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/console/", "/console/none", "/none", "/healthz"])
def test_every_page_comes_with_headers_that_guard_it(clinic: Clinic, path: str) -> None:
    headers = served_as(clinic, public_url="https://texts.example.org").test_client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert len(headers["X-Request-Id"]) == 32


@one_database
def test_plain_http_promises_no_https(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/healthz").headers


@one_database
def test_home_is_the_console_and_the_console_is_closed(client: FlaskClient) -> None:
    assert client.get("/").headers["Location"] == "/console/"
    for path in ("/console/", "/console/no-such-page"):
        answer = client.get(path)
        assert answer.status_code in (302, 303)
        assert "sign-in" in answer.headers["Location"]


@one_database
@pytest.mark.parametrize("asked_for", ["", "/tendril"])
def test_below_the_path_of_the_public_url_links_carry_it(clinic: Clinic, asked_for: str) -> None:
    """Whether the proxy takes the path off or passes it on."""
    email, password = "ana@clinic.example", "the eighth of nine"
    create_user(clinic, email=email, role=Role.COORDINATOR, password=password, now=clinic.clock())
    client = served_as(clinic, public_url="https://texts.example.org/tendril").test_client()
    at_home: dict[str, Any] = {"base_url": "https://texts.example.org"}
    assert client.get(f"{asked_for}/", **at_home).headers["Location"] == "/tendril/console/"
    refused = client.get(f"{asked_for}/console/find", **at_home)
    assert refused.headers["Location"] == "/tendril/console/sign-in?next=%2Fconsole%2Ffind"
    page = client.get(f"{asked_for}/console/sign-in", **at_home).text
    links = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)
    assert links
    assert [link for link in links if not link.startswith("/tendril/")] == []
    token = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page)[0]
    form = {"csrf_token": token, "email": email, "password": password, "next": "/console/find"}
    signed_in = client.post(f"{asked_for}/console/sign-in", data=form, **at_home)
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/tendril/console/find")
    assert any("Path=/tendril/console" in cookie for cookie in signed_in.headers.getlist("Set-Cookie"))
    assert client.get("/api/v1/openapi.json").get_json()["servers"] == [{"url": "/tendril"}]


def seen(trusted: list[str], remote: str, **headers: str) -> tuple[str, str, str]:
    """(client's address, scheme, host) as the application sees them."""
    app = Flask("test")
    found: list[tuple[str, str, str]] = []

    @app.get("/")
    def home() -> str:
        found.append((request.remote_addr or "", request.scheme, request.host))
        assert not any(name.startswith("X-Forwarded") for name in request.headers.keys())  # noqa: SIM118
        return ""

    app.wsgi_app = TrustedProxies(app.wsgi_app, trusted)  # type: ignore[method-assign]
    app.test_client().get("/", environ_overrides={"REMOTE_ADDR": remote}, headers=headers)
    return found[0]


def test_only_named_proxies_are_believed() -> None:
    said = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "texts.example.org"}
    believed = ("198.51.100.7", "https", "texts.example.org")
    as_it_came = ("10.0.0.1", "http", "localhost")
    assert seen(["10.0.0.1"], "10.0.0.1", **said) == believed
    assert seen(["10.0.0.0/24", "2001:db8::/32"], "10.0.0.1", **said) == believed
    assert seen(["10.0.0.2"], "10.0.0.1", **said) == as_it_came
    assert seen([], "10.0.0.1", **said) == as_it_came


def test_a_client_cannot_add_to_what_its_proxy_says() -> None:
    trusted = ["10.0.0.0/24"]
    assert seen(trusted, "10.0.0.1", **{"X-Forwarded-For": "1.1.1.1, 198.51.100.7"})[0] == "198.51.100.7"
    assert seen(trusted, "10.0.0.1", **{"X-Forwarded-For": "1.1.1.1, 198.51.100.7, 10.0.0.9"})[0] == "198.51.100.7"
    assert seen(trusted, "10.0.0.1", **{"X-Forwarded-For": "<script>, nonsense"})[0] == "10.0.0.1"
    assert seen(trusted, "10.0.0.1", **{"X-Forwarded-Proto": "javascript"})[1] == "http"


@one_database
def test_the_log_names_routes_and_never_addresses(
    post: Post, client: FlaskClient, inbound: dict[str, str], reader: dict[str, str]
) -> None:
    with capture_logs() as lines:
        post({**inbound, "Body": "my secret words"})
        client.get("/api/v1/patients/MRN-12345?x=1", headers=reader)
        client.get("/no/such/MRN-12345")
        client.get("/healthz")
    asked = [line for line in lines if line["event"] == "request"]
    assert [line["route"] for line in asked] == [
        "/webhooks/twilio/message",
        "/api/v1/patients/<path:patient_id>",
        "-",
    ]
    for word in ("MRN-12345", "secret", "5550111", inbound["From"]):
        assert word not in str(lines)


@one_database
def test_a_failure_is_told_without_its_words(app: Flask, settings: Settings) -> None:
    @app.get("/api/v1/fails")
    def fails() -> str:
        raise ValueError("Ana Lopez, +16015550111")

    app.view_functions["page"] = fails
    app.add_url_rule("/fails", endpoint="page")
    with capture_logs() as lines:
        answer = app.test_client().get("/fails")
    assert answer.status_code == 500
    assert "Ana" not in answer.text + str(lines)
    assert [line["error"] for line in lines if line["event"] == "request failed"] == ["ValueError"]
