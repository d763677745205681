"""The on-call ladder: who hears of an emergency that nobody has taken, after how long, and what they read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from bot.core.escalation import NoticeChannel

WITHOUT_LADDER: Final = (timedelta(minutes=10), timedelta(minutes=20))
"""When supervisors and admins hear of it in a clinic that has set up no ladder."""
TRIES: Final = 12
"""So often a notice is tried, with growing pauses: for about three quarters of an hour."""
_FIRST_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Call:
    """One person to be told, one way."""

    user_id: str
    channel: NoticeChannel


@dataclass(frozen=True, slots=True)
class Step:
    """What happens when an emergency has waited so long."""

    rung: int
    after: timedelta
    calls: tuple[Call, ...] = ()


def climbs(steps: Sequence[Step], *, rung: int, waited: timedelta) -> Sequence[Step]:
    """The steps above that rung whose time has come, the lowest first."""
    due = (step for step in steps if step.rung > rung and step.after <= waited)
    return sorted(due, key=lambda step: (step.rung, step.after))


def waits_since(
    created_at: datetime, returned_at: datetime | None, *, let_lie: bool, first_after: timedelta
) -> datetime:
    """When the ladder's clock began: when it became nobody's. Of what somebody let lie the first rung hears at once."""
    if returned_at is None:
        return created_at
    return returned_at - first_after if let_lie else returned_at


@dataclass(frozen=True, slots=True)
class Told:
    """The notice is with the provider or the mail server."""


@dataclass(frozen=True, slots=True)
class Again:
    """It did not go, or nobody knows: worth trying once more, since told twice is better than not at all."""

    why: str


@dataclass(frozen=True, slots=True)
class Never:
    """It cannot go there, however often it is tried."""

    why: str


Telling: TypeAlias = Told | Again | Never


def pause(attempts: int) -> timedelta:
    """How long to wait after so many tries."""
    return min(_FIRST_PAUSE * float(2 ** (attempts - 1)), _LONGEST_PAUSE)


def notice(*, clinic_name: str, public_url: str, waited: timedelta) -> str:
    """What whoever is on call reads. It says nothing of the patient."""
    minutes = int(waited.total_seconds()) // 60
    return f"Tendril, {clinic_name}: an emergency has waited {minutes} min. Open {public_url}/console/ ."


def fuse_notice(*, clinic_name: str, public_url: str) -> str:
    """What those in charge read when a fuse has blown."""
    return f"Tendril, {clinic_name}: a fuse has blown, and texts wait for you. Open {public_url}/console/ ."
