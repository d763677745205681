"""`bot export`: what patients answered, for other systems."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from bot.cli import start
from bot.services.exporting import findings


@click.group()
def export() -> None:
    """Data for other systems. Each export stands in the audit trail."""


@export.command()
@click.option("--since", default=None, help="Only what was answered since then (ISO 8601, local to the clinic).")
def fhir(since: str | None) -> None:
    """Print findings as FHIR R4 (Observation, QuestionnaireResponse), one resource a line."""
    clinic = start.clinic()
    moment = None
    if since is not None:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError:
            raise click.UsageError(f"{since!r} is no time: write it as 2026-03-31 or 2026-03-31T14:30") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(clinic.settings.clinic_timezone))
        moment = moment.astimezone(UTC)
    with start.plainly():
        for resource in findings(clinic, since=moment, actor="cli", now=clinic.clock()):
            click.echo(json.dumps(resource, ensure_ascii=False))
