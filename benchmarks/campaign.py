"""A campaign without the wire: made, forecast and let go, in patients/s, and the memory that it takes.

Run: python -m benchmarks.campaign [--patients N] [--database-url URL]   (an embedded PostgreSQL without a URL)
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.clinic import bench_clinic, fill, postgres
from bot import clock
from bot.core.campaigns import SLOT, slot_of
from bot.core.fuses import Limit
from bot.services.campaigns import making, running
from bot.services.campaigns.forecast import dry_run
from bot.services.campaigns.making import ArmText, Draft, Made
from bot.services.campaigns.release import release
from bot.services.clinic import Clinic
from bot.services.limits import set_limit
from bot.store.queries import campaigns as queries
from bot.store.queries import forecasts
from bot.store.tables import Message

FAST = 1_000.0
"""Segments a second: so fast a sender that the work itself is what is measured."""


def main() -> None:
    """Print the three rates, and that the run brought what the forecast said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--database-url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.database_url:
            measure(bench_clinic(options.database_url), options.patients)
        else:
            with postgres(Path(folder)) as url:
                measure(bench_clinic(url), options.patients)


def measure(clinic: Clinic, patients: int) -> None:
    """Fill, make, forecast, let go."""
    now = slot_of(clock.now()) + SLOT
    at = [now]
    settings = clinic.settings.model_copy(update={"send_rate": FAST})
    clinic = replace(clinic, settings=settings, clock=lambda: at[0])
    fill(clinic, patients, starts_in=timedelta(days=90))
    print(f"memory with {patients:,} patients filled  {_memory():6,.0f} MB")
    made = _timed("made", patients, lambda: _make(clinic, patients))
    forecast_id = _timed("forecast", patients, lambda: _forecast(clinic, made))
    print(f"memory after the forecast  {_memory():6,.0f} MB")
    set_limit(clinic, Limit.APPROVAL_SIZE, patients, actor_id="bench", now=now)
    assert running.start(clinic, made, actor_id="bench", now=now) is None
    _timed("let go", patients, lambda: _let_go(clinic, made, at))
    print(f"memory at the end  {_memory():6,.0f} MB")
    with clinic.database.read() as connection:
        went = connection.execute(select(func.count()).where(Message.campaign_id == made)).scalar_one()
        row = forecasts.one(connection, forecast_id)
    assert row is not None
    print(f"forecast {row.summary['messages']:,} texts, let go {went:,}")
    assert row.summary["messages"] == went == patients


def _make(clinic: Clinic, patients: int) -> str:
    draft = Draft(name="Bench", arms=[ArmText(name="all", text_key="recall/invite")])
    made = making.create(
        clinic, draft, (f"P{number}" for number in range(patients)), actor_id="bench", now=clinic.clock()
    )
    assert isinstance(made, Made), made
    return made.campaign_id


def _forecast(clinic: Clinic, campaign_id: str) -> str:
    found = dry_run(clinic, campaign_id, days=7, actor_id="bench", now=clinic.clock(), at_once=True)
    assert found is not None
    return found


def _let_go(clinic: Clinic, campaign_id: str, at: list[datetime]) -> str:
    while True:
        while release(clinic, clinic.clock())["looked"]:
            pass
        with clinic.database.read() as connection:
            if not queries.anybody_waits(connection, campaign_id):
                return campaign_id
        at[0] = slot_of(clinic.clock()) + SLOT


def _timed(what: str, patients: int, work: Callable[[], str]) -> str:
    begun, worked = time.perf_counter(), time.process_time()
    found = work()
    spent, own = time.perf_counter() - begun, time.process_time() - worked
    print(f"{what:<10} {patients / spent:10,.0f} patients/s, {own / patients * 1000:.2f} ms of processor time each")
    return found


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
