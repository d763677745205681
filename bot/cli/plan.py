"""`bot plan`: what the scheduler does by itself, once and now."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, TextIO
from zoneinfo import ZoneInfo

import click

from bot.cli import start
from bot.services.plan import plan_due

if TYPE_CHECKING:
    from bot.services.clinic import Clinic

MOMENT: Final = 0.5
WIPE: Final = "\r\033[K"
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2199


@click.command()
@click.option("--at", metavar="ISO", help="Plan as if it were then; without an offset, the clinic's local time.")
def plan(at: str | None) -> None:
    """Plan and queue all outreach that is due. Whether a message goes out is decided when it is sent."""
    moment = _parsed(at)
    clinic = start.clinic()
    with start.plainly(), Progress(sys.stderr) as progress:
        counts = plan_due(clinic, at=_aware(moment, clinic), told=progress.told)
    click.echo(
        f"visits planned: {counts.visits}, contacts planned: {counts.touches}, "
        f"messages queued: {counts.messages}, skipped: {counts.skipped}"
    )
    if counts.faults:
        click.echo(f"Faults in the wording of texts: {counts.faults}; the log names them.", err=True)
    if counts.failed:
        start.fail(f"{counts.failed} could not be planned; the log says which.")


class Progress:
    """How far planning is: on a terminal one line that is written over, elsewhere nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = self._shown = time.monotonic()

    def __enter__(self) -> Progress:
        """Nothing is shown before the first moment is over."""
        return self

    def told(self, counts: Mapping[str, int]) -> None:
        """After each batch; what follows soon after is not shown."""
        now = time.monotonic()
        if not self._stream.isatty() or now - self._shown < MOMENT:
            return
        self._shown = now
        done = counts.get("visits", 0) + counts.get("messages", 0)
        line = f"visits: {counts.get('visits', 0):,}, messages: {counts.get('messages', 0):,}"
        self._stream.write(f"{WIPE}{line} ({done / (now - self._begun):,.0f} a second)")
        self._stream.flush()

    def __exit__(self, *_error: object) -> None:
        """The line makes room for the result."""
        if self._shown != self._begun:
            self._stream.write(WIPE)
            self._stream.flush()


def _parsed(at: str | None) -> datetime | None:
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise click.BadParameter("write an ISO time, such as 2026-12-01T09:00", param_hint="--at") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:  # days are counted from it in both directions
        raise click.BadParameter(f"a year from {FIRST_YEAR} to {LAST_YEAR}", param_hint="--at")
    return moment


def _aware(moment: datetime | None, clinic: Clinic) -> datetime:
    if moment is None:
        return clinic.clock()
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(clinic.settings.clinic_timezone))
