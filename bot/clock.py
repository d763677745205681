"""The one place where the wall clock is read, from the process, so that tests and the demo can move it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

CLOCK_FILE = "BOT_CLOCK_FILE"
"""Names a file with `{"real": ISO, "shown": ISO, "rate": n}`: the demo's fast clock, shared by its processes."""


def now() -> datetime:
    """The time, aware, UTC."""
    real = datetime.now(UTC)
    path = os.environ.get(CLOCK_FILE)
    if not path:
        return real
    # Re-read only when the file has changed; the demo's page changes the rate while everything runs.
    anchor_real, anchor_shown, rate = _anchor(path, Path(path).stat().st_mtime_ns)
    return anchor_shown + (real - anchor_real) * rate


def on_the_wall(shown: datetime) -> datetime:
    """The real time for what `now()` shows: the same, but where the demo's clock runs fast.

    For what is measured at the pace of the people at their keyboards: how long somebody is idle, a code of an app.
    """
    path = os.environ.get(CLOCK_FILE)
    if not path:
        return shown
    anchor_real, anchor_shown, rate = _anchor(path, Path(path).stat().st_mtime_ns)
    return anchor_real + (shown - anchor_shown) / rate


def real_seconds(seconds: float) -> float:
    """How long to wait by the process's own clock for that many seconds of `now()` to pass, at least 0.05."""
    path = os.environ.get(CLOCK_FILE)
    if not path:
        return seconds
    return max(seconds / _anchor(path, Path(path).stat().st_mtime_ns)[2], 0.05)


@lru_cache(maxsize=2)
def _anchor(path: str, _stamp: int) -> tuple[datetime, datetime, float]:
    data = json.loads(Path(path).read_text())
    return datetime.fromisoformat(data["real"]), datetime.fromisoformat(data["shown"]), float(data["rate"])


def write_anchor(path: Path, *, shown: datetime, rate: float) -> None:
    """Make every process that reads this clock file show `shown` from now on, running `rate` times as fast."""
    temporary = path.with_suffix(".new")
    body = {"real": datetime.now(UTC).isoformat(), "shown": shown.isoformat(), "rate": rate}
    temporary.write_text(json.dumps(body))
    temporary.replace(path)
