"""`bot corrections`: what coordinators said that texts meant, as labelled lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from bot.cli import start
from bot.services.corrections import export as labelled


@click.group()
def corrections() -> None:
    """Texts that a person read otherwise than the bot did."""


@corrections.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only those corrected on that day (UTC) or later.")
def export(since: datetime | None) -> None:
    """Write them as labelled JSON lines, the form that `bot evaluate` reads.

    They hold patients' own words: keep the file as you keep a chart, and take names out of what you pass on.
    """
    clinic = start.clinic()
    day = since.replace(tzinfo=UTC) if since is not None else None
    count = 0
    with start.plainly():
        for line in labelled(clinic, since=day, now=clinic.clock()):
            click.echo(json.dumps(line, ensure_ascii=False))
            count += 1
    click.echo(f"{count} corrected texts. They are patients' own words: keep them as you keep a chart.", err=True)
