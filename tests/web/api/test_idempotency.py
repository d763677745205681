"""`Idempotency-Key`: an outreach that is asked for again is started once and answered alike."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from bot.services import tokens
from bot.services.clinic import Clinic
from bot.store.tables import AuditEntry, Message, OutreachKey, PatientContact, TokenScope
from tests.services.at_once import at_once
from tests.web.api.conftest import NOW

URL = "/api/v1/outreach"
ASKED = {"patient_id": "P/1", "kind": "checkin_yes_no", "prompt": "Did you take your walk today?"}
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def outreach_count(clinic: Clinic) -> int:
    with clinic.database.read() as connection:
        return connection.execute(select(func.count()).where(Message.origin == "outreach")).scalar_one()


def test_asked_again_it_is_answered_alike_and_nothing_more_goes_out(
    client: FlaskClient, writer: dict[str, str], ana: dict[str, str], clinic: Clinic
) -> None:
    keyed = {**writer, "Idempotency-Key": "call 1"}
    first = client.post(URL, headers=keyed, json=ASKED)
    with clinic.database.begin() as connection:  # What the gate would say by now does not matter.
        connection.execute(update(PatientContact).values(consent="opted-out"))
    again = client.post(URL, headers=keyed, json=dict(reversed(ASKED.items())))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert outreach_count(clinic) == 1
    assert client.post(URL, headers={**writer, "Idempotency-Key": "call 2"}, json=ASKED).get_json() != first.get_json()
    with clinic.database.read() as connection:
        started = connection.execute(select(func.count()).where(AuditEntry.action == "outreach.start")).scalar_one()
        marks = [str(mark) for row in connection.execute(select(OutreachKey.id, OutreachKey.body)) for mark in row]
    assert started == 2
    assert len(set(marks)) == 3
    assert all(len(mark) == 64 for mark in marks), "neither key nor words are kept"


def test_at_the_same_moment_too(app: Flask, writer: dict[str, str], ana: dict[str, str], clinic: Clinic) -> None:
    def ask() -> Any:
        answer = app.test_client().post(URL, headers={**writer, "Idempotency-Key": "both"}, json=ASKED)
        return answer.status_code, answer.get_json()

    answers = at_once(ask, ask, ask)
    assert answers[0][0] == 201
    assert answers.count(answers[0]) == 3
    assert outreach_count(clinic) == 1


@one_database
def test_a_key_stands_for_one_request_of_one_caller(
    client: FlaskClient, writer: dict[str, str], ana: dict[str, str], clinic: Clinic
) -> None:
    key = {"Idempotency-Key": "k"}
    refused = client.post(URL, headers={**writer, **key}, json={**ASKED, "patient_id": "nobody"})
    assert refused.status_code == 404
    first = client.post(URL, headers={**writer, **key}, json=ASKED)
    assert first.status_code == 201, "what was refused has used up no key"
    other = client.post(URL, headers={**writer, **key}, json={**ASKED, "prompt": "Did you sleep well?"})
    assert (other.status_code, other.content_type) == (422, "application/problem+json")
    assert [fault["field"] for fault in other.get_json()["errors"]] == ["Idempotency-Key"]
    rival = tokens.create(clinic, "other", scope=TokenScope.WRITE, actor="test", now=NOW)
    theirs = client.post(URL, headers={"Authorization": f"Bearer {rival}", **key}, json={**ASKED, "prompt": "Well?"})
    assert theirs.status_code == 201
    assert outreach_count(clinic) == 2


@one_database
@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9"])
def test_a_key_that_is_none(client: FlaskClient, writer: dict[str, str], ana: dict[str, str], key: str) -> None:
    answer = client.post(URL, headers={**writer, "Idempotency-Key": key}, json=ASKED)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.get_json()["errors"]] == ["Idempotency-Key"]


@one_database
def test_the_document_tells_of_it(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    parameters = document["paths"][URL]["post"]["parameters"]
    assert [(one["name"], one["in"], one["required"]) for one in parameters] == [("Idempotency-Key", "header", False)]
