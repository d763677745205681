"""`bot waitlist`: put a time that has come free on offer, and see what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from bot.cli import start
from bot.services.waitlist import LEAST_NOTICE, Freed, put_on_offer
from bot.store.tables import Slot


@click.group()
def waitlist() -> None:
    """Times that come free, offered to those who wait."""


@waitlist.command()
@click.argument("starts_at")
@click.option("--service", required=True, help="As the waitlist and the visits call it.")
@click.option("--location", default="", help="As the visits call it.")
def free(starts_at: str, service: str, location: str) -> None:
    """Put STARTS_AT (ISO 8601; local to the clinic where it has no offset) on offer."""
    clinic = start.clinic()
    zone = clinic.settings.clinic_timezone
    try:
        moment = datetime.fromisoformat(starts_at)
    except ValueError:
        raise click.UsageError(f"{starts_at!r} is no time: write it as 2026-03-31T14:30") from None
    at = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    now = clinic.clock()
    if at - now < LEAST_NOTICE:
        start.fail(f"{starts_at} is less than {LEAST_NOTICE.seconds // 3600} hours ahead: too near to offer.")
    freed = Freed(starts_at=at, timezone=zone, service=service, location=location)
    click.echo(put_on_offer(clinic, freed, actor="cli", now=now))


@waitlist.command("list")
def list_() -> None:
    """Times on offer or taken, the soonest first."""
    clinic = start.clinic()
    with clinic.database.read() as connection:
        query = select(Slot.__table__).where(Slot.starts_at > clinic.clock()).order_by(Slot.starts_at).limit(200)
        rows = connection.execute(query).all()
    for row in rows:
        local = row.starts_at.astimezone(ZoneInfo(row.timezone))
        place = f" at {row.location}" if row.location else ""
        click.echo(f"{row.id}  {local:%Y-%m-%d %H:%M}  {row.service}{place}  {row.status}, {row.waves} waves")
