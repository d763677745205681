"""Loops and freed times in the API: listed, reported on, assigned, closed, offered; each once, never by a reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update

from bot.services.clinic import Clinic
from bot.services.loops.opening import Opening, open_loop
from bot.services.waitlist import offer
from bot.store.columns import new_id
from bot.store.tables import AuditEntry, Enrollment, EnrollmentMove, Escalation, RequestKey, Slot, User
from tests.services.at_once import at_once
from tests.web.api.conftest import NOW
from tests.web.api.test_api import walk

Headers = dict[str, str]
Open = Callable[..., str]
URL = "/api/v1/loops"
SLOTS = "/api/v1/waitlist/slots"
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AHEAD = (NOW + timedelta(days=3)).isoformat()


@pytest.fixture
def opened(clinic: Clinic, ana: dict[str, str]) -> Open:
    """`opened("recall", "R1")`: a loop of Ana's."""

    def make(journey: str = "recall", subject: str = "R1", **more: Any) -> str:
        opening = Opening(journey=journey, patient_id="P/1", subject_id=subject, **more)
        with clinic.database.begin() as connection:
            loop_id = open_loop(connection, clinic, opening, NOW)
        assert loop_id is not None
        return loop_id

    return make


def test_listed_newest_first_with_filters(client: FlaskClient, reader: Headers, opened: Open, clinic: Clinic) -> None:
    recall, ride = opened(kind="a1c"), opened("needs", "N1", kind="transport")
    with clinic.database.begin() as connection:
        connection.execute(update(Enrollment).where(Enrollment.id == ride).values(created_at=NOW + timedelta(hours=1)))
    pages = walk(client, reader, f"{URL}?limit=1")
    assert [item["loop_id"] for page in pages for item in page] == [ride, recall]

    def ids(query: str) -> list[str]:
        return [item["loop_id"] for item in client.get(f"{URL}?{query}", headers=reader).get_json()["items"]]

    assert ids("journey=recall") == [recall]
    assert ids("kind=transport&patient_id=P/1") == [ride]
    assert ids("patient_id=nobody") == []
    assert ids("owed_by=office") == [ride], "no place is on file: the office looks"
    assert ids("state=ended") == []
    assert client.get(f"{URL}?state=shut", headers=reader).status_code == 422


@one_database
def test_one_with_its_details_history_and_what_may_be_reported(
    client: FlaskClient, reader: Headers, opened: Open, clinic: Clinic
) -> None:
    loop_id = opened("referral", "F1", kind="Eyes", details={"referred_to": "Elm Eye Center"}, step="received")
    shown = client.get(f"{URL}/{loop_id}", headers=reader).get_json()
    assert shown["details"] == {"referred_to": "Elm Eye Center"}
    assert [move["cause"] for move in shown["history"]] == ["opened"]
    assert "accepted" in shown["reports"]
    assert client.get(f"{URL}/{'0' * 32}", headers=reader).status_code == 404
    with clinic.database.read() as connection:
        seen = select(func.count()).where(AuditEntry.action == "loop.view", AuditEntry.object_id == loop_id)
        assert connection.execute(seen).scalar_one() == 1


@one_database
def test_a_report_moves_it_and_what_does_not_fit_is_refused(
    client: FlaskClient, writer: Headers, reader: Headers, opened: Open
) -> None:
    loop_id = opened("recall", step="booking")
    asked = {"event": "booked"}
    assert client.post(f"{URL}/{loop_id}/report", headers=reader, json=asked).status_code == 403
    unknown = client.post(f"{URL}/{loop_id}/report", headers=writer, json={"event": "vanished"})
    assert (unknown.status_code, unknown.get_json()["errors"][0]["field"]) == (422, "event")
    done = client.post(f"{URL}/{loop_id}/report", headers=writer, json=asked)
    assert (done.status_code, done.get_json()["outcome"]) == (200, "booked")
    assert client.post(f"{URL}/{loop_id}/report", headers=writer, json=asked).status_code in (200, 409)


def test_a_report_under_a_key_counts_once(
    client: FlaskClient, app: Flask, writer: Headers, opened: Open, clinic: Clinic
) -> None:
    loop_id = opened("transition_contact", "D1", data={"minutes": "600"})
    keyed = {**writer, "Idempotency-Key": "attempt 1"}

    def report() -> int:
        event = {"event": "attempt-logged"}
        return app.test_client().post(f"{URL}/{loop_id}/report", headers=keyed, json=event).status_code

    assert at_once(report, report) == [200, 200]
    assert report() == 200
    with clinic.database.read() as connection:
        moves = select(func.count()).where(EnrollmentMove.cause == "attempt-logged")
        assert connection.execute(moves).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(RequestKey)).scalar_one() == 1
    other = client.post(f"{URL}/{loop_id}/report", headers=keyed, json={"event": "contact-logged"})
    assert (other.status_code, other.get_json()["errors"][0]["field"]) == (422, "Idempotency-Key")


