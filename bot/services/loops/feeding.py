"""What the clinic's files bring becomes loops, and moves those that are open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, update

from bot.services.clinic import Clinic
from bot.services.loops import aside, handoffs, lessons, missed, recalls, referrals
from bot.services.loops.feeds import Feeder, Follower, Report
from bot.services.loops.moving import report
from bot.services.loops.opening import Opening, open_loop
from bot.store.columns import AnyRow
from bot.store.database import is_down, once_more
from bot.store.queries import asides, loops, runs
from bot.store.tables import Enrollment

ACTOR: Final = "import"
FEEDERS: Final[tuple[Feeder, ...]] = (
    recalls.due,
    missed.missed,
    referrals.opened,
    handoffs.check_ins,
    handoffs.contacts,
    handoffs.refills,
    lessons.by_condition,
    lessons.after_visits,
)
FOLLOWERS: Final[tuple[Follower, ...]] = (
    recalls.settled,
    recalls.visited,
    referrals.moved,
    handoffs.refilled,
    lessons.over,
)


def feed(clinic: Clinic, now: datetime) -> int:
    """Move what the rows say has happened, then open every loop that they call for; how many were opened.

    Raises DatabaseDown. Safe to be killed: a batch at a time.
    """
    with clinic.database.begin() as connection:
        # What a file says bears the time at which its load began: a try meanwhile may not have seen it.
        loads = [(begun, ended) for _id, begun, ended in runs.newest(connection) if ended is not None]
        asides.again(connection, loads, now)
    for follower in FOLLOWERS:
        _to_the_end(partial(_follow, clinic, follower, now))
    opened = sum(_to_the_end(partial(_batch, clinic, feeder, now)) for feeder in FEEDERS)
    with clinic.database.begin() as connection:
        asides.forget(connection, clinic.clock() - aside.FORGOTTEN_AFTER)
    return opened


def _to_the_end(batch: Callable[[], Did]) -> int:
    """Batch after batch, until nothing new comes up; how many went well.

    What went well does not come up again, and neither does what was put aside: one at fault keeps nobody back.
    """
    seen: set[str] = set()
    went = 0
    while True:
        did = batch()
        went += did.went
        if did.looked_at <= seen:
            return went
        seen |= did.looked_at


@dataclass(frozen=True, slots=True)
class Did:
    """What became of one batch."""

    looked_at: frozenset[str]
    went: int


@once_more
def _batch(clinic: Clinic, feeder: Feeder, now: datetime) -> Did:
    well: list[tuple[str, str]] = []
    with clinic.database.begin() as connection:
        openings = feeder(connection, clinic, now)
        for opening in openings:
            work = aside.to_open(opening.journey)
            reason = _opened(connection, clinic, opening, now)
            if reason is None:
                well.append((work, opening.subject_id))
                continue
            aside.put(
                connection, clinic, work, opening.subject_id, patient_id=opening.patient_id, reason=reason,
                now=clinic.clock(),
            )  # fmt: skip
        asides.take_back(connection, well)
    return Did(frozenset(opening.subject_id for opening in openings), len(well))


def _opened(connection: Connection, clinic: Clinic, opening: Opening, now: datetime) -> str | None:
    """Why it is not open now; None where it is. One that cannot be keeps nobody else back."""
    try:
        with connection.begin_nested():
            return None if open_loop(connection, clinic, opening, now, actor=ACTOR) is not None else aside.NOT_TAKEN
    except Exception as error:
        if is_down(error):
            raise
        return type(error).__name__


@once_more
def _follow(clinic: Clinic, follower: Follower, now: datetime) -> Did:
    well: list[tuple[str, str]] = []
    with clinic.database.begin() as connection:
        reports = follower(connection, clinic, now)
        for said in reports:
            row = loops.one(connection, said.enrollment_id, lock=True)
            if row is None or row.ended_at is not None:
                continue
            work = aside.to_move(row.journey)
            reason = _reported(connection, clinic, row, said, now)
            if reason is None:
                well.append((work, row.id))
                continue
            aside.put(
                connection, clinic, work, row.id, patient_id=row.patient_id, reason=reason, now=clinic.clock()
            )  # fmt: skip
        asides.take_back(connection, well)
    return Did(frozenset(said.enrollment_id for said in reports), len(well))


def _reported(connection: Connection, clinic: Clinic, row: AnyRow, said: Report, now: datetime) -> str | None:
    """Why it comes up again; None where it has moved, or has kept what was said."""
    try:
        with connection.begin_nested():
            if said.kept:
                kept = {**row.data, **said.kept}
                connection.execute(update(Enrollment).where(Enrollment.id == row.id).values(data=kept))
                row = loops.one(connection, row.id, lock=True) or row
            moved = report(connection, clinic, row, said.name, data=said.data, actor=ACTOR, now=now)
    except Exception as error:
        if is_down(error):
            raise
        return type(error).__name__
    return None if moved or said.kept else aside.NOT_TAKEN
