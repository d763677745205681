"""`bot scheduler`: plans what is due and tells the workers, once a second, in one process at a time."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from types import FrameType
from typing import Final

import click
import structlog

from bot import clock
from bot import log as logs
from bot.cli import start
from bot.services import age_out, fuses, waitlist
from bot.services.campaigns.release import release
from bot.services.clinic import Clinic
from bot.services.ladder import climb
from bot.services.plan import plan_due
from bot.services.reporting.roll_up import run_next
from bot.services.returns import give_back_idle
from bot.services.silence import wake
from bot.services.sweep import hint, look
from bot.store import migrations
from bot.store.database import DatabaseDown
from bot.store.queries import leases

log = structlog.get_logger()

LEASE_NAME = "scheduler"
LEASE_SECONDS = 15.0
TICK_SECONDS = 1.0
SHORTEST_TICK = 0.2
DOWN_SECONDS = 2.0


class Stopped(BaseException):
    """SIGTERM: whatever is under way is rolled back, and the next one does it."""


class Stop:
    """Whether somebody asked us to end.

    The signal's exception ends a long round at once, but it may come up inside a driver's own clean-up, which then
    raises an error of its own in its place. So the request is also kept, and looked at before each round and pause.
    """

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, _signum: int, _frame: FrameType | None) -> None:
        self.asked = True
        raise Stopped

    def look(self) -> None:
        """Raise Stopped if it was asked for."""
        if self.asked:
            raise Stopped


@click.command()
def scheduler() -> None:
    """Plan and queue what is due, until stopped."""
    clinic = start.clinic()
    logs.configure(clinic.settings.log_level)
    holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log.info("scheduler started", holder=holder)
    try:
        _wait_for_tables(clinic)
        run(clinic, holder, stop)
    except Stopped:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _give_up(clinic, holder)
        log.info("scheduler ended", holder=holder)


def _wait_for_tables(clinic: Clinic) -> None:
    """Outlast a database that is not up yet; end where it is up and has not been migrated."""
    while True:
        try:
            if migrations.pending(clinic.database):
                start.fail("The database has no tables yet, or old ones: run `bot db upgrade`.")
            return
        except DatabaseDown as error:
            log.warning("database down", error=str(error))
            time.sleep(DOWN_SECONDS)


def run(clinic: Clinic, holder: str, stop: Stop) -> None:
    """Tick until Stopped is raised."""
    held: bool | None = None
    while True:
        stop.look()
        pause = max(SHORTEST_TICK, clock.real_seconds(TICK_SECONDS))
        try:
            mine = tick(clinic, holder, stop)
            if mine is not held:
                log.info("lease taken" if mine else "another scheduler is at work", holder=holder)
            held = mine
        except DatabaseDown as error:
            stop.look()
            log.warning("database down", error=str(error))
            pause = DOWN_SECONDS
        except Exception as error:
            stop.look()
            # Whatever it is, the workers must hear of what is due, and the next round must come.
            log.error("planning failed", error=type(error).__name__)
            with suppress(DatabaseDown):
                hint(clinic, look(clinic))
            pause = DOWN_SECONDS
        stop.look()
        time.sleep(pause)


def tick(clinic: Clinic, holder: str, stop: Stop) -> bool:
    """One round, if the lease is ours; whether it is. Raises DatabaseDown."""
    now = clinic.clock()
    with clinic.database.begin() as connection:
        if not leases.take(connection, LEASE_NAME, holder=holder, until=now + _lease(), now=now):
            return False
    with Renewal(clinic, holder):
        for part in ROUND:
            _do(part, clinic, now, stop)
    return True


def _plan(clinic: Clinic, now: datetime) -> None:
    plan_due(clinic, at=now, seldom=True)


def _hint(clinic: Clinic, _now: datetime) -> None:
    hint(clinic, look(clinic))


ROUND: Final[tuple[Callable[[Clinic, datetime], object], ...]] = (
    waitlist.settle_booked,
    waitlist.offer,
    _plan,
    wake,
    give_back_idle,
    climb,
    age_out.daily,
    fuses.look,
    release,
    _hint,
    # Last, and one day at a time: figures wait for whatever patients wait for.
    run_next,
)
"""What is done in one round, in this order."""


def _do(part: Callable[[Clinic, datetime], object], clinic: Clinic, now: datetime, stop: Stop) -> None:
    """One part of a round. Where it fails the others go on: a faulty waitlist keeps no reminder back."""
    try:
        part(clinic, now)
    except DatabaseDown:
        raise
    except Exception as error:
        stop.look()
        log.error("part of a round failed", part=part.__name__, error=type(error).__name__)


class Renewal:
    """Keeps the lease while a long round of planning runs."""

    def __init__(self, clinic: Clinic, holder: str) -> None:
        self._clinic, self._holder = clinic, holder
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Renewal:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def _renew(self) -> None:
        while not self._done.wait(LEASE_SECONDS / 3):
            now = self._clinic.clock()
            try:
                with self._clinic.database.begin() as connection:
                    leases.take(connection, LEASE_NAME, holder=self._holder, until=now + _lease(), now=now)
            except DatabaseDown as error:
                log.warning("lease not renewed", error=str(error))


def _lease() -> timedelta:
    # On the demo's fast clock a lease lasts as long for whoever waits for it.
    return timedelta(seconds=LEASE_SECONDS / clock.real_seconds(1.0))


def _give_up(clinic: Clinic, holder: str) -> None:
    clinic.database.dispose()
    try:
        with clinic.database.begin() as connection:
            leases.give_up(connection, LEASE_NAME, holder=holder)
    except DatabaseDown as error:
        log.warning("lease not given up", error=str(error))
