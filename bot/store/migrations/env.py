"""Alembic's environment: runs the migrations against the URL it is given."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text

from bot.store.columns import UtcDateTime, Word
from bot.store.database import open_database
from bot.store.migrations import ONE_AT_A_TIME
from bot.store.tables import Table


def render(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """Write our column types as the plain ones they are stored as, so that old migrations need no code of ours."""
    if kind == "type" and isinstance(thing, Word):
        return f"sa.String(length={thing.length})"
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run the migrations on a connection of our own making, so that SQLite's pragmas hold here as well."""
    database = open_database(context.config.attributes["database_url"])
    with database.engine.connect() as connection:
        _wait_for_others(connection)
        context.configure(
            connection=connection,
            target_metadata=Table.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            render_item=render,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    database.dispose()


def _wait_for_others(connection: Connection) -> None:
    """Two releases at once go one after the other. SQLite has but one writer; the lock here ends with the commit."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
        connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


run()
