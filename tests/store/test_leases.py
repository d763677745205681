"""Leases: one holder at a time, renewed, given up, and taken over when time has passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.store.database import Database, open_database
from bot.store.queries import leases

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
LEASE = timedelta(seconds=15)


def take(database: Database, holder: str, now: datetime = NOW) -> bool:
    with database.begin() as connection:
        return leases.take(connection, "scheduler", holder=holder, until=now + LEASE, now=now)


def test_one_holds_it_until_it_ends_or_is_given_up(database_url: str) -> None:
    database = open_database(database_url)
    assert take(database, "one")
    assert not take(database, "two")
    assert take(database, "one", NOW + timedelta(seconds=10))
    assert not take(database, "two", NOW + timedelta(seconds=20))
    assert take(database, "two", NOW + timedelta(seconds=30))
    assert not take(database, "one", NOW + timedelta(seconds=31))
    with database.begin() as connection:
        leases.give_up(connection, "scheduler", holder="one")
    assert not take(database, "one", NOW + timedelta(seconds=32))
    with database.begin() as connection:
        leases.give_up(connection, "scheduler", holder="two")
    assert take(database, "one", NOW + timedelta(seconds=33))
    database.dispose()


def test_a_clock_that_was_set_back_does_not_lock_everybody_out(database_url: str) -> None:
    database = open_database(database_url)
    assert take(database, "dead", NOW + timedelta(days=3))
    assert take(database, "new")
    database.dispose()
