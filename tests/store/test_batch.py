"""Writes and looks in one round trip, on PostgreSQL through its pipeline: in their order, all or none of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, case, event, insert, select, text, update
from sqlalchemy.exc import DataError, IntegrityError

from bot.store.batch import Batch, Untrue
from bot.store.database import IDLE_SECONDS, Database, DatabaseDown, once_more, open_database
from bot.store.tables import Lease
from bot.store.together import Look, read_in_turn
from tests.services.sending import NOON

INSERT = insert(Lease.__table__)  # type: ignore[arg-type]
GIVE = update(Lease).where(Lease.name == bindparam("which")).values(holder=bindparam("to"))
STILL = select(1 / case((Lease.holder == bindparam("by"), 1), else_=0)).where(Lease.name == bindparam("which"))
ONE = Look(found=select(Lease.name, Lease.holder, Lease.until).where(Lease.name == bindparam("which")))
ALL = Look(names=select(Lease.name).order_by(Lease.name), holders=select(Lease.holder).order_by(Lease.name))

only_postgres = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = open_database(database_url)
    yield made
    made.dispose()


def lease(name: str, holder: str = "") -> Mapping[str, Any]:
    return {"name": name, "holder": holder, "until": NOON}


def held(connection: Connection) -> dict[str, str]:
    (look,) = read_in_turn(connection, [ALL], {})
    return {row.name: holder.holder for row, holder in zip(look["names"], look["holders"], strict=True)}


def test_writes_happen_in_their_order_and_are_there_afterwards(database: Database) -> None:
    with database.begin() as connection:
        batch = Batch(connection)
        batch.add(INSERT, lease("a"))
        batch.add(GIVE, {"which": "a", "to": "first"})
        batch.add(GIVE, {"which": "a", "to": "ω 'second' \\"})
        batch.add(INSERT, lease("b"))
        batch.flush(commit=True)
    with database.read() as connection:
        assert held(connection) == {"a": "ω 'second' \\", "b": ""}
        first, second = read_in_turn(connection, [ONE, ALL], {"which": "b"})
    assert [(row.name, row.holder, row.until) for row in first["found"]] == [("b", "", NOON)]
    assert len(second["names"]) == 2


def write(database: Database, *parts: tuple[Any, Mapping[str, Any]], commit: bool = True) -> None:
    with database.begin() as connection:
        batch = Batch(connection)
        for statement, values in parts:
            (batch.require if statement is STILL else batch.add)(statement, values)
        batch.flush(commit=commit)


def test_the_first_failure_undoes_everything(database: Database) -> None:
    with pytest.raises(IntegrityError):
        write(database, (INSERT, lease("a")), (INSERT, lease("a")))
    write(database, (INSERT, lease("b")))  # and the connection is as good as before
    with database.read() as connection:
        assert held(connection) == {"b": ""}


def test_what_is_flushed_but_not_committed_can_be_undone(database: Database) -> None:
    def write_and_fail() -> None:
        with database.begin() as connection:
            batch = Batch(connection)
            batch.add(INSERT, lease("a"))
            assert held(batch.connection) == {"a": ""}
            raise LookupError

    for _again in range(3):  # what a rollback makes the driver forget is prepared anew
        with pytest.raises(LookupError):
            write_and_fail()
    with database.read() as connection:
        assert held(connection) == {}


@only_postgres
def test_a_condition_is_looked_at_in_its_place(database: Database) -> None:
    asked = (STILL, {"which": "a", "by": "one"})
    write(database, (INSERT, lease("a", "one")), asked, (GIVE, {"which": "a", "to": "two"}))
    with pytest.raises(Untrue):
        write(database, (INSERT, lease("b")), asked)
    with database.read() as connection:
        assert held(connection) == {"a": "two"}


@only_postgres
def test_a_text_that_postgres_cannot_hold_is_a_data_error(database: Database) -> None:
    with pytest.raises(DataError):
        write(database, (INSERT, lease("a", "nul \0 nul")), commit=False)
    with database.read() as connection:
        assert held(connection) == {}


@only_postgres
def test_a_lost_connection_is_a_database_that_is_down_and_the_next_one_works(database: Database) -> None:
    def lose() -> None:
        with database.begin() as connection:
            held(connection)
            ours = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with other.begin() as elsewhere:
                elsewhere.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": ours})
            held(connection)

    other = open_database(database.engine.url.render_as_string(hide_password=False))
    with pytest.raises(DatabaseDown):
        lose()
    other.dispose()
    with database.begin() as connection:
        assert held(connection) == {}


@only_postgres
def test_what_is_prepared_outlives_a_rest(database: Database) -> None:
    write(database, (INSERT, lease("a")))
    with database.read() as connection:
        for _ in range(7):  # so often that the driver prepares it by itself
            connection.execute(text("SELECT name FROM leases"))
        connection.info["kept"] = "this one"
    event.listen(database.engine, "checkin", _has_rested)
    write(database, (INSERT, lease("b")))
    write(database, (INSERT, lease("c")))
    with database.read() as connection:
        assert connection.info["kept"] == "this one"
        assert set(held(connection)) == {"a", "b", "c"}


def _has_rested(_connection: Any, record: Any) -> None:
    record.info["resting since"] -= 2 * IDLE_SECONDS


@only_postgres
def test_what_somebody_has_let_go_of_is_prepared_again(database: Database) -> None:
    again = once_more(write)
    again(database, (INSERT, lease("a")))
    with database.begin() as connection:
        connection.execute(text("DEALLOCATE ALL"))
    again(database, (INSERT, lease("b")))
    with database.read() as connection:
        assert set(held(connection)) == {"a", "b"}
