"""Planning: visits → contacts → rendered, checked, counted, sealed messages on PostgreSQL, beside a raw COPY.

Run: python -m benchmarks.planning [--rows N] [--rounds N] [--database-url URL]   (an embedded PostgreSQL without a URL)

What is timed is `plan_due`, all of it: two contacts are planned for each visit but for those of the morning, then one
text a visit is chosen, rendered in the patient's language, counted, sealed and written with its question and its
enrollment. The floor is a COPY of the very rows of `messages` that came of it, as one ready block of text: into the
table with its indexes and foreign keys, and into one that has neither.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from benchmarks.clinic import bench_clinic, fill, postgres
from bot import clock
from bot.content.messages import Messages
from bot.services.clinic import Clinic
from bot.services.plan import plan_due

SOONEST: Final = timedelta(hours=5)
EVERY: Final = timedelta(minutes=15)
SLOTS: Final = 72
FLOOR_ROWS: Final = 100_000
"""The block of the floor is held in memory, so it has no more rows than that."""


@dataclass(slots=True)
class Round:
    """Seconds and megabytes of one round."""

    visits: float
    messages: float
    floor: float
    bare: float
    before: float
    peak: float

    @property
    def whole(self) -> float:
        """All of planning."""
        return self.visits + self.messages


class Watch:
    """When the visits were done, and the most memory that planning held at the end of a batch."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.begun = self.planned = self.shown = time.perf_counter()
        self.before = self.peak = resident()

    def told(self, counts: Counter[str]) -> None:
        """After each batch."""
        now = time.perf_counter()
        if not counts["messages"]:
            self.planned = now
        self.peak = max(self.peak, resident())
        if sys.stderr.isatty() and now - self.shown > 1:
            self.shown = now
            print(f"\r{counts['visits']:,} visits, {counts['messages']:,} messages ", end="", file=sys.stderr)


def main() -> None:
    """Print the planning rate, the floors, the ratios, and what memory it took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--database-url", help="an empty database of your own; one round")
    options = parser.parse_args()
    if options.database_url:
        rounds = [measure(bench_clinic(options.database_url), options.rows)]
    else:
        rounds = []
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as folder, postgres(Path(folder)) as url:
                rounds.append(measure(bench_clinic(url), options.rows))
    show(options.rows, rounds)


def measure(clinic: Clinic, rows: int) -> Round:
    """Fill, plan, and compare with a COPY of what came of it."""
    fill(clinic, rows, starts_in=SOONEST, languages=Messages.load().languages(), every=EVERY, slots=SLOTS)
    watch = Watch(rows)
    counts = plan_due(clinic, at=clock.now(), told=watch.told)
    ended = time.perf_counter()
    assert (counts.messages, counts.visits, counts.failed) == (rows, rows, 0), counts
    share = rows / min(rows, FLOOR_ROWS)
    floor, bare = _floors(clinic)
    clinic.database.dispose()
    return Round(
        visits=watch.planned - watch.begun,
        messages=ended - watch.planned,
        floor=floor * share,
        bare=bare * share,
        before=watch.before,
        peak=watch.peak,
    )


def show(rows: int, rounds: list[Round]) -> None:
    """One line a figure, the median of the rounds."""

    def median(name: str) -> float:
        return statistics.median(getattr(one, name) for one in rounds)

    print(f"{rows:,} reminders in 14 languages, median of {len(rounds)}")
    for name, what in (
        ("visits", "contacts planned"),
        ("messages", "texts made of them"),
        ("whole", "both, as `bot plan` does it"),
        ("floor", "raw COPY into messages"),
        ("bare", "the same, no index, no key"),
    ):
        print(f"{what:<28}{rows / median(name):10,.0f} rows/s")
    for name in ("floor", "bare"):
        ratios = [getattr(one, name) / one.whole for one in rounds]
        print(f"{'ratio to ' + name:<28}{statistics.median(ratios):10.3f}   of {', '.join(f'{r:.3f}' for r in ratios)}")
    print(f"{'memory before / at most':<28}{median('before'):6.0f} / {median('peak'):.0f} MB")


def _floors(clinic: Clinic) -> tuple[float, float]:
    """Seconds that a raw COPY of what was written takes: into the emptied table, and into a bare one."""
    with clinic.database.begin() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor:
            with cursor.copy(f"COPY (SELECT * FROM messages LIMIT {FLOOR_ROWS}) TO STDOUT") as copy:
                block = b"".join(bytes(part) for part in copy)
            cursor.execute("CREATE TABLE bare (LIKE messages)")
        connection.execute(text("TRUNCATE messages CASCADE"))
    return _copied(clinic, "messages", block), _copied(clinic, "bare", block)


def _copied(clinic: Clinic, table: str, block: bytes) -> float:
    begun = time.perf_counter()
    with clinic.database.begin() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            copy.write(block)
    return time.perf_counter() - begun


def resident() -> float:
    """Megabytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
