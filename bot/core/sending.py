"""What passes between us and the queue and the send rate, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class QueueDown(Exception):
    """Redis cannot be reached. Nothing is lost: the rows are in the database and a sweep picks them up."""


class Urgency(IntEnum):
    """How a message takes part in the send rate."""

    BULK = 0
    """Waits its turn."""
    REPLY = 1
    """A patient waits for it: may overdraw by a few seconds' worth."""
    SAFETY = 2
    """Never waits for the rate."""


@dataclass(frozen=True, slots=True)
class Granted:
    """How many of the messages asked for may go now, and after how many seconds it is worth asking for the next."""

    count: int
    wait: float


class Brake(StrEnum):
    """What holds sending back for longer than the send rate does; kept in the database, for Redis may be emptied."""

    REFUSED = "refused"
    """It refuses our account or sender: nothing goes, but for one text now and then to see whether it does."""
    FAILING = "failing"
    """It takes texts and delivers none, for our account or sender is at fault: nothing goes."""
    BULK = "bulk"
    """A carrier's cap: only what patients wait for goes, and what is about today."""
