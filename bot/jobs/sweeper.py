"""The worker's own look at the database every few seconds, for when Redis is dead or has lost a hint."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from bot.jobs.station import Station
from bot.services import chores
from bot.services.campaigns import trials
from bot.services.notices import any_due
from bot.services.sweep import look
from bot.store.database import DatabaseDown

log = structlog.get_logger()

DELIVER_SECONDS = 2.0
RECONCILE_SECONDS = 10.0
TELL_SECONDS = 5.0
WORK_SECONDS = 2.0


class Sweeper:
    """Four threads: one sends what is due, one looks up what is unknown, one tells whoever is on call, one does chores.

    They end when the station is to stop.
    """

    def __init__(self, station: Station) -> None:
        self._station = station
        # Not daemons: what they have claimed is given back before the process ends.
        self._threads = [
            threading.Thread(target=self._every, args=(DELIVER_SECONDS, self._deliver), name="sweep deliver"),
            threading.Thread(target=self._every, args=(RECONCILE_SECONDS, self._reconcile), name="sweep reconcile"),
            threading.Thread(target=self._every, args=(TELL_SECONDS, self._tell), name="sweep tell"),
            threading.Thread(target=self._every, args=(0.0, self._work), name="sweep chores"),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait for all to end."""
        for thread in self._threads:
            thread.join()

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while not self._station.stopping.wait(seconds):
            try:
                work()
            except DatabaseDown as error:
                log.warning("sweep failed", error=str(error))
            except Exception as error:
                # Whatever it is, the next round must come: this thread is what sends when all else fails.
                log.error("sweep failed", error=type(error).__name__)

    def _work(self) -> None:
        self._station.chore_waits.wait(WORK_SECONDS)
        self._station.chore_waits.clear()
        if chores.any_free(self._station.clinic):
            self._station.work_off()

    def _deliver(self) -> None:
        if look(self._station.clinic).deliver:
            self._station.deliver(wait=False)

    def _reconcile(self) -> None:
        if look(self._station.clinic).reconcile:
            self._station.reconcile(wait=False)

    def _tell(self) -> None:
        if any_due(self._station.clinic) or trials.any_due(self._station.clinic):
            self._station.tell()
