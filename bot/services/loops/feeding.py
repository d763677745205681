"""What the clinic's files bring becomes loops, and moves those that are open."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.services.clinic import Clinic
from bot.services.loops import handoffs, missed, recalls, referrals
from bot.services.loops.feeds import Feeder, Follower, Report
from bot.services.loops.moving import report
from bot.services.loops.opening import Opening, open_loop
from bot.store.columns import AnyRow
from bot.store.database import is_down, once_more
from bot.store.queries import loops

log = structlog.get_logger()

ACTOR: Final = "import"
FEEDERS: Final[tuple[Feeder, ...]] = (
    recalls.due,
    missed.missed,
    referrals.opened,
    handoffs.check_ins,
    handoffs.contacts,
    handoffs.refills,
)
FOLLOWERS: Final[tuple[Follower, ...]] = (recalls.settled, recalls.visited, referrals.moved, handoffs.refilled)


def feed(clinic: Clinic, now: datetime) -> int:
    """Move what the rows say has happened, then open every loop that they call for; how many were opened.

    Raises DatabaseDown. Safe to be killed: a batch at a time.
    """
    for follower in FOLLOWERS:
        while _follow(clinic, follower, now):
            pass
    opened = 0
    for feeder in FEEDERS:
        while fresh := _batch(clinic, feeder, now):
            opened += fresh
    return opened


@once_more
def _batch(clinic: Clinic, feeder: Feeder, now: datetime) -> int:
    with clinic.database.begin() as connection:
        return sum(_opened(connection, clinic, opening, now) for opening in feeder(connection, clinic, now))


def _opened(connection: Connection, clinic: Clinic, opening: Opening, now: datetime) -> bool:
    """Whether it is open now. One that cannot be keeps neither the others back nor the reminders planned after them."""
    try:
        with connection.begin_nested():
            return open_loop(connection, clinic, opening, now, actor=ACTOR) is not None
    except Exception as error:
        if is_down(error):
            raise
        log.error(
            "loop not opened", error=type(error).__name__, journey=opening.journey, patient_id=opening.patient_id
        )
        return False


@once_more
def _follow(clinic: Clinic, follower: Follower, now: datetime) -> int:
    """How many loops moved; where none did, the same rows would only come up again."""
    moved = 0
    with clinic.database.begin() as connection:
        for said in follower(connection, clinic, now):
            row = loops.one(connection, said.enrollment_id, lock=True)
            if row is not None and row.ended_at is None:
                moved += _reported(connection, clinic, row, said, now)
    return moved


def _reported(connection: Connection, clinic: Clinic, row: AnyRow, said: Report, now: datetime) -> bool:
    try:
        with connection.begin_nested():
            return report(connection, clinic, row, said.name, data=said.data, actor=ACTOR, now=now)
    except Exception as error:
        if is_down(error):
            raise
        log.error("loop not moved", error=type(error).__name__, enrollment_id=row.id)
        return False
