"""Health, readiness and metrics, well and ill."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from bot.config import Settings
from bot.gateways.queue import RedisQueue
from bot.services import brakes
from bot.services.clinic import Clinic
from bot.store.database import open_database
from bot.web.app import create_app
from tests.web.conftest import Post

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/none"


def checks(clinic: Clinic) -> tuple[int, dict[str, str]]:
    """`/readyz`: its status, and each check's."""
    client = create_app(clinic).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    found = answer.get_json()["checks"]
    assert all(bool(check.get("reason")) == (check["status"] != "ok") for check in found.values())
    return answer.status_code, {name: check["status"] for name, check in found.items()}


def test_ready_when_all_is_well(clinic: Clinic) -> None:
    assert checks(clinic) == (200, {"database": "ok", "migrations": "ok", "redis": "ok"})


def test_each_fault_is_named(clinic: Clinic, blank_database_url: str) -> None:
    down = replace(clinic, database=open_database(NOWHERE))
    assert checks(down) == (503, {"database": "failed", "migrations": "failed", "redis": "ok"})
    alone = replace(clinic, queue=RedisQueue("redis://127.0.0.1:1/0"))
    assert checks(alone) == (503, {"database": "ok", "migrations": "ok", "redis": "failed"})
    blank = replace(clinic, database=open_database(blank_database_url))
    assert checks(blank) == (503, {"database": "ok", "migrations": "failed", "redis": "ok"})
    blank.database.dispose()


def metrics(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value for sample in samples}


def test_metrics_count_and_name_nobody(post: Post, client: FlaskClient, inbound: dict[str, str]) -> None:
    post({**inbound, "Body": "my chest hurts"})
    found = metrics(client)
    assert found["tendril_database_up",] == 1
    assert found["tendril_messages", "inbound", "received"] == 1
    assert found["tendril_escalations", "emergency", "open"] == 1
    assert found["tendril_webhook_seconds_count", "message"] == 1
    assert found["tendril_webhook_seconds_bucket", "+Inf", "message"] == 1
    assert found["tendril_webhook_seconds_sum", "message"] > 0
    assert found["tendril_outbox_oldest_due_seconds",] == 0
    text = client.get("/metrics").text
    assert not any(word in text for word in ("5550111", "chest", inbound["MessageSid"]))


def test_what_holds_sending_back_is_told_and_turns_nobody_away(clinic: Clinic) -> None:
    with clinic.database.begin() as connection:
        brakes.refused(connection, 20003, clinic.clock())
    client = create_app(clinic).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    (told,) = answer.get_json()["sending"]
    assert (told["brake"], told["code"]) == ("refused", 20003)
    assert "account" in told["reason"]
    found = metrics(client)
    assert found["tendril_sending_braked", "refused", "20003"] == 1
    assert found["tendril_sending_braked", "bulk", "0"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_metrics_without_a_database(clinic: Clinic) -> None:
    found = metrics(create_app(replace(clinic, database=open_database(NOWHERE))).test_client())
    assert found["tendril_database_up",] == 0
    assert ("tendril_webhook_seconds_count", "message") in found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_metrics_on_a_port_of_their_own(clinic: Clinic, settings: Settings) -> None:
    app = create_app(replace(clinic, settings=settings.model_copy(update={"metrics_port": 9102})))
    client = app.test_client()
    on_it, elsewhere = {"SERVER_PORT": "9102"}, {"SERVER_PORT": "8000"}
    assert client.get("/metrics", environ_overrides=on_it).status_code == 200
    assert client.get("/metrics", environ_overrides=elsewhere).status_code == 404
    assert client.get("/console/", environ_overrides=on_it).status_code == 404
    assert client.get("/api/v1/openapi.json", environ_overrides=on_it).status_code == 404
    assert client.get("/console/", environ_overrides=elsewhere).status_code != 404
    for port in (on_it, elsewhere):
        assert client.get("/healthz", environ_overrides=port).status_code == 200
