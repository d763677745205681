"""What feeders are: they look at the clinic's rows, and say which loops to open or what to report about open ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Connection, bindparam

from bot.services.clinic import Clinic
from bot.services.loops.opening import Opening

BATCH: Final = 200
NOW: Final[BindParameter[Any]] = bindparam("now")
"""The moment, in statements that are made once: they are asked in every round, and making one costs more than that."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says about an open loop.

    `kept` stands in the loop's data afterwards, whether or not it has moved, so that it is not reported again. It does
    not where moving it has failed: that is tried again.
    """

    enrollment_id: str
    name: str
    data: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)


Feeder: TypeAlias = Callable[[Connection, Clinic, datetime], Sequence[Opening]]
Follower: TypeAlias = Callable[[Connection, Clinic, datetime], Sequence[Report]]
"""Gives reports that each move their loop, so that the same rows do not come up again."""


def local(clinic: Clinic, now: datetime) -> datetime:
    """That moment on the clinic's clock."""
    return now.astimezone(ZoneInfo(clinic.settings.clinic_timezone))
