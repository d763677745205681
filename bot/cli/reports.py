"""`bot reports`: the night's figures worked out by hand, shown, and as a file."""

from __future__ import annotations

from datetime import date

import click

from bot.cli import start
from bot.services.reporting import roll_up as night

FIRST = date(2000, 1, 1)


@click.group()
def reports() -> None:
    """Figures: how many were reached, came, answered, were helped in time."""


@reports.command("roll-up")
@click.option("--since", metavar="DATE", help="Also all days from that one on, whether they are due or not.")
def roll_up(since: str | None) -> None:
    """Work out what the scheduler would tonight. Harmless at any time: what is there is replaced."""
    day = _day(since, "--since") if since else None
    clinic = start.clinic()
    with start.plainly():
        done = night.run_all(clinic, since=day)
    click.echo(f"days and months worked out: {done}")


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a date, such as 2026-12-01", param_hint=option) from None
    if day < FIRST:
        raise click.BadParameter("a day since 2000", param_hint=option)
    return day
