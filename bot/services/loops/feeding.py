"""What the clinic's files bring becomes loops, and moves those that are open."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.services.clinic import Clinic
from bot.services.loops import handoffs, missed, recalls, referrals
from bot.services.loops.feeds import Feeder, Follower
from bot.services.loops.moving import report
from bot.services.loops.opening import open_loop
from bot.store.database import once_more
from bot.store.queries import loops

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
        openings = feeder(connection, clinic, now)
        return sum(open_loop(connection, clinic, opening, now, actor=ACTOR) is not None for opening in openings)


@once_more
def _follow(clinic: Clinic, follower: Follower, now: datetime) -> int:
    """How many loops moved; where none did, the same rows would only come up again."""
    moved = 0
    with clinic.database.begin() as connection:
        for said in follower(connection, clinic, now):
            row = loops.one(connection, said.enrollment_id, lock=True)
            if row is not None and row.ended_at is None:
                moved += report(connection, clinic, row, said.name, data=said.data, actor=ACTOR, now=now)
    return moved
