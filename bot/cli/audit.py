"""`bot audit`: whether the audit trail is whole."""

from __future__ import annotations

import click

from bot.cli import start
from bot.services.audit import first_broken


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
def verify() -> None:
    """Follow the chain of digests from the first line to the last."""
    clinic = start.clinic()
    with start.plainly(), clinic.database.read() as connection:
        broken = first_broken(connection)
    if broken is not None:
        start.fail(f"Line {broken} does not follow from the one before: it, or an earlier one, was changed or removed.")
    click.echo("The audit trail is whole.")
