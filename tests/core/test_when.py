"""When a step's text goes out: delays, wall-clock times across a change of clocks, weekends."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.core.journey import Enrollment, Sends
from bot.core.when import due_at

LOOP = Enrollment("E", "x", "P", "S", "asked", data={"days": "3"})
CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("sends", "now", "expected"),
    [
        (Sends(), "2026-11-23T15:00", "2026-11-23T15:00"),
        (Sends(after=timedelta(hours=2)), "2026-11-23T15:00", "2026-11-23T17:00"),
        (Sends(at=time(10)), "2026-11-23T15:00", "2026-11-23T16:00"),
        (Sends(at=time(10)), "2026-11-23T16:30", "2026-11-24T16:00"),
        (Sends(at=time(10), weekdays=True), "2026-11-27T17:00", "2026-11-30T16:00"),
        (Sends(after=lambda loop: timedelta(days=int(loop.data["days"]))), "2026-11-23T15:00", "2026-11-26T15:00"),
        # The clocks go back on 1 November: ten o'clock stays ten o'clock.
        (Sends(at=time(10)), "2026-10-31T16:00", "2026-11-01T16:00"),
        (Sends(after=timedelta(days=1), at=time(10)), "2026-10-30T15:00", "2026-10-31T15:00"),
    ],
)
def test_when(sends: Sends, now: str, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert due_at(sends, LOOP, CHICAGO, moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
