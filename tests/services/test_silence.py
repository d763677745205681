"""Silence: waited for from the sending on, and only brought to a person where something was left hanging."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.core.journey import QuestionState
from bot.core.people import AppointmentStatus, Participation
from bot.services.silence import wake
from bot.store.tables import Appointment, Enrollment, Question
from tests.services.at_once import at_once
from tests.transcripts.chat import Chat


def step(chat: Chat) -> str:
    with chat.clinic.database.read() as connection:
        return connection.execute(select(Enrollment.step)).scalar_one()


def reminded(chat: Chat) -> Chat:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", datetime.fromisoformat("2026-11-25T10:00"))
    chat.start("P1", "appointment_reminder", "A1")
    return chat


def test_who_never_answers_stands_among_the_unconfirmed_and_nobody_is_called(chat: Chat) -> None:
    reminded(chat)
    assert wake(chat.clinic, chat.now + timedelta(hours=19)) == 0
    assert wake(chat.clinic, chat.now + timedelta(hours=21)) == 1
    assert step(chat) == "unanswered"
    assert chat.escalations() == []
    chat.text("P1", "yes")
    assert chat.responses() == {"A1": "accepted"}


def test_who_wrote_something_unclear_and_fell_silent_is_brought_to_a_person(chat: Chat) -> None:
    reminded(chat)
    chat.text("P1", "hmm")
    assert chat.escalations() == []
    wake(chat.clinic, chat.now + timedelta(hours=21))
    assert chat.escalations() == [("routine", "unclear")]


def test_a_text_that_waits_for_the_morning_is_not_met_with_silence(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.now += timedelta(hours=12)  # 21:00: held until 8:00
    chat.start("P1", "waitlist_offer", slot=chat.now + timedelta(days=2))
    chat.pass_time(timedelta(hours=12))
    assert len(chat.sent) == 1
    asked = chat.sent[0].at
    assert step(chat) == "asked"
    wake(chat.clinic, asked + timedelta(hours=3, minutes=50))
    assert step(chat) == "asked"
    wake(chat.clinic, asked + timedelta(hours=4, minutes=1))
    assert step(chat) == "end"


def test_a_question_whose_time_has_passed_expires(chat: Chat) -> None:
    reminded(chat)
    wake(chat.clinic, chat.now + timedelta(days=3))
    with chat.clinic.database.read() as connection:
        assert connection.execute(select(Question.state)).scalar_one() is QuestionState.EXPIRED


def test_two_at_once_take_it_once(chat: Chat) -> None:
    reminded(chat)
    chat.text("P1", "hmm")
    later = chat.now + timedelta(hours=21)
    assert sum(at_once(*[lambda: wake(chat.clinic, later)] * 3)) == 1
    assert chat.escalations() == [("routine", "unclear")]


def ended(chat: Chat) -> tuple[str, str | None, bool, object]:
    query = select(Enrollment.step, Enrollment.outcome, Enrollment.ended_at, Enrollment.wake_at)
    with chat.clinic.database.read() as connection:
        row = connection.execute(query).one()
    return row.step, row.outcome, row.ended_at is not None, row.wake_at


@pytest.mark.parametrize(
    ("response", "status", "end"),
    [
        (Participation.ACCEPTED, AppointmentStatus.BOOKED, ("confirmed", "confirmed")),
        (Participation.DECLINED, AppointmentStatus.BOOKED, ("declined", "declined")),
        (Participation.ACCEPTED, AppointmentStatus.CANCELLED, ("confirmed", "cancelled")),
    ],
)
def test_the_dialogue_ends_with_the_visit_whoever_gave_the_answer(
    chat: Chat, response: Participation, status: AppointmentStatus, end: tuple[str, str]
) -> None:
    """Told by a file or in the console, and not by text: nobody waits for an answer any more."""
    reminded(chat)
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Appointment).values(response=response, status=status, responded_at=chat.now))
    wake(chat.clinic, chat.now + timedelta(hours=21))
    assert step(chat) == "asked"
    wake(chat.clinic, datetime.fromisoformat("2026-11-25T19:00+00:00"))  # three hours after ten in Chicago
    assert ended(chat) == (*end, True, None)


def test_an_answer_by_text_ends_with_the_visit_too(chat: Chat) -> None:
    reminded(chat)
    chat.text("P1", "yes")
    chat.until(datetime.fromisoformat("2026-11-25T19:00+00:00"))
    assert ended(chat) == ("confirmed", "confirmed", True, None)
