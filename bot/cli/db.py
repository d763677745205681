"""`bot db`: the schema of the database."""

from __future__ import annotations

import click
from alembic.util import CommandError
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.cli import start
from bot.store import migrations


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Apply every migration that is missing."""
    settings = start.settings()
    try:
        with start.plainly():
            migrations.upgrade(settings.database_url)
    except (OperationalError, InterfaceError):
        start.fail("The database does not answer: look at DATABASE_URL and whether its server runs.")
    except CommandError:
        start.fail("The database has a schema that this version does not know: it was upgraded by a newer one.")
    click.echo("The database has the newest schema.")
