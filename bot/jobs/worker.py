"""The worker process: RQ's loop, which outlives Redis, and the sweep beside it."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.worker import WorkerStatus

from bot import log as logs
from bot.config import SettingsError, load
from bot.gateways.queue import SERIALIZER, Lane, connect
from bot.jobs.station import Station, station
from bot.jobs.sweeper import Sweeper

log = structlog.get_logger()

WORKER_TTL = 60
LISTEN_SECONDS = 2
MAINTENANCE_SECONDS = 15
REDIS_SECONDS = 1.0
END_SECONDS = 9.0
"""A job that does not stop by itself is cut off then: its transaction is rolled back, its claims are looked up."""


class Worker(SimpleWorker):
    """Works in this process, for a fork would cost every job the engine and the connections (65 jobs/s against 250)."""

    max_connection_wait_time = 2.0

    @property
    def dequeue_timeout(self) -> int:
        """Seconds of one blocking read: a signal that came just before it is handled only when it has ended."""
        return LISTEN_SECONDS

    def request_stop(self, signum: int | None, frame: FrameType | None) -> None:
        """Stop after the present job. Asks nothing of Redis, which may be why we are being stopped."""
        again = station().stopping.is_set()
        _stop(signum, frame)
        self._stop_requested = True
        if self._state != WorkerStatus.BUSY and not again:
            raise StopRequested

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Comes before each read, so that a request made between a job and the next read is not slept through."""
        super().heartbeat(timeout, pipeline)
        if self._stop_requested and self._state != WorkerStatus.BUSY:
            raise StopRequested


def main() -> None:
    """Work until SIGTERM. A wrong setting ends it with one line for each."""
    try:
        settings = load()
    except SettingsError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)  # noqa: T201
        sys.exit(1)
    logs.configure(settings.log_level)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    place = station()
    sweeper = Sweeper(place)
    sweeper.start()
    log.info("worker started", pid=os.getpid())
    # RQ's handler stays when its loop has ended, so the request may come anywhere: between two loops as well.
    with suppress(StopRequested):
        while not place.stopping.is_set():
            _work(place)
    sweeper.join()
    log.info("worker ended", pid=os.getpid())


def _work(place: Station) -> None:
    """RQ's loop, until it ends: on request, or because of Redis."""
    redis = connect(place.clinic.settings.redis_url, answer_seconds=None)
    try:
        worker = Worker(
            [str(lane) for lane in Lane],
            connection=redis,
            serializer=SERIALIZER,
            worker_ttl=WORKER_TTL,
            maintenance_interval=MAINTENANCE_SECONDS,
        )
        worker.work(logging_level="WARNING")
    except (RedisError, StopRequested) as error:
        if not place.stopping.is_set():
            log.warning("queue down", error=type(error).__name__)
    finally:
        redis.close()
    if not place.stopping.is_set():
        time.sleep(REDIS_SECONDS)


def _stop(_signum: int | None, _frame: Any) -> None:
    place = station()
    if not place.stopping.is_set():
        place.stopping.set()
        threading.Thread(target=_end_at_last, name="end", daemon=True).start()


def _end_at_last() -> None:
    # A wait that the kernel measures by itself: those of `threading` end at a moment of a clock that may be moved.
    select.select((), (), (), END_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()
