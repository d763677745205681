"""`bot journeys`: draw a journey, or look for what is wrong with one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from bot.core.inspect import faults, mermaid
from bot.core.people import AppointmentStatus, Participation, Visit
from bot.journeys import discover

SAMPLE = Visit(
    appointment_id="sample",
    patient_id="sample",
    starts_at=datetime(2030, 1, 1, 15, 0, tzinfo=UTC),
    timezone="UTC",
    status=AppointmentStatus.BOOKED,
    response=Participation.NEEDS_ACTION,
)


@click.group()
def journeys() -> None:
    """Draw journeys and look for what is wrong with them."""


@journeys.command()
@click.argument("names", nargs=-1)
def draw(names: tuple[str, ...]) -> None:
    """Print journeys (all of them without NAMES) as Mermaid state diagrams."""
    for name in _chosen(names):
        click.echo(f"%% {name}\n{mermaid(discover()[name], SAMPLE)}\n")


@journeys.command()
@click.argument("names", nargs=-1)
def inspect(names: tuple[str, ...]) -> None:
    """Print what is wrong with journeys, a line each; exit status 1 if anything is."""
    # Here and not above: drawing needs no catalogue.
    from bot.runtime import text_keys

    keys = text_keys()
    found = [line for name in _chosen(names) for line in faults(discover()[name], keys, SAMPLE)]
    for line in found:
        click.echo(line, err=True)
    sys.exit(1 if found else 0)


def _chosen(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in discover()]
    if unknown:
        raise click.UsageError(f"no journey is called {', '.join(unknown)}; there are {', '.join(sorted(discover()))}")
    return names or tuple(sorted(discover()))
