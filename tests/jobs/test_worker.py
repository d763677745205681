"""The worker process: sends without Redis, starts before it, and gives back what it has claimed when told to end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select

from bot import clock
from bot.config import load
from bot.core.cohort_data import read
from bot.core.messages import MessageStatus
from bot.demo.network import RunningNetwork
from bot.demo.network_faults import FaultPlan
from bot.demo.network_state import NetworkSettings
from bot.gateways.queue import RedisQueue
from bot.services.campaigns import drawing
from bot.services.campaigns.cohort import described
from bot.services.campaigns.making import ArmText, Draft
from bot.store.columns import new_id
from bot.store.tables import Campaign, Message
from tests.clinic import RunningClinic
from tests.servers import RedisServer, wait_until
from tests.services.sending import Scene

TEXTS = 60


@pytest.fixture
def network(settings_env: dict[str, str]) -> Iterator[RunningNetwork]:
    account = NetworkSettings(
        account_sid=settings_env["TWILIO_ACCOUNT_SID"],
        auth_token=settings_env["TWILIO_AUTH_TOKEN"],
        phone_number=settings_env["TWILIO_PHONE_NUMBER"],
    )
    with RunningNetwork(account, FaultPlan(latency_ms=300, carrier_ms=0)) as running:
        settings_env["TWILIO_API_URL"] = running.url
        settings_env["QUIET_HOURS"] = "00:00-00:00"
        yield running


@pytest.fixture
def clinic(network: RunningNetwork, settings_env: dict[str, str], tmp_path: Path) -> Iterator[RunningClinic]:
    """Nothing runs yet but the network."""
    made = RunningClinic(settings_env, folder=tmp_path)
    made.env["TWILIO_API_URL"] = network.url
    try:
        yield made
    except BaseException as error:
        error.add_note(made.output()[-6000:])
        raise
    finally:
        made.stop()


@pytest.fixture
def scene(clinic: RunningClinic, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The same database, seen from here, with texts that are due now."""
    for name, value in clinic.env.items():
        monkeypatch.setenv(name, value)
    made = Scene(load())
    made.now = clock.now()
    for number in range(1, TEXTS + 1):
        made.patient(number)
        made.text(number, body=f"text {number}")
    yield made
    made.clinic.database.dispose()


def received(network: RunningNetwork) -> list[str]:
    return [message.body for message in network.messages()]


@pytest.mark.slow
def test_without_redis_everything_goes_out_all_the_same(
    clinic: RunningClinic, network: RunningNetwork, scene: Scene, redis_server: RedisServer
) -> None:
    campaign_id, chore_id = new_id(), new_id()
    everybody = described(read({"version": 1, "where": {"all": []}}), name="All", locations=())
    draft = Draft(name="Autumn", arms=[ArmText(name="A", text_key="recall/invite")], cohort=everybody)
    with scene.clinic.database.begin() as connection:
        drawing.put(connection, campaign_id, draft, actor_id="ann", now=scene.now, chore_id=chore_id)
        drawing.ask(connection, campaign_id, drawing.Phase.DRAW, chore_id=chore_id, actor_id="ann", now=scene.now)

    def size() -> int:
        with scene.clinic.database.read() as connection:
            return int(connection.execute(select(Campaign.size).where(Campaign.id == campaign_id)).scalar_one())

    redis_server.stop()
    try:
        worker = clinic.start("worker")
        wait_until(lambda: len(received(network)) == TEXTS, seconds=60, what="all texts", alive=worker.running)
        wait_until(lambda: size() == TEXTS, seconds=30, what="all patients in the line", alive=worker.running)
    finally:
        redis_server.start()
    # It takes hints again once Redis is there.
    scene.text(1, body="later", budget_exempt=True)
    wait_until(lambda: "later" in received(network), seconds=20, what="the later text", alive=worker.running)
    assert worker.stop(seconds=10) == 0
    assert "Traceback" not in worker.output()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seconds", [0.0, 0.7, 2.1])
def test_told_to_end_while_there_is_no_redis(clinic: RunningClinic, redis_server: RedisServer, seconds: float) -> None:
    clinic.run("db", "upgrade")
    redis_server.stop()
    try:
        worker = clinic.start("worker")
        wait_until(lambda: "worker started" in worker.output(), seconds=60, what="the worker", alive=worker.running)
        time.sleep(seconds)  # in RQ's loop, between two of them, in the pause
        begun = time.monotonic()
        assert worker.stop(seconds=10) == 0
        assert time.monotonic() - begun < 10
    finally:
        redis_server.start()
    assert "Traceback" not in worker.output()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_told_to_end_it_gives_back_and_another_goes_on(
    clinic: RunningClinic, network: RunningNetwork, scene: Scene
) -> None:
    clinic.env["SEND_RATE"] = "15"
    first = clinic.start("worker")
    wait_until(lambda: len(received(network)) > 5, seconds=60, what="the first texts", alive=first.running)
    begun = time.monotonic()
    assert first.stop(seconds=10) == 0
    assert time.monotonic() - begun < 10
    gone = len(received(network))
    assert gone < TEXTS
    assert scene.count(Message, Message.status.in_([MessageStatus.CLAIMED, MessageStatus.UNKNOWN])) == 0
    assert scene.count(Message, Message.status == MessageStatus.PLANNED) == TEXTS - gone
    clinic.env["SEND_RATE"] = "500"
    second = clinic.start("worker")
    wait_until(lambda: len(received(network)) == TEXTS, seconds=60, what="the rest", alive=second.running)
    assert sorted(received(network)) == sorted(f"text {number}" for number in range(1, TEXTS + 1))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_logs_and_redis_hold_no_number_and_no_words(
    clinic: RunningClinic, network: RunningNetwork, scene: Scene, redis_url: str
) -> None:
    queue = RedisQueue(redis_url)
    queue.deliver()
    queue.close()
    worker = clinic.start("worker")
    wait_until(lambda: len(received(network)) == TEXTS, seconds=60, what="all texts", alive=worker.running)
    with Redis.from_url(redis_url) as client:
        kept = b"".join(key + (client.dump(key) or b"") for key in client.scan_iter())
    worker.stop()
    assert b"bot:rate" in kept
    for place in (kept, worker.output().encode()):
        assert b"1601555" not in place
        assert b"text 1" not in place
