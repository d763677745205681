"""Transactions: one that was undone for another's sake is done again."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text

from bot.store.database import Database, DatabaseDown, InACircle, forgettable, once_more, open_database
from bot.store.queries import leases
from bot.store.tables import Lease
from tests.services.sending import NOON


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_that_wait_for_each_other_one_is_done_again(database_url: str) -> None:
    database = open_database(database_url)
    with database.begin() as connection:
        for name in ("a", "b"):
            leases.take(connection, name, holder="", until=NOON, now=NOON)
    met = threading.Barrier(2)
    runs: list[str] = []

    @once_more
    def write(first: str, second: str) -> None:
        runs.append(first)
        with database.begin() as connection:
            connection.execute(text("UPDATE leases SET holder = holder || 'x' WHERE name = :name"), {"name": first})
            if len(runs) <= 2:
                met.wait(10)
            connection.execute(text("UPDATE leases SET holder = holder || 'x' WHERE name = :name"), {"name": second})

    threads = [threading.Thread(target=write, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(runs) in (3, 4), "one is done again; on a busy machine they may meet a second time"
    assert holders(database) == ["xx", "xx"]
    database.dispose()


def holders(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(Lease.holder).order_by(Lease.name)).scalars())


def test_not_for_ever_and_not_for_a_database_that_is_down() -> None:
    tries: list[type[DatabaseDown]] = []

    @once_more
    def fail(kind: type[DatabaseDown]) -> None:
        tries.append(kind)
        raise kind("Why")

    for kind in (InACircle, DatabaseDown):
        with pytest.raises(kind):
            fail(kind)
    assert tries == [InACircle] * 3 + [DatabaseDown]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_only_what_may_be_lost_does_not_wait_for_the_disk(database_url: str) -> None:
    database, waits = open_database(database_url), text("SHOW synchronous_commit")
    with database.begin() as connection:
        connection.execute(text("SET synchronous_commit = on"))
    with database.begin() as connection:
        forgettable(connection)
        assert connection.execute(waits).scalar_one() == "off"
    with database.begin() as connection:  # the same connection, in its next transaction
        assert connection.execute(waits).scalar_one() == "on"
    database.dispose()
