"""The worker's place of work: one clinic for the whole process, and whether it is to stop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import structlog

from bot.config import load
from bot.gateways.queue import Job, RedisQueue
from bot.runtime import build_clinic, build_mailer, build_provider, build_rate
from bot.services.campaigns import trials
from bot.services.chore_kinds import work_off
from bot.services.clinic import Clinic
from bot.services.deliver import Delivered, deliver
from bot.services.notices import tell
from bot.services.reconcile import Reconciled, reconcile

log = structlog.get_logger()

LONGEST_RUN_SECONDS = 300.0
"""Then the worker looks at its queues again, and the next hint goes on."""


class JobFailed(Exception):
    """A job failed. Says the kind of failure only: RQ keeps the words in Redis, where no patient's data may be."""


class Station:
    """What the jobs of one process share."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.stopping = threading.Event()
        self.chore_waits = threading.Event()
        self._delivering = threading.Lock()
        self._reconciling = threading.Lock()

    def deliver(self, *, wait: bool = True) -> Delivered:
        """Send what is due; one run at a time in this process, and none at all without `wait` if one is under way."""
        if not self._delivering.acquire(blocking=wait):
            return Delivered()
        try:
            return asyncio.run(self._deliver())
        finally:
            self._delivering.release()

    def reconcile(self, *, wait: bool = True) -> Reconciled:
        """Look up what is unknown; one run at a time in this process, likewise."""
        if not self._reconciling.acquire(blocking=wait):
            return Reconciled()
        try:
            return asyncio.run(self._reconcile())
        finally:
            self._reconciling.release()

    def tell(self) -> int:
        """Tell whoever is on call and is to be told, and send trials to staff; called from one thread only."""
        return asyncio.run(self._tell())

    def work_off(self) -> int:
        """Do the chores that wait; called from one thread only."""
        return work_off(self.clinic, self.stopping.is_set)

    def heard(self, job: Job) -> None:
        """This hint has been taken up: a later one is news."""
        if isinstance(self.clinic.queue, RedisQueue):
            self.clinic.queue.heard(job)

    async def _deliver(self) -> Delivered:
        settings = self.clinic.settings
        provider, rate = build_provider(settings), build_rate(settings)
        end = time.monotonic() + LONGEST_RUN_SECONDS
        try:
            return await deliver(
                self.clinic, provider, rate, stop=lambda: self.stopping.is_set() or time.monotonic() > end
            )
        finally:
            await provider.aclose()
            await rate.aclose()

    async def _tell(self) -> int:
        provider = build_provider(self.clinic.settings)
        try:
            await trials.send(self.clinic, provider)
            return await tell(self.clinic, provider, build_mailer(self.clinic.settings))
        finally:
            await provider.aclose()

    async def _reconcile(self) -> Reconciled:
        provider = build_provider(self.clinic.settings)
        try:
            return await reconcile(self.clinic, provider, stop=self.stopping.is_set)
        finally:
            await provider.aclose()


@cache
def station() -> Station:
    """This process's one, built from the environment on first use."""
    return Station(build_clinic(load()))


@contextmanager
def discreetly() -> Iterator[None]:
    """Let no failure's words out of a job, for they may quote what was being worked on."""
    try:
        yield
    except Exception as error:
        log.error("job failed", error=type(error).__name__)
        raise JobFailed(type(error).__name__) from None
