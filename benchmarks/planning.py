"""Planning rate: visits → touches → rendered, sealed, counted messages, in rows/s beside a bulk insert of ready rows.

Run: python -m benchmarks.planning [--rows N] [--database-url URL]   (an embedded PostgreSQL without a URL)
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from benchmarks.clinic import bench_clinic, fill, postgres
from bot import clock
from bot.core.messages import Origin
from bot.services.clinic import Clinic
from bot.services.outbox import Draft, row_of
from bot.services.plan import plan_due
from bot.store.columns import new_id
from bot.store.tables import ContactPoint, Conversation, Message

CHUNK = 500


def main() -> None:
    """Print the planning rate, the floor, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--database-url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.database_url:
            measure(bench_clinic(options.database_url), options.rows)
        else:
            with postgres(Path(folder)) as url:
                measure(bench_clinic(url), options.rows)


def measure(clinic: Clinic, rows: int) -> None:
    """Fill, plan, and compare with inserting the same rows ready-made."""
    now = clock.now()
    fill(clinic, rows, starts_in=timedelta(hours=23))
    begun = time.perf_counter()
    counts = plan_due(clinic, at=now)
    planning = rows / (time.perf_counter() - begun)
    assert counts.messages == rows, counts
    floor = _floor(clinic, rows)
    print(f"planned and written  {planning:10,.0f} rows/s")
    print(f"bulk insert, ready   {floor:10,.0f} rows/s")
    print(f"ratio                {planning / floor:10.2f}")


def _floor(clinic: Clinic, rows: int) -> float:
    now = clock.now()
    with clinic.database.begin() as connection:
        contact, conversation = connection.execute(
            select(ContactPoint.id, Conversation.id)
            .join(Conversation, Conversation.contact_point_id == ContactPoint.id)
            .limit(1)
        ).one()
    draft = Draft(
        conversation_id=conversation,
        contact_point_id=contact,
        body="x" * 150,
        kind="bench/floor",
        origin=Origin.OUTREACH,
    )
    ready = [dict(row_of(draft, vault=clinic.vault, now=now, message_id=new_id())) for _ in range(rows)]
    begun = time.perf_counter()
    for start in range(0, rows, CHUNK):
        with clinic.database.begin() as connection:
            connection.execute(insert(Message.__table__), ready[start : start + CHUNK])  # type: ignore[arg-type]
    spent = time.perf_counter() - begun
    with clinic.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(Message)).scalar_one() >= rows
    return rows / spent


if __name__ == "__main__":
    main()
