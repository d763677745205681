"""Many rows at once are the rows that one statement each would have written, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.core.messages import Direction, MessageStatus, Via
from bot.store.bulk import among, put_many
from bot.store.database import Database, open_database
from bot.store.tables import ContactPoint, Conversation, Lease, Message, Patient
from tests.services.sending import NOON

# What PostgreSQL's text format gives a meaning to, and what its arrays do.
ODD = ["a\tb", "a\nb\r", "\\N", "\\", "\\x41", "", " ", "NULL", "a,b", '{"}', "'", "é ω 你好 🙂", "\\."]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = open_database(database_url)
    yield made
    made.dispose()


def lease(name: str, holder: str = "") -> dict[str, Any]:
    return {"name": name, "holder": holder, "until": NOON}


def test_every_text_is_found_again_as_it_was(database: Database) -> None:
    with database.begin() as connection:
        assert put_many(connection, Lease.__table__, [lease(f"{n}", odd) for n, odd in enumerate(ODD)]) == len(ODD)
    with database.read() as connection:
        rows = connection.execute(select(Lease.name, Lease.holder, Lease.until)).all()
        assert {int(row.name): row.holder for row in rows} == dict(enumerate(ODD))
        assert {row.until for row in rows} == {NOON}
        for odd in ODD:
            found = connection.execute(select(Lease.holder).where(among(connection, Lease.holder, [odd]))).scalars()
            assert list(found) == [odd]
        found = connection.execute(select(Lease.holder).where(among(connection, Lease.holder, ODD))).scalars()
        assert sorted(found) == sorted(ODD)
        assert connection.execute(select(Lease.name).where(among(connection, Lease.holder, []))).all() == []


def test_what_is_there_already_stays_as_it_is(database: Database) -> None:
    with database.begin() as connection:
        put_many(connection, Lease.__table__, [lease("a", "first")])
    with database.begin() as connection:
        assert put_many(connection, Lease.__table__, [lease("a", "second"), lease("b")], or_ignore=True) == 1
        assert put_many(connection, Lease.__table__, [], or_ignore=True) == 0
    with database.read() as connection:
        rows = connection.execute(select(Lease.name, Lease.holder).order_by(Lease.name)).all()
    assert [tuple(row) for row in rows] == [("a", "first"), ("b", "")]


def test_twice_the_same_is_an_error_where_nothing_else_was_said_and_nothing_is_written(database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as connection:
        put_many(connection, Lease.__table__, [lease("a"), lease("b"), lease("a")])
    with database.read() as connection:
        assert connection.execute(select(Lease)).all() == []


def test_values_of_every_kind_and_the_columns_own_defaults(database: Database) -> None:
    person = {
        "patient_id": "P,1",
        "given_name": b"\\\x00\xff\t",
        "language": "es",
        "created_at": NOON,
        "updated_at": NOON,
    }
    phone = {"id": "c1", "phone": b"", "phone_index": "i", "channel": "sms", "created_at": NOON}
    message = {
        "conversation_id": "k1",
        "contact_point_id": "c1",
        "direction": Direction.OUTBOUND,
        "kind": "a/b",
        "body": b"\x00\\N",
        "status": MessageStatus.PLANNED,
        "created_at": NOON,
        "updated_at": NOON,
    }
    with database.begin() as connection:
        put_many(connection, Patient.__table__, [person])
        put_many(connection, ContactPoint.__table__, [phone])
        put_many(connection, Conversation.__table__, [{"id": "k1", "contact_point_id": "c1", "created_at": NOON}])
        first = {**message, "id": "m1", "patient_id": None, "media": [{"type": 'a\\"\tb'}], "budget_exempt": True}
        second = {**message, "id": "m2", "patient_id": "P,1", "media": [], "budget_exempt": False}
        assert put_many(connection, Message.__table__, [first, second]) == 2
    with database.read() as connection:
        one, two = connection.execute(select(Message.__table__).order_by(Message.id)).all()
    assert (one.patient_id, one.media, one.budget_exempt, one.body) == (None, [{"type": 'a\\"\tb'}], True, b"\x00\\N")
    assert (two.patient_id, two.media, two.budget_exempt, two.created_at) == ("P,1", [], False, NOON)
    assert (two.via, two.segments, two.lane_rank, two.attempts, two.knocks) == (Via.REST, 1, 9, 0, 0)
    assert (two.understood, two.twilio_sid, two.due_at, two.status) == (None, None, None, MessageStatus.PLANNED)
