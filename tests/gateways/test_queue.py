"""The queue: hints, ids, JSON, and no harm done when Redis is away."""

from __future__ import annotations

import json
import time
import zlib

import pytest
from redis import Redis
from rq import Queue

from bot.core.sending import QueueDown
from bot.gateways.queue import SERIALIZER, Job, Lane, RedisQueue
from tests.servers import RedisServer, free_port


def jobs(redis_url: str, lane: Lane) -> list[str]:
    with Redis.from_url(redis_url) as client:
        return [job.func_name for job in Queue(str(lane), connection=client, serializer=SERIALIZER).jobs]


def test_a_hint_waits_once_however_often_it_is_given(redis_url: str) -> None:
    queue = RedisQueue(redis_url)
    for _commit in range(100):
        queue.deliver()
    assert jobs(redis_url, Lane.URGENT) == ["bot.jobs.deliver.run"]
    queue.heard(Job.DELIVER)
    queue.deliver()
    assert len(jobs(redis_url, Lane.URGENT)) == 2
    queue.close()


def test_hints_of_different_kinds_do_not_swallow_each_other(redis_url: str) -> None:
    queue = RedisQueue(redis_url)
    queue.deliver()
    queue.reconcile()
    assert jobs(redis_url, Lane.DEFAULT) == ["bot.jobs.reconcile.run"]
    queue.close()


def test_an_emptied_redis_takes_the_next_hint(redis_server: RedisServer, redis_url: str) -> None:
    queue = RedisQueue(redis_url)
    queue.deliver()
    redis_server.flush()
    queue.deliver()
    assert len(jobs(redis_url, Lane.URGENT)) == 1
    queue.close()


def test_long_work_stands_behind_and_the_hint_is_json(redis_url: str) -> None:
    queue = RedisQueue(redis_url)
    queue.work()
    with Redis.from_url(redis_url) as client:
        (job,) = Queue(str(Lane.BULK), connection=client, serializer=SERIALIZER).jobs
        data = client.hget(job.key, "data")
        assert isinstance(data, bytes)
        assert json.loads(zlib.decompress(data)) == ["bot.jobs.chores.run", None, [], {}]
    queue.close()


def test_a_dead_redis_is_shrugged_off_quickly() -> None:
    queue = RedisQueue(f"redis://127.0.0.1:{free_port()}/0")
    begun = time.monotonic()
    for _request in range(50):
        queue.deliver()
        queue.heard(Job.DELIVER)
        queue.work()
    assert time.monotonic() - begun < 1.5
    with pytest.raises(QueueDown):
        queue.ping()
    queue.close()


def test_a_redis_that_comes_back_is_used_again(redis_server: RedisServer, redis_url: str) -> None:
    queue = RedisQueue(redis_url)
    redis_server.stop()
    queue.deliver()
    redis_server.start()
    time.sleep(1.1)
    queue.deliver()
    assert len(jobs(redis_url, Lane.URGENT)) == 1
    queue.close()
