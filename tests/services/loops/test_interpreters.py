"""An interpreter hears of a visit that moves or is called off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from bot.core.rows import Kind
from bot.services.setting import locations
from bot.store.tables import Enrollment, Patient
from tests.transcripts.chat import Chat

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Most of it is our own arithmetic; where the database matters, both are asked."""
FRIDAY_10 = datetime(2026, 11, 27, 10, 0, tzinfo=ZoneInfo("America/Chicago"))
DAY = timedelta(days=1)


def book(chat: Chat, at: datetime = FRIDAY_10, status: str = "booked") -> None:
    header = "appointment_id,patient_id,starts_at,timezone,location,status"
    chat._import(Kind.APPOINTMENTS, header, ("A1", "P1", at.isoformat(), "America/Chicago", "Main St", status))
    chat.work()


def speak(chat: Chat, *tags: str) -> None:
    form = {"name": "Main St", "text_name": "Main St", "timezone": "America/Chicago"}
    form |= {f"speaks_{tag}": "yes" for tag in tags}
    assert locations.save(chat.clinic, form, location_id=None, actor_id="u1", now=chat.now) is None


def wants(chat: Chat, said: bool | None) -> None:
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Patient).values(interpreter=said))


def loops(chat: Chat) -> int:
    query = select(func.count()).select_from(Enrollment).where(Enrollment.journey == "interpreter")
    with chat.clinic.database.read() as connection:
        return connection.execute(query).scalar_one()


@SQLITE
@pytest.mark.parametrize(
    ("language", "said", "spoken", "needed"),
    [
        ("ru", True, (), True),
        ("ru", None, ("en", "es"), True),
        ("es-MX", None, ("en", "es"), False),
        ("ru", None, (), False),
        ("ru", False, ("en",), False),
        ("en", True, ("en",), True),
    ],
)
def test_who_needs_one(chat: Chat, language: str, said: bool | None, spoken: tuple[str, ...], needed: bool) -> None:
    speak(chat, *spoken)
    chat.patient("P1", "Ivan", language)
    wants(chat, said)
    book(chat)
    assert loops(chat) == 0, "as long as nothing changes there is nothing to do"
    book(chat, FRIDAY_10 + DAY)
    assert loops(chat) == needed
    assert (("routine", "language") in chat.escalations()) is needed


@pytest.fixture
def ivan(chat: Chat) -> Chat:
    """A patient with a visit and an interpreter."""
    chat.patient("P1", "Ivan", "ru")
    wants(chat, said=True)
    book(chat)
    return chat


def loop(chat: Chat) -> Any:
    return chat.loop("interpreter", "P1")


def test_moved_and_moved_again_is_one_thing_to_do(ivan: Chat) -> None:
    book(ivan, FRIDAY_10 + DAY)
    assert (loop(ivan).step, loop(ivan).office_step) == ("rebook-the-interpreter", "rebook-the-interpreter")
    book(ivan, FRIDAY_10 + 2 * DAY)
    assert loops(ivan) == 1
    assert loop(ivan).version > 2, "it has heard of it"
    ivan.report(loop(ivan).id, "done")
    assert (loop(ivan).outcome, loop(ivan).office_step) == ("seen-to", None)
    book(ivan, FRIDAY_10 + 3 * DAY)
    assert loops(ivan) == 2, "done is done; a new time is a new thing to do"


@SQLITE
def test_called_off(ivan: Chat) -> None:
    book(ivan, status="cancelled")
    assert loop(ivan).step == "call-off-the-interpreter"


@SQLITE
def test_what_nobody_does_comes_back_urgently(ivan: Chat) -> None:
    book(ivan, FRIDAY_10 + 3 * DAY)
    ivan.pass_time(timedelta(hours=26))
    assert ("urgent", "language") in ivan.escalations()


@SQLITE
def test_another_place_at_the_same_time_moves_nobody(ivan: Chat) -> None:
    header = "appointment_id,patient_id,starts_at,timezone,location,status"
    row = ("A1", "P1", FRIDAY_10.isoformat(), "America/Chicago", "Elm St", "booked")
    ivan._import(Kind.APPOINTMENTS, header, row)
    ivan.work()
    assert loops(ivan) == 0
