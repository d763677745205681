"""`bot keys`: field-encryption keys, made and rotated."""

from __future__ import annotations

import base64
import secrets
import sys

import click

from bot.cli import start
from bot.services import rotate as service

SHOWN = 20


@click.group()
def keys() -> None:
    """Field-encryption keys (DATA_KEYS)."""


@keys.command()
def new() -> None:
    """Print one new key for DATA_KEYS. It is kept nowhere else: lose it and what it sealed is lost."""
    click.echo(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


@keys.command()
def rotate() -> None:
    """Bring everything under the first of DATA_KEYS. May be stopped at any moment and run again."""
    clinic = start.clinic()
    resealed, unreadable = 0, list[str]()
    with start.plainly():
        total = service.rows_to_look_at(clinic)
        with click.progressbar(length=total, label="Rotating", file=sys.stderr) as bar:
            for step in service.rotate(clinic):
                resealed += step.resealed
                unreadable += step.unreadable
                bar.update(step.rows)
    click.echo(f"Resealed under the newest key: {resealed}")
    if unreadable:
        more = [f"… and {len(unreadable) - SHOWN} more"] if len(unreadable) > SHOWN else []
        start.fail(*unreadable[:SHOWN], *more, "Keep the older keys: these values were not resealed.")
    click.echo("The older keys may be taken out of DATA_KEYS.")


@keys.command("index-names")
def index_names() -> None:
    """Make patients findable by words of their names who came in before search could. May be run again."""
    clinic, mended = start.clinic(), 0
    with start.plainly():
        for _rows, done in service.index_names(clinic):
            mended += done
    click.echo(f"Patients made findable: {mended}")
