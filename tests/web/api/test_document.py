"""The OpenAPI document: valid, and what is answered fits it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from bot.services.campaigns import making, running
from bot.services.campaigns.forecast import dry_run
from bot.services.campaigns.making import ArmText, Draft, Made
from bot.services.clinic import Clinic
from bot.services.loops.opening import Opening, open_loop
from bot.services.waitlist import Freed, add
from tests.web.api.conftest import NOW

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def campaigns(clinic: Clinic) -> dict[str, str]:
    """A campaign for each operation, in the state in which it is possible; "": one with a forecast."""
    text = [ArmText(name="all", text_key="recall/invite"), ArmText(name="none")]
    made = {}
    for operation in ("", "start_campaign", "pause_campaign", "resume_campaign", "stop_campaign"):
        done = making.create(clinic, Draft(name="Autumn", arms=text), ["P/1"], actor_id="ann", now=NOW)
        assert isinstance(done, Made)
        made[operation] = done.campaign_id
        if operation in ("pause_campaign", "resume_campaign"):
            running.start(clinic, done.campaign_id, actor_id="ann", now=NOW)
    running.pause(clinic, made["resume_campaign"], actor_id="ann", now=NOW)
    dry_run(clinic, made[""], days=1, actor_id="ann", now=NOW)
    return made


def loops(clinic: Clinic) -> dict[str, str]:
    """A loop, another for the operation that ends one, and a time on offer."""
    made = {}
    with clinic.database.begin() as connection:
        for name in ("loop_id", "close_loop"):
            opening = Opening(journey="needs", patient_id="P/1", subject_id=name, kind="food")
            made[name] = open_loop(connection, clinic, opening, NOW) or ""
        freed = Freed(starts_at=NOW + timedelta(days=9), timezone="UTC")
        made["slot_id"] = add(connection, freed, actor="test", now=NOW) or ""
    return made


def test_the_document_is_valid_and_what_is_answered_fits_it(
    client: FlaskClient, writer: dict[str, str], ana: dict[str, str], clinic: Clinic
) -> None:
    many = campaigns(clinic)
    document = client.get("/api/v1/openapi.json").get_json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    escalation = client.get("/api/v1/escalations?limit=1", headers=writer).get_json()["items"][0]["id"]
    message = client.get("/api/v1/messages?patient_id=P/1", headers=writer).get_json()["items"][1]["id"]
    bodies = {
        "start_outreach": {"patient_id": "P/1", "kind": "education", "prompt": "Bring your list."},
        "report_on_loop": {"event": "stopped"},
        "assign_loop": {"owner_id": None},
        "offer_slot": {"starts_at": "2199-01-01T10:00:00Z"},
    }
    values = loops(clinic) | {"patient_id": "P/1", "appointment_id": "A1"}
    values |= {"escalation_id": escalation, "message_id": message}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            values["loop_id"] = values.get(operation["operationId"], values["loop_id"])
            values["campaign_id"] = many.get(operation["operationId"], many[""])
            url = path.format(**values) + (
                "?patient_id=P/1&limit=2" if operation["operationId"] == "list_messages" else ""
            )
            good = client.open(url, method=method, headers=writer, json=bodies.get(operation["operationId"]))
            bad = client.open(url, method=method)
            for answer in (good, bad):
                _fits(document, operation, answer)
            assert good.status_code < 300, (url, good.text)


def _fits(document: dict[str, Any], operation: dict[str, Any], answer: Any) -> None:
    told = operation["responses"][str(answer.status_code)]["content"][answer.mimetype]["schema"]
    schema = {**told, "components": document["components"]}
    Draft202012Validator(schema).validate(answer.get_json())
