"""The API: who may ask, in which order it refuses, what it shows and what it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.services import audit, tokens
from bot.services.clinic import Clinic
from bot.store.database import open_database
from bot.store.tables import (
    AuditEntry,
    ContactPoint,
    PatientContact,
    TokenScope,
)
from bot.web.app import create_app
from tests.web.api.conftest import NOW

Headers = dict[str, str]
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_patient_with_the_consent_that_holds(
    client: FlaskClient, reader: Headers, ana: dict[str, str], clinic: Clinic
) -> None:
    shown = client.get("/api/v1/patients/P/1", headers=reader).get_json()
    assert (shown["patient_id"], shown["language"], shown["status"]) == ("P/1", "es", "active")
    assert shown["consent"] == {"sms": "opted-in"}
    with clinic.database.begin() as connection:
        connection.execute(ContactPoint.__table__.update().values(consent="opted-out"))
    assert client.get("/api/v1/patients/P/1", headers=reader).get_json()["consent"] == {"sms": "opted-out"}
    with clinic.database.begin() as connection:
        connection.execute(PatientContact.__table__.update().values(active=False))
    assert client.get("/api/v1/patients/P/1", headers=reader).get_json()["consent"] == {"sms": "unknown"}


def test_appointments(client: FlaskClient, reader: Headers, ana: dict[str, str]) -> None:
    shown = client.get("/api/v1/appointments/A1", headers=reader).get_json()
    assert datetime.fromisoformat(shown["starts_at"]) == NOW + timedelta(days=1)
    assert (shown["patient_id"], shown["status"], shown["response"]) == ("P/1", "booked", "needs-action")
    listed = client.get("/api/v1/appointments?patient_id=P/1&start=2026-12-03T00:00:00Z", headers=reader).get_json()
    assert [item["appointment_id"] for item in listed["items"]] == ["A2", "A3"]
    assert client.get("/api/v1/appointments?response=accepted", headers=reader).get_json() == {"items": []}


def walk(client: FlaskClient, headers: Headers, url: str) -> list[list[dict[str, Any]]]:
    """All pages of a list, by following `next`."""
    pages = []
    while url:
        answer = client.get(url, headers=headers)
        assert answer.status_code == 200, answer.text
        pages.append(answer.get_json()["items"])
        url = answer.get_json().get("next", "")
        assert len(pages) < 20
        url = url and urlsplit(url)._replace(scheme="", netloc="").geturl()
    return pages


def test_messages_oldest_first_page_by_page(client: FlaskClient, reader: Headers, ana: dict[str, str]) -> None:
    whole = client.get("/api/v1/messages?patient_id=P/1", headers=reader).get_json()
    assert "next" not in whole
    assert [item["body"] for item in whole["items"]] == [f"text {number}" for number in range(11)]
    first = whole["items"][0]
    assert (first["direction"], first["kind"], first["status"], first["twilio_sid"]) == (
        "inbound",
        "confirm",
        "received",
        "SM0",
    )
    for limit in (1, 4, 11):
        pages = walk(client, reader, f"/api/v1/messages?patient_id=P/1&limit={limit}")
        assert [item for page in pages for item in page] == whole["items"]
        assert max(map(len, pages)) == limit
    of_conversation = client.get(
        f"/api/v1/messages?conversation_id={ana['conversation']}&direction=inbound", headers=reader
    )
    assert len(of_conversation.get_json()["items"]) == 6


def test_escalations_newest_first_page_by_page(client: FlaskClient, reader: Headers, ana: dict[str, str]) -> None:
    reasons = ["refill", "unclear", "question", "symptom", "emergency"]
    pages = walk(client, reader, "/api/v1/escalations?limit=2")
    assert [item["reason"] for page in pages for item in page] == reasons
    assert pages[0][0]["patient_id"] is None
    (hers,) = walk(client, reader, "/api/v1/escalations?patient_id=P/1&status=open")
    assert [item["reason"] for item in hers] == reasons[1:]
    (urgent,) = walk(client, reader, "/api/v1/escalations?priority=emergency")
    assert [item["reason"] for item in urgent] == ["emergency"]


def test_next_names_us_as_the_caller_does(
    client: FlaskClient, reader: Headers, ana: dict[str, str], clinic: Clinic
) -> None:
    list_url = "/api/v1/escalations?limit=1"
    inside = client.get(list_url, headers=reader, base_url="http://10.0.0.7:8000").get_json()["next"]
    assert inside.startswith("http://10.0.0.7:8000/api/v1/escalations?limit=1&after=")
    public = clinic.settings.public_url
    outside = client.get(list_url, headers=reader, base_url=public).get_json()["next"]
    assert outside.startswith(f"{public}/api/v1/escalations?")


def test_an_escalation_is_claimed_released_and_resolved(
    client: FlaskClient, writer: Headers, reader: Headers, ana: dict[str, str], clinic: Clinic
) -> None:
    listed = client.get("/api/v1/escalations", headers=reader).get_json()["items"]
    url = f"/api/v1/escalations/{listed[0]['id']}"
    other = tokens.create(clinic, "other", scope=TokenScope.WRITE, actor="test", now=NOW)
    rival = {"Authorization": f"Bearer {other}"}
    assert client.post(f"{url}/claim", headers=writer).get_json()["status"] == "claimed"
    assert client.post(f"{url}/claim", headers=writer).status_code == 200
    for action in ("claim", "release", "resolve"):
        answer = client.post(f"{url}/{action}", headers=rival)
        assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert client.post(f"{url}/release", headers=writer, json={}).get_json()["status"] == "open"
    resolved = client.post(f"{url}/resolve", headers=rival, json={"outcome": "called"}).get_json()
    assert (resolved["status"], resolved["outcome"]) == ("resolved", "called")
    assert client.post(f"{url}/claim", headers=writer).status_code == 409
    assert client.get(url, headers=reader).get_json() == resolved


def test_an_outreach_goes_through_the_gate(client: FlaskClient, writer: Headers, ana: dict[str, str]) -> None:
    asked = {"patient_id": "P/1", "kind": "checkin_yes_no", "prompt": "Did you take your walk today?"}
    answer = client.post("/api/v1/outreach", headers=writer, json=asked)
    assert answer.status_code == 201, answer.text
    started = answer.get_json()
    assert started["decision"] in ("send", "hold")
    message = client.get(f"/api/v1/messages/{started['message_id']}", headers=writer).get_json()
    assert (message["patient_id"], message["direction"], message["decision"]) == (
        "P/1",
        "outbound",
        started["decision"],
    )
    assert "Did you take your walk today?" in message["body"]
    decisions = client.get(f"/api/v1/messages/{started['message_id']}/decisions", headers=writer).get_json()["items"]
    assert decisions[-1]["decision"] == started["decision"]


def test_no_outreach_without_consent(client: FlaskClient, writer: Headers, ana: dict[str, str], clinic: Clinic) -> None:
    with clinic.database.begin() as connection:
        connection.execute(PatientContact.__table__.update().values(consent="unknown"))
    asked = {"patient_id": "P/1", "kind": "none", "prompt": "Hello"}
    started = client.post("/api/v1/outreach", headers=writer, json=asked).get_json()
    assert started["decision"] == "drop"
    assert started["reason"]


@one_database
@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        ({"patient_id": "P/1", "kind": "none", "prompt": "Hello", "promt": "x", "a": {"b": 1}}, 422, {"promt", "a"}),
        ({"patient_id": 7, "kind": "education"}, 422, {"patient_id"}),
        ({"kind": "no-such-kind"}, 422, {"patient_id", "kind"}),
        ({"patient_id": "P/1", "kind": "none"}, 422, {"prompt"}),
        ({"patient_id": "P/1", "kind": "appointment_reminder"}, 422, {"appointment_id"}),
        ({"patient_id": "P/1", "kind": "appointment_reminder", "appointment_id": "none"}, 422, {"appointment_id"}),
        ({"patient_id": "P/1", "kind": "waitlist_offer", "slot": "tomorrow"}, 422, {"slot"}),
        ({"patient_id": "P/1", "kind": "education", "expires_at": 1_800_000_000}, 422, {"expires_at"}),
        ({"patient_id": "P/1", "kind": "education", "expires_at": "1800000000"}, 422, {"expires_at"}),
        ({"patient_id": "P/1", "kind": "none", "prompt": "a\0b"}, 422, {"prompt"}),
        ({"patient_id": "P/1", "kind": "education", "expires_at": "9999-12-31T23:59:59-12:00"}, 422, {"expires_at"}),
        ({"patient_id": "P\0", "kind": "education"}, 422, {"patient_id"}),
        ({"patient_id": "nobody", "kind": "education"}, 404, set()),
        ([], 422, {"body"}),
    ],
)
def test_a_wrong_body_is_refused_by_name(
    client: FlaskClient, writer: Headers, ana: dict[str, str], body: Any, code: int, named: set[str]
) -> None:
    answer = client.post("/api/v1/outreach", headers=writer, json=body)
    assert (answer.status_code, answer.content_type) == (code, "application/problem+json")
    assert {fault["field"] for fault in answer.get_json().get("errors", [])} == named


@one_database
def test_other_errors_are_problems_too(client: FlaskClient, writer: Headers, app: Flask) -> None:
    as_json = {**writer, "Content-Type": "application/json"}
    asked: list[tuple[int, Callable[[], Any]]] = [
        (400, lambda: client.post("/api/v1/outreach", headers=as_json, data=b"{not json")),
        (400, lambda: client.post("/api/v1/outreach", headers=as_json, data=b"\xff\xfe")),
        (404, lambda: client.get("/api/v1/no-such-thing", headers=writer)),
        (404, lambda: client.get("/api/v1/patients/a%00b", headers=writer)),
        (405, lambda: client.delete("/api/v1/outreach", headers=writer)),
        (413, lambda: client.post("/api/v1/outreach", headers=as_json, data=b" " * 300_000)),
        (415, lambda: client.post("/api/v1/outreach", headers=writer, data={"patient_id": "P1"})),
        (422, lambda: client.get("/api/v1/messages", headers=writer)),
        (422, lambda: client.get("/api/v1/escalations?limit=0", headers=writer)),
        (422, lambda: client.get("/api/v1/appointments?start=9999-12-31T23:59:59-12:00", headers=writer)),
        (422, lambda: client.get("/api/v1/escalations?status=open&status=claimed", headers=writer)),
        (422, lambda: client.get("/api/v1/escalations?patientid=P1", headers=writer)),
        (422, lambda: client.get("/api/v1/escalations?after=nonsense", headers=writer)),
        (422, lambda: client.get("/api/v1/escalations?after=WyIyMDI2LTEyLTAxIiwieCJd", headers=writer)),
    ]
    for code, ask in asked:
        answer = ask()
        assert (answer.status_code, answer.content_type) == (code, "application/problem+json"), answer.text
        problem = answer.get_json()
        assert (problem["status"], problem["type"]) == (code, "about:blank")
        assert problem["title"]


@one_database
def test_tokens_are_refused_before_anything_is_looked_up(
    client: FlaskClient, reader: Headers, writer: Headers, clinic: Clinic
) -> None:
    secret = writer["Authorization"].removeprefix("Bearer ")
    for headers in ({}, {"Authorization": secret}, {"Authorization": f"Basic {secret}"}, {"Authorization": "Bearer "}):
        answer = client.get("/api/v1/patients/nobody", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.post("/api/v1/outreach").status_code == 401
    assert client.delete("/api/v1/no-such-thing").status_code == 401
    for path in ("/api/v1/outreach", "/api/v1/escalations/none/claim", "/api/v1/no-such-thing"):
        assert client.post(path, headers=reader, data=b"{").status_code == 403
    assert client.get("/api/v1/patients/nobody", headers=reader).status_code == 404
    assert tokens.revoke(clinic, "test-write", actor="test", now=NOW) == 1
    assert client.get("/api/v1/escalations", headers=writer).status_code == 401


@one_database
def test_only_a_digest_of_the_token_is_kept(clinic: Clinic, writer: Headers) -> None:
    secret = writer["Authorization"].removeprefix("Bearer ")
    with clinic.database.read() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        dump = "\n".join(raw.iterdump())
    assert secret not in dump
    assert tokens.digest(secret) in dump


@one_database
def test_looking_leaves_a_trace(client: FlaskClient, reader: Headers, ana: dict[str, str], clinic: Clinic) -> None:
    client.get("/api/v1/patients/P/1", headers=reader)
    client.get("/api/v1/messages?patient_id=P/1", headers=reader)
    with clinic.database.read() as connection:
        lines = connection.execute(
            select(AuditEntry.object_type, AuditEntry.object_id).where(AuditEntry.action == "api.read")
        ).all()
        assert audit.first_broken(connection) is None
    assert [tuple(line) for line in lines] == [("patient", "P/1"), ("messages", "P/1")]


@one_database
def test_with_the_database_down_the_api_says_so(clinic: Clinic, writer: Headers) -> None:
    broken = replace(clinic, database=open_database("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    answer = create_app(broken).test_client().get("/api/v1/escalations", headers=writer)
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
