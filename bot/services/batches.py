"""Rows worked off in batches: several at a time, and where one fails ever fewer rows, down to the one at fault."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import structlog

log = structlog.get_logger(__name__)

STEP: Final = 8
"""A batch that failed is tried with so many times fewer rows, and after each that went well with so many times more."""


class AtFault(Exception):
    """A batch failed; these are its rows."""

    def __init__(self, ids: Sequence[str], error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.ids, self.error = ids, error


@dataclass(frozen=True, slots=True)
class Worked:
    """What one batch did: how many rows it took, and the counts that it adds."""

    rows: int
    counts: Counter[str]


Batch: TypeAlias = Callable[[int, Collection[str]], Worked | None]
"""Works off at most so many rows but for those with these ids, in one transaction. None: there are none left.

Raises AtFault when one of the rows was at fault. Called by several threads at once, so its rows must be its own.
"""
Told: TypeAlias = Callable[[Counter[str]], None]


@dataclass(slots=True)
class WorkOff:
    """One kind of batch, worked off to the end.

    A second lane begins once there is more than one batch: while the database writes what one has made, the other
    makes the next. Few rows are worked off by the caller's own thread alone.
    """

    batch: Batch
    size: int
    lanes: int
    counts: Counter[str]
    """What has been done; `failed` are the rows left aside."""
    told: Told = lambda _counts: None
    """Is told how far it is, after each batch."""
    _but: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _errors: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        """Batch after batch until nothing is left. Raises what a batch raises for another reason than its rows."""
        helpers: list[threading.Thread] = []

        def more() -> None:
            if not helpers:
                helpers.extend(threading.Thread(target=self._help, daemon=True) for _ in range(self.lanes - 1))
                for helper in helpers:
                    helper.start()

        try:
            self._lane(more)
        except BaseException:
            self._over.set()
            raise
        finally:
            for helper in helpers:
                helper.join()
        if self._errors:
            raise self._errors[0]

    def _help(self) -> None:
        try:
            self._lane(lambda: None)
        except BaseException as error:
            self._errors.append(error)
            self._over.set()

    def _lane(self, more: Callable[[], None]) -> None:
        limit = self.size
        while not self._over.is_set():
            try:
                worked = self.batch(limit, tuple(self._but))
            except AtFault as fault:
                if not fault.ids:
                    raise fault.error from None
                if len(fault.ids) > 1:
                    limit = max(1, len(fault.ids) // STEP)
                else:
                    self._leave_aside(fault)
                continue
            if worked is None:
                return
            with self._lock:
                self.counts.update(worked.counts)
                self.told(self.counts)
            if worked.rows >= self.size:
                more()
            limit = min(self.size, limit * STEP)

    def _leave_aside(self, fault: AtFault) -> None:
        with self._lock:
            # Two lanes may have come upon the same row, one after the other.
            fresh = [one for one in fault.ids if one not in self._but]
            self._but += fresh
            self.counts["failed"] += len(fresh)
        if fresh:
            log.error("planning failed", error=str(fault), ids=fresh)
