"""The scheduler's round beside 100,000 open loops: what each part of it takes, and what it reads through.

Run: python -m benchmarks.loops [--loops N] [--rounds N] [--database-url URL]   (an embedded PostgreSQL without a URL)

The clinic has as many patients as open loops, three visits for each, and as many loops that have ended. Nothing is due:
what is measured is what the scheduler does once a second all day long, without the nightly figures, which have years to
catch up with here. The floor is a round that looks as often and finds nothing to read: as many `SELECT 1`, in as many
transactions. A look for new loops, which comes once a minute, is measured by itself.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import structlog
from sqlalchemy import event, text

from benchmarks.clinic import bench_clinic, postgres
from benchmarks.copying import Row, copy
from benchmarks.large import Size, fill_large
from bot import clock
from bot.cli.scheduler import ROUND, run_next
from bot.core.journey import TouchState
from bot.services.clinic import Clinic
from bot.services.loops import feeding
from bot.store import tables
from bot.store.columns import Table
from bot.store.database import Database

MIX: Final = (("recall", 60), ("referral", 20), ("medication", 10), ("transition", 5), ("transition_contact", 5))
"""Of a hundred open loops, so many are of each journey."""
STEPS: Final = {
    "recall": "asked", "referral": "scheduled", "medication": "due", "transition": "day2",
    "transition_contact": "call",
}  # fmt: skip
MEASURES: Final = ("a1c", "mammogram", "colon", "blood-pressure")
READS_THROUGH: Final = 5_000
"""A table of which more rows than that are read through in one round is named."""


def main() -> None:
    """Fill, and print what a round takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--loops", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--database-url", help="an empty database of your own")
    options = parser.parse_args()
    if options.database_url:
        measure(bench_clinic(options.database_url), options.loops, options.rounds)
        return
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder)) as url:
        measure(bench_clinic(url), options.loops, options.rounds)


