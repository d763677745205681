"""`bot plan`: what the scheduler does by itself, once and now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from bot.cli import start
from bot.services.plan import plan_due

if TYPE_CHECKING:
    from bot.services.clinic import Clinic

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2199


@click.command()
@click.option("--at", metavar="ISO", help="Plan as if it were then; without an offset, the clinic's local time.")
def plan(at: str | None) -> None:
    """Plan and queue all outreach that is due. Whether a message goes out is decided when it is sent."""
    moment = _parsed(at)
    clinic = start.clinic()
    with start.plainly():
        counts = plan_due(clinic, at=_aware(moment, clinic))
    click.echo(
        f"visits planned: {counts.visits}, contacts planned: {counts.touches}, "
        f"messages queued: {counts.messages}, skipped: {counts.skipped}"
    )
    if counts.failed:
        start.fail(f"{counts.failed} could not be planned; the log says which.")


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
