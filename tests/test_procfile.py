"""The processes of the `Procfile`: they come up together, drain on SIGTERM, and refuse a wrong setting in one line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import redis
from rq import Worker

from bot.gateways.queue import Lane
from tests.clinic import RunningClinic, answers, commands
from tests.servers import RedisServer, wait_until

DRAIN_SECONDS = 10

pytestmark = pytest.mark.slow


def test_all_come_up_and_drain(running_clinic: RunningClinic, redis_url: str) -> None:
    assert answers(f"{running_clinic.web_url}/healthz")
    with redis.Redis.from_url(redis_url) as client:
        wait_until(lambda: bool(Worker.all(client)), seconds=60, what="worker")
        (worker,) = Worker.all(client)
        assert worker.queue_names() == [str(lane) for lane in Lane]
    for name in ("scheduler", "worker", "web"):
        (child,) = running_clinic.children[name]
        assert child.running(), child.output()
        begun = time.monotonic()
        assert child.stop(seconds=DRAIN_SECONDS) == 0, child.output()
        assert time.monotonic() - begun < DRAIN_SECONDS


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_not_ready_without_redis_but_alive(running_clinic: RunningClinic, redis_server: RedisServer) -> None:
    redis_server.stop()
    try:
        wait_until(lambda: not running_clinic.ready(), seconds=60, what="503")
        assert answers(f"{running_clinic.web_url}/healthz")
    finally:
        redis_server.start()
    running_clinic.wait_ready()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", sorted(commands()))
def test_wrong_setting_ends_with_one_line(settings_env: dict[str, str], tmp_path: Path, name: str) -> None:
    settings_env["SEND_RATE"] = "fast"
    clinic = RunningClinic(settings_env, folder=tmp_path)
    child = clinic.start(name)
    try:
        assert child.wait(60) != 0
    finally:
        child.stop()
    (line,) = child.output().splitlines()
    assert "SEND_RATE" in line
    assert "Traceback" not in line
