"""How long requests took, counted in memory that all worker processes share."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

BOUNDS: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 15.0)
"""Seconds. Twilio gives up after 15."""
_CELL = struct.Struct("=d")


class Timings:
    """One histogram for each name, in a file without a name that is mapped before the server forks its workers.

    Locked by POSIX record locks, which the kernel takes back from a worker that is killed, and by a thread's lock
    within one process, where record locks mean nothing.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._rows = {name: index for index, name in enumerate(names)}
        self._width = len(BOUNDS) + 2  # one more for all above, and the sum
        size = len(names) * self._width * _CELL.size
        self._file, path = tempfile.mkstemp(prefix="tendril-")
        weakref.finalize(self, os.close, self._file)
        os.unlink(path)
        os.ftruncate(self._file, size)
        self._memory = mmap.mmap(self._file, size)
        self._threads = threading.Lock()

    def observe(self, name: str, seconds: float) -> None:
        """Count one request. A name that was not announced is left out."""
        row = self._rows.get(name)
        if row is None:
            return
        bucket = next((index for index, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))
        first = row * self._width
        with self._locked():
            self._add(first + bucket, 1)
            self._add(first + self._width - 1, seconds)

    def read(self) -> dict[str, tuple[list[tuple[str, float]], float]]:
        """For each name: (upper bound, requests at most so slow) in order, ending with +Inf; and the sum of seconds."""
        with self._locked():
            cells = [cell for (cell,) in _CELL.iter_unpack(self._memory[:])]
        found = {}
        for name, row in self._rows.items():
            *counts, total = cells[row * self._width : (row + 1) * self._width]
            found[name] = (list(_cumulative(counts)), total)
        return found

    def _add(self, cell: int, amount: float) -> None:
        offset = cell * _CELL.size
        _CELL.pack_into(self._memory, offset, _CELL.unpack_from(self._memory, offset)[0] + amount)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def _cumulative(counts: Sequence[float]) -> Iterator[tuple[str, float]]:
    running = 0.0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
        running += count
        yield bound, running