def measure(clinic: Clinic, loops: int, rounds: int) -> None:
    """One clinic."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    fill(clinic, loops, clock.now())
    for _ in range(2):  # What the filling left to do, and what is compiled once.
        _round(clinic, Counter())
    spent: Counter[str] = Counter()
    whole = []
    before = read_through(clinic)
    with counted(clinic.database) as count:
        for _ in range(rounds):
            begun = time.perf_counter()
            _round(clinic, spent)
            whole.append(time.perf_counter() - begun)
    after = read_through(clinic)
    queries, transactions = count["queries"] // rounds, count["transactions"] // rounds
    floor = statistics.median(_floor(clinic, queries, transactions) for _ in range(rounds))
    took = statistics.median(whole)
    print(f"round with {loops:,} open loops  {1000 * took:8,.1f} ms, {queries} queries in {transactions} transactions")
    print(f"floor, as many SELECT 1     {1000 * floor:8,.1f} ms")
    print(f"of the floor                {took / floor:8,.1f}")
    for name, seconds in spent.most_common(8):
        print(f"  {name:<26} {1000 * seconds / rounds:8,.1f} ms")
    for name, seconds in _feeds(clinic).most_common():
        print(f"  feed {name:<21} {1000 * seconds:8,.1f} ms")
    for name in sorted(after):
        rows = (after[name] - before.get(name, 0)) // rounds
        if rows > READS_THROUGH:
            print(f"  reads through {name}: {rows:,} rows a round")


def _round(clinic: Clinic, spent: Counter[str]) -> None:
    now = clinic.clock()
    for part in ROUND:
        if part is run_next:
            continue
        begun = time.perf_counter()
        part(clinic, now)
        spent[part.__name__] += time.perf_counter() - begun  # type: ignore[assignment]


def _feeds(clinic: Clinic) -> Counter[str]:
    """Seconds of one look of each feeder and follower."""
    spent: Counter[str] = Counter()
    now = clinic.clock()
    looks: tuple[Callable[..., Any], ...] = (*feeding.FOLLOWERS, *feeding.FEEDERS)
    for look in looks:
        with clinic.database.begin() as connection:
            begun = time.perf_counter()
            look(connection, clinic, now)
            spent[look.__name__] += time.perf_counter() - begun  # type: ignore[assignment]
            connection.rollback()
    return spent


def _floor(clinic: Clinic, queries: int, transactions: int) -> float:
    begun = time.perf_counter()
    for number in range(transactions):
        with clinic.database.begin() as connection:
            for _ in range(queries // transactions + (number < queries % transactions)):
                connection.execute(ONE)
    return time.perf_counter() - begun


ONE: Final = text("SELECT 1")
_READ: Final = text("SELECT relname, seq_tup_read FROM pg_stat_user_tables")


def read_through(clinic: Clinic) -> dict[str, int]:
    """Rows that have been read without an index, by table, so far."""
    clinic.database.dispose()  # A connection tells of its own when it is closed.
    time.sleep(1.0)
    with clinic.database.read() as connection:
        return {row.relname: int(row.seq_tup_read) for row in connection.execute(_READ)}


@contextmanager
def counted(database: Database) -> Iterator[Counter[str]]:
    """Queries and transactions while the block runs."""
    count: Counter[str] = Counter()

    def query(*_: Any) -> None:
        count["queries"] += 1

    def transaction(*_: Any) -> None:
        count["transactions"] += 1

    event.listen(database.engine, "before_cursor_execute", query)
    event.listen(database.engine, "begin", transaction)
    try:
        yield count
    finally:
        event.remove(database.engine, "before_cursor_execute", query)
        event.remove(database.engine, "begin", transaction)


def fill(clinic: Clinic, loops: int, now: datetime) -> None:
    """Patients and visits, the rows of the clinic's files, and the loops that they have opened."""
    fill_large(clinic, Size(patients=loops, messages=loops, visits=3 * loops, escalations=loops // 5), now)
    made = _Made(loops, now)
    url = clinic.settings.database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for table, rows in made.everything():
            copy(connection, table, rows)
        connection.execute("VACUUM (ANALYZE)")


class _Made:
    """The rows, worked out from numbers."""

    def __init__(self, loops: int, now: datetime) -> None:
        self.loops, self.now = loops, now
        self.today = now.date()
        self._kinds = [name for name, share in MIX for _ in range(share)]

    def everything(self) -> Iterator[tuple[type[Table], Iterator[Row]]]:
        """Table by table."""
        yield tables.Recall, self._recalls()
        yield tables.Referral, self._referrals()
        yield tables.Refill, self._refills()
        yield tables.Discharge, self._discharges()
        yield tables.Enrollment, self._enrollments()
        yield tables.Touch, self._touches()

    def _of(self, journey: str) -> Iterator[int]:
        return (n for n in range(self.loops) if self._kinds[n * 37 % 100] == journey)

    def _told(self, days: int = 20) -> Row:
        return {"created_at": self.now - timedelta(days=days), "updated_at": self.now - timedelta(days=days)}

    def _recalls(self) -> Iterator[Row]:
        """Of open loops, of ended ones, a second gap of some who are being asked, and what falls due later."""
        for n in self._of("recall"):
            yield self._recall(f"R{n}", n, "due", self.today - timedelta(days=n % 30))
            if n % 6 == 0:
                yield self._recall(f"S{n}", n, "due", self.today, other=1)
        for n in range(self.loops):
            yield self._recall(f"E{n}", n, "done", self.today - timedelta(days=200))
            yield self._recall(f"L{n}", n, "due", self.today + timedelta(days=60 + n % 200))

    def _recall(self, recall_id: str, n: int, status: str, due: date, *, other: int = 0) -> Row:
        return {
            "recall_id": recall_id, "patient_id": f"P{n}", "measure": MEASURES[(n + other) % 4], "due_date": due,
            "status": status, "extra": "{}", **self._told(),
        }  # fmt: skip

    def _referrals(self) -> Iterator[Row]:
        for n in range(self.loops):
            is_open = self._kinds[n * 37 % 100] == "referral"
            yield {
                "referral_id": f"F{n}", "patient_id": f"P{n}", "specialty": "Cardiology",
                "status": "active" if is_open else "completed", "stage": "scheduled" if is_open else "closed",
                "requested_on": self.today - timedelta(days=30 if is_open else 150), **self._told(),
            }  # fmt: skip

    def _refills(self) -> Iterator[Row]:
        for n in range(self.loops):
            is_open = self._kinds[n * 37 % 100] == "medication"
            days = 2 if is_open else 90
            yield {
                "refill_id": f"M{n}", "patient_id": f"P{n}", "due_on": self.today - timedelta(days=days),
                "stage": "due" if is_open else "picked-up", **self._told(),
            }  # fmt: skip

    def _discharges(self) -> Iterator[Row]:
        for n in range(self.loops):
            is_open = self._kinds[n * 37 % 100].startswith("transition")
            days = 5 if is_open else 100
            yield {
                "discharge_id": f"D{n}", "patient_id": f"P{n}", "discharged_at": self.now - timedelta(days=days),
                **self._told(days),
            }  # fmt: skip

    def _enrollments(self) -> Iterator[Row]:
        marks = {"recall": "R", "referral": "F", "medication": "M", "transition": "D", "transition_contact": "D"}
        for n in range(self.loops):
            journey = self._kinds[n * 37 % 100]
            for name in ("transition", "transition_contact") if journey.startswith("transition") else (journey,):
                yield self._enrollment(_loop(name, n), n, name, f"{marks[name]}{n}", ended=False)
            yield self._enrollment(f"e{n}", n, "recall", f"E{n}", ended=True)

    def _enrollment(self, loop: str, n: int, journey: str, subject: str, *, ended: bool) -> Row:
        at = self.now - timedelta(days=200 if ended else 10)
        return {
            "id": loop, "journey": journey, "patient_id": f"P{n}", "subject_id": subject,
            "step": "END" if ended else STEPS[journey], "kind": MEASURES[n % 4] if journey == "recall" else "",
            "data": json.dumps({"stage": "scheduled"} if journey == "referral" else {}),
            "wake_at": None if ended else self.now + timedelta(days=2, seconds=n % 86_400),
            "office_step": "call" if journey == "transition_contact" else None,
            "office_due_at": self.now + timedelta(days=1) if journey == "transition_contact" else None,
            "ended_at": self.now - timedelta(days=150) if ended else None, "outcome": "done" if ended else None,
            "created_at": at, "updated_at": at,
        }  # fmt: skip

    def _touches(self) -> Iterator[Row]:
        """One that has gone out for each recall, and one that is planned."""
        for n in self._of("recall"):
            loop = _loop("recall", n)
            for state, days in ((TouchState.QUEUED, -10), (TouchState.PLANNED, 4)):
                yield {
                    "id": f"{state[:1]}{n}", "key": f"recall:{loop}:{days}", "journey": "recall", "step": "asked",
                    "patient_id": f"P{n}", "subject_id": loop, "subject_version": 1,
                    "due_at": self.now + timedelta(days=days), "expires_at": self.now + timedelta(days=days + 2),
                    "state": state, **self._told(),
                }  # fmt: skip


def _loop(journey: str, n: int) -> str:
    return f"o{journey[:3]}{journey[-3:]}{n}"


if __name__ == "__main__":
    main()
