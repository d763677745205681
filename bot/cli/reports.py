"""`bot reports`: the night's figures worked out by hand, shown, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from bot.cli import start
from bot.core.reports import Measure, Unit
from bot.services.reporting import reading, sheet
from bot.services.reporting import roll_up as night
from bot.services.reporting.reading import Asked, Line

if TYPE_CHECKING:
    from sqlalchemy import Connection

FIRST: Final = date(2000, 1, 1)
USUAL: Final = 30
UNITS: Final = {Unit.PER_THOUSAND: " per 1,000", Unit.DAYS: " days", Unit.MINUTES: " min"}


@click.group()
def reports() -> None:
    """Figures: how many were reached, came, answered, were helped in time."""


def _narrowing(command: Any) -> Any:
    """The options that say of when and of whom."""
    for option in (
        click.option("--language", metavar="TAG", help="Only patients who read this language, such as es."),
        click.option("--location", metavar="NAME", help="Only what belongs to this location."),
        click.option("--days", metavar="N", default=USUAL, show_default=True, type=click.IntRange(1, 400),
                     help="Up to today, so many days."),
    ):  # fmt: skip
        command = option(command)
    return command


@reports.command("roll-up")
@click.option("--since", metavar="DATE", help="Also all days from that one on, whether they are due or not.")
def roll_up(since: str | None) -> None:
    """Work out what the scheduler would tonight. Harmless at any time: what is there is replaced."""
    day = _day(since, "--since") if since else None
    clinic = start.clinic()
    with start.plainly():
        done = night.run_all(clinic, since=day)
    click.echo(f"days and months worked out: {done}")


@reports.command()
@_narrowing
def show(days: int, location: str | None, language: str | None) -> None:
    """Print every measure with its definition."""
    with _reading(days, location, language) as (connection, asked):
        lines = reading.overview(connection, asked)
    click.echo(f"{asked.first} to {asked.last}; groups of fewer than 11 people are not shown")
    for line in lines:
        click.echo(f"\n{line.measure.title}: {_told(line)}\n  {line.measure.definition}")


@reports.command("csv")
@click.argument("measure", required=False)
@_narrowing
def as_csv(measure: str | None, days: int, location: str | None, language: str | None) -> None:
    """Write a CSV file to stdout: of all measures, or of one by all its groups."""
    if measure is not None and measure not in reading.SHOWN:
        raise click.BadParameter(f"one of {', '.join(reading.SHOWN)}", param_hint="MEASURE")
    with _reading(days, location, language) as (connection, asked):
        if measure is None:
            rows = sheet.of_lines(reading.overview(connection, asked), asked)
        else:
            rows = sheet.of_detail(reading.detail(connection, measure, asked), asked)
    click.echo("".join(rows), nl=False)


@contextmanager
def _reading(days: int, location: str | None, language: str | None) -> Iterator[tuple[Connection, Asked]]:
    clinic = start.clinic()
    last = night.today_of(clinic, clinic.clock())
    asked = Asked(first=last - timedelta(days=days - 1), last=last, location=location, language=language)
    with start.plainly(), clinic.database.read() as connection:
        yield connection, asked


def _told(line: Line) -> str:
    if line.now.is_hidden:
        return "too few people to show"
    if line.now.value is None:
        return "nothing to tell of"
    if line.measure.unit is Unit.COUNT:
        return f"{line.now.numerator:,}"
    timed = line.measure.unit in (Unit.MINUTES, Unit.DAYS)
    count = "" if timed else f"{line.now.numerator:,} {line.measure.numerator}, "
    return f"{_value(line.measure, line.now.value)} ({count}of {line.now.denominator:,} {line.measure.denominator})"


def _value(measure: Measure, value: float) -> str:
    return f"{100 * value:.1f} %" if measure.unit is Unit.SHARE else f"{value:.2f}{UNITS.get(measure.unit, '')}"


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a date, such as 2026-12-01", param_hint=option) from None
    if day < FIRST:
        raise click.BadParameter("a day since 2000", param_hint=option)
    return day
