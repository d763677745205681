"""How every command begins: the clinic built from settings, and failures told in one plain line each."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click
from sqlalchemy.exc import DatabaseError

from bot.config import Settings, SettingsError, load
from bot.store.database import DatabaseDown

if TYPE_CHECKING:
    from bot.services.clinic import Clinic

NO_DATABASE = ("file is not a database", "file is encrypted")
NO_TABLES = ("no such table", "no such column", "UndefinedTable", "UndefinedColumn")


def settings() -> Settings:
    """The settings; ends the command with one line for each that is missing or malformed."""
    try:
        return load()
    except SettingsError as error:
        fail(*error.faults)


def clinic() -> Clinic:
    """The clinic, built from the environment and closed with the command; one line for each wrong setting ends it."""
    values = settings()
    # The driver tells of a pipeline that a refused row cut short; the rows are tried again, and that is all it means.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    # Here and not above: the runtime brings in every catalogue and gateway, which `--help` need not wait for.
    from bot.runtime import build_clinic

    built = build_clinic(values)
    if context := click.get_current_context(silent=True):
        context.call_on_close(built.database.dispose)
    return built


def fail(*lines: str) -> NoReturn:
    """End the command: these lines on stderr, exit status 1."""
    for line in lines:
        click.echo(line, err=True)
    sys.exit(1)


@contextmanager
def plainly() -> Iterator[None]:
    """Tell a database that is down or has no tables in one line, instead of a traceback."""
    try:
        yield
    except (DatabaseDown, DatabaseError) as error:
        cause = error.__cause__ if isinstance(error, DatabaseDown) else error
        # Only what kind of failure it was: the driver's own words may quote the values of the statement.
        words = f"{type(getattr(cause, 'orig', None)).__name__} {getattr(cause, 'orig', '')}"
        if any(sign in words for sign in NO_TABLES):
            fail("The database has no tables yet, or old ones: run `bot db upgrade`.")
        if any(sign in words for sign in NO_DATABASE):
            fail("The file that DATABASE_URL names is no SQLite database.")
        if isinstance(error, DatabaseDown):
            fail("The database does not answer: look at DATABASE_URL and whether its server runs.")
        raise
