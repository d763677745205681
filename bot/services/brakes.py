"""What holds sending back: the account or sender refused, texts accepted and not delivered, a carrier's cap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.core.delivery import rule_for
from bot.core.hours import next_day
from bot.core.outreach import Lane
from bot.core.sending import Brake
from bot.services.clinic import Clinic
from bot.services.outbox import LANE_RANK
from bot.store.queries import brakes as queries

log = structlog.get_logger()

ANY_RANK: Final = 99
NOTHING: Final = -1
PROBE_EVERY: Final = timedelta(seconds=30)
FAILING_FOR: Final = timedelta(minutes=15)
SLOWER_FOR: Final = timedelta(minutes=15)
CARRIERS_DAY: Final = "America/Los_Angeles"
"""Where the carriers' day ends: the daily caps start anew at 00:00 Pacific."""
FASTER_THAN_REGISTERED: Final = 30022


@dataclass(frozen=True, slots=True)
class Leave:
    """What may be claimed now: messages of no worse rank, and one at a time to see whether it goes."""

    worst_rank: int = ANY_RANK
    probing: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """A brake, for people: since when, until when, what the provider said."""

    kind: Brake
    since: datetime
    until: datetime
    code: int | None
    reason: str


def leave(connection: Connection, now: datetime) -> Leave:
    """What may go now."""
    worst, probing = ANY_RANK, False
    for row in queries.known(connection):
        on = now < row.until <= now + queries.FAR
        match row.kind:
            case Brake.REFUSED:
                probing = True
                worst = NOTHING if on else worst
            case Brake.FAILING:
                worst = NOTHING if on else worst
            case Brake.BULK:
                worst = min(worst, LANE_RANK[Lane.SAME_DAY]) if on else worst
    return Leave(worst, probing)


def refused(connection: Connection, code: int | None, now: datetime) -> datetime:
    """The provider will not have anything of ours. Gives when it is worth trying again."""
    log.error("the provider refuses our account or sender", code=code)
    queries.put(connection, Brake.REFUSED, until=now + PROBE_EVERY, code=code, now=now)
    return now + PROBE_EVERY


def failing(connection: Connection, code: int | None, now: datetime) -> datetime:
    """What it takes from us is not delivered, whoever it is for. Gives when it is worth trying again."""
    log.error("nothing of ours is delivered", code=code)
    queries.put(connection, Brake.FAILING, until=now + FAILING_FOR, code=code, now=now)
    return now + FAILING_FOR


def slower(connection: Connection, code: int | None, now: datetime) -> datetime:
    """A carrier's cap: bulk waits until its day is over, or for a while where only the pace was too fast."""
    pace = code == FASTER_THAN_REGISTERED
    until = now + SLOWER_FOR if pace else next_day(now, CARRIERS_DAY)
    log.error("a carrier's cap is reached", code=code, until=until.isoformat())
    queries.put(connection, Brake.BULK, until=until, code=code, now=now)
    return until


def taken(connection: Connection) -> None:
    """The provider takes our texts again."""
    queries.lift(connection, Brake.REFUSED)


def troubles(clinic: Clinic, now: datetime) -> Sequence[Trouble]:
    """What holds sending back now. Raises DatabaseDown."""
    with clinic.database.read() as connection:
        rows = queries.known(connection)
    return [
        Trouble(row.kind, row.since, row.until, row.code, rule_for(row.code).reason)
        for row in rows
        if now < row.until <= now + queries.FAR or row.kind is Brake.REFUSED
    ]