@one_database
def test_assigned_to_an_account_that_works(
    client: FlaskClient, writer: Headers, opened: Open, clinic: Clinic
) -> None:
    loop_id, ids = opened(), {role: new_id() for role in ("coordinator", "read-only")}
    with clinic.database.begin() as connection:
        for role, user_id in ids.items():
            values = {"email": f"{role}@clinic.test", "role": role, "password_hash": "x", "created_at": NOW}
            connection.execute(insert(User).values(id=user_id, **values))
    url = f"{URL}/{loop_id}/assign"
    assert client.post(url, headers=writer, json={"owner_id": ids["read-only"]}).status_code == 422
    assert client.post(url, headers=writer, json={"owner_id": "f" * 32}).status_code == 422
    for _twice in range(2):
        done = client.post(url, headers=writer, json={"owner_id": ids["coordinator"]})
        assert done.get_json()["owner_id"] == ids["coordinator"]
    assert client.post(url, headers=writer, json={"owner_id": None}).get_json()["owner_id"] is None
    assert client.post(url, headers=writer, json={}).status_code == 422


@one_database
def test_closed_silently_with_its_case(client: FlaskClient, writer: Headers, opened: Open, clinic: Clinic) -> None:
    loop_id = opened("needs", "N1", kind="food")
    with clinic.database.begin() as connection:
        mine = select(Escalation.id).where(Escalation.patient_id == "P/1").limit(1).scalar_subquery()
        connection.execute(update(Escalation).where(Escalation.id == mine).values(enrollment_id=loop_id, reason="need"))
    for _twice in range(2):
        done = client.post(f"{URL}/{loop_id}/close", headers=writer, json={"outcome": "not-needed"})
        assert (done.status_code, done.get_json()["outcome"]) == (200, "not-needed")
    assert client.post(f"{URL}/{loop_id}/close", headers=writer, json={"outcome": "done"}).status_code == 409
    with clinic.database.read() as connection:
        status = select(Escalation.status).where(Escalation.enrollment_id == loop_id)
        assert connection.execute(status).scalar_one() == "resolved"


def test_a_freed_time_is_offered_once_under_a_key(
    app: Flask, writer: Headers, ana: dict[str, str], clinic: Clinic
) -> None:
    body = {"starts_at": AHEAD, "service": "eye", "duration_minutes": 30}

    def free() -> Any:
        answer = app.test_client().post(SLOTS, headers={**writer, "Idempotency-Key": "s1"}, json=body)
        return answer.status_code, answer.get_json().get("slot_id")

    answers = at_once(free, free, free)
    assert answers[0][0] == 201
    assert answers.count(answers[0]) == 3
    with clinic.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(Slot)).scalar_one() == 1


@one_database
def test_a_time_its_state_and_taking_it_back(
    client: FlaskClient, writer: Headers, reader: Headers, opened: Open, clinic: Clinic
) -> None:
    body = {"starts_at": AHEAD, "service": "eye"}
    assert client.post(SLOTS, headers=reader, json=body).status_code == 403
    assert client.post(SLOTS, headers=writer, json={**body, "timezone": "Mars/Base"}).status_code == 422
    assert client.post(SLOTS, headers=writer, json={**body, "starts_at": "2020-01-01T10:00:00Z"}).status_code == 422
    slot = client.post(SLOTS, headers=writer, json=body).get_json()
    assert (slot["status"], slot["offers"], slot["timezone"]) == ("free", {}, clinic.settings.clinic_timezone)
    asked = opened("waitlist", f"{slot['slot_id']}:P/1", kind=slot["slot_id"], data={"slot": slot["slot_id"]})
    assert client.get(f"{SLOTS}/{slot['slot_id']}", headers=reader).get_json()["offers"] == {"open": 1}
    listed = client.get(f"{SLOTS}?status=free", headers=reader).get_json()["items"]
    assert [one["slot_id"] for one in listed] == [slot["slot_id"]]
    for _twice in range(2):
        gone = client.post(f"{SLOTS}/{slot['slot_id']}/withdraw", headers=writer)
        assert (gone.status_code, gone.get_json()["status"]) == (200, "busy-unavailable")
    offer(clinic, NOW)
    assert client.get(f"{URL}/{asked}", headers=reader).get_json()["outcome"] == "withdrawn"
    assert client.get(f"{SLOTS}/{'0' * 32}", headers=reader).status_code == 404
