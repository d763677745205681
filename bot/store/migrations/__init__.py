"""Schema migrations: `upgrade` brings a database to the newest schema, `pending` says whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.store.database import Database

HERE = Path(__file__).parent
ONE_AT_A_TIME = 8_437_201
"""PostgreSQL's advisory lock that is held while migrations run; any number does that nobody else uses."""


def configuration(database_url: str) -> Config:
    """Alembic's configuration, without an ini file; the scripts travel inside the package."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Apply every migration that is missing."""
    command.upgrade(configuration(database_url), "head")


def pending(database: Database) -> bool:
    """Whether the database lacks a migration of this version of the program."""
    head = ScriptDirectory(str(HERE)).get_current_head()
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() != head
