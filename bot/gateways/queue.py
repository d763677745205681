"""The queue: RQ on Redis. It carries hints only; whatever it loses, a sweep of the database finds again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog
from redis import Redis
from redis.exceptions import RedisError

from bot.core.sending import QueueDown

if TYPE_CHECKING:
    from rq import Queue

log = structlog.get_logger()

SERIALIZER = "json"
HINT_KEY = "bot:hint:"
"""Set while a hint waits for a worker, so that a thousand commits leave one job behind, not a thousand."""
HINT_SECONDS = 15
REST_SECONDS = 1.0
"""After a failure Redis is left alone for so long: a webhook must not wait for a dead host at every request."""
CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 2.0
RESULT_SECONDS = 0
FAILURE_SECONDS = 24 * 3600


class Lane(StrEnum):
    """RQ's queues, in the order in which a worker takes from them."""

    URGENT = "urgent"
    DEFAULT = "default"
    BULK = "bulk"


class Job(StrEnum):
    """What a worker can be asked to do, by the entry point's path."""

    DELIVER = "bot.jobs.deliver.run"
    RECONCILE = "bot.jobs.reconcile.run"
    WORK = "bot.jobs.chores.run"


_LANE = {Job.DELIVER: Lane.URGENT, Job.RECONCILE: Lane.DEFAULT, Job.WORK: Lane.BULK}
# Longer than any of them takes by itself.
_LIMIT_SECONDS = {Job.DELIVER: 900, Job.RECONCILE: 900, Job.WORK: 60}


def connect(redis_url: str, *, answer_seconds: float | None = ANSWER_SECONDS) -> Redis:
    """A client for that URL. Connects on first use."""
    return Redis.from_url(redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=answer_seconds)


class RedisQueue:
    """Hints for the workers. Never raises for a dead Redis, but for `ping`."""

    def __init__(self, redis_url: str) -> None:
        self._redis = connect(redis_url)
        self._lock = threading.Lock()
        self._queues: dict[str, Queue] = {}
        self._rest_until = 0.0

    def deliver(self) -> None:
        """Messages are due."""
        self._hint(Job.DELIVER)

    def reconcile(self) -> None:
        """Messages whose outcome nobody knows are to be looked up."""
        self._hint(Job.RECONCILE)

    def work(self) -> None:
        """A chore waits, behind everything urgent."""
        self._hint(Job.WORK)

    def heard(self, job: Job) -> None:
        """A worker has begun on this hint: the next one is not the same any more."""
        self._guarded(lambda: self._redis.delete(HINT_KEY + job.name.lower()))

    def ping(self) -> None:
        """Raise QueueDown unless Redis answers."""
        try:
            self._redis.ping()
        except RedisError as error:
            raise QueueDown(type(error).__name__) from None

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _hint(self, job: Job) -> None:
        self._guarded(lambda: self._hint_once(job))

    def _hint_once(self, job: Job) -> None:
        if self._redis.set(HINT_KEY + job.name.lower(), "1", nx=True, ex=HINT_SECONDS):
            self._queue(_LANE[job]).enqueue(
                str(job),
                job_timeout=_LIMIT_SECONDS[job],
                result_ttl=RESULT_SECONDS,
                failure_ttl=FAILURE_SECONDS,
            )

    def _queue(self, lane: Lane) -> Queue:
        # RQ takes a while to import; a process that never enqueues does not pay for it.
        from rq import Queue

        with self._lock:
            if lane not in self._queues:
                self._queues[lane] = Queue(str(lane), connection=self._redis, serializer=SERIALIZER)
            return self._queues[lane]

    def _guarded(self, work: Callable[[], object]) -> None:
        if time.monotonic() < self._rest_until:
            return
        try:
            work()
        except RedisError as error:
            self._rest_until = time.monotonic() + REST_SECONDS
            log.warning("queue down", error=type(error).__name__)
