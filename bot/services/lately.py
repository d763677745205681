"""What was read a moment ago, for whoever asks the same: fifty open consoles are mostly one question."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

SECONDS: Final = 1.0
"""An open console may be shown what is as old as this, beside the seconds between two of its looks."""
FORGOTTEN: Final = timedelta(minutes=1)
"""What nobody has asked for so long is not kept: it holds what patients are called."""
MOST: Final = 200
"""So many different questions are kept."""
ANEW: Final = 2**63
"""As `since`: nothing that was read before will do."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read:
    """What was read, and when."""

    value: Any
    at: int


def moment_of(now: datetime) -> int:
    """A moment in milliseconds, as `since` takes it."""
    return round(now.timestamp() * 1000)


class Lately:
    """Kept in this process alone. Two threads may both read the same; that costs a query and harms nothing."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._keep = seconds * 1000
        self._held: dict[Hashable, Read] = {}

    def get(self, key: Hashable, now: datetime, read: Callable[[T | None], T], *, since: int = 0) -> T:
        """What `read` gives, or gave less than a second ago, but nothing older than `since`.

        `read` is given what it gave last, if that is still here: it may give it again when nothing has changed.
        `since` is when the asker was answered last: they never see what they did themselves undone, as they would when
        another process answers them that has not looked since.
        """
        moment, held = moment_of(now), self._held.get(key)
        if held is not None and 0 <= moment - held.at < self._keep and held.at >= since:
            return cast(T, held.value)
        found = read(held.value if held is not None else None)
        self._held.pop(key, None)
        self._held[key] = Read(found, moment)
        self._forget(moment)
        return found

    def _forget(self, moment: int) -> None:
        oldest, held = moment - FORGOTTEN.total_seconds() * 1000, list(self._held.items())
        too_many = len(held) - MOST
        for number, (key, one) in enumerate(held):  # the one read longest ago stands first
            if number < too_many or not oldest <= one.at <= moment:
                self._held.pop(key, None)
