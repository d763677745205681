"""A need told by the way: one loop, its case linked, nothing texted twice, and what is closed is closed in both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.services import inbox, inbox_undo
from bot.store.tables import Enrollment, Escalation
from tests.transcripts.around import place
from tests.transcripts.chat import Chat

NO_RIDE = "I have no ride to my visit"


@pytest.fixture
def told(chat: Chat) -> Chat:
    """Maria has a visit ahead, and no way to it."""
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", datetime(2026, 11, 30, 16, tzinfo=UTC))
    chat.text("P1", NO_RIDE)
    return chat


def case_of(chat: Chat) -> Any:
    """The one case there is."""
    with chat.clinic.database.read() as connection:
        return connection.execute(select(Escalation.__table__)).one()


def needs_of(chat: Chat) -> list[Any]:
    with chat.clinic.database.read() as connection:
        return list(connection.execute(select(Enrollment.__table__).where(Enrollment.journey == "needs")).all())


def test_it_opens_a_loop_about_the_visit_with_the_case_linked(told: Chat) -> None:
    (loop,) = needs_of(told)
    assert (loop.kind, loop.step, loop.appointment_id, loop.office_step) == ("transport", "told_us", "A1", "find-help")
    assert case_of(told).enrollment_id == loop.id
    told.pass_time(timedelta(hours=2))
    texts = [text.kind for text in told.sent if text.kind.startswith("needs/")]
    assert not texts, "the reply has said that a person sees to it"


def test_told_again_it_is_the_same_loop_and_the_same_case(told: Chat) -> None:
    told.text("P1", "I still need a ride")
    assert len(needs_of(told)) == 1
    assert case_of(told).version == 2


def test_another_need_is_a_loop_of_its_own(told: Chat) -> None:
    told.text("P1", "and I can't afford the copay")
    assert sorted(loop.kind for loop in needs_of(told)) == ["cost", "transport"]


def test_closing_the_case_moves_the_loop_and_opening_it_again_brings_it_back(told: Chat) -> None:
    case = case_of(told)
    inbox.resolve(told.clinic, escalation_id=case.id, actor_id="u1", now=told.now)
    assert needs_of(told)[0].step == "trying"
    inbox_undo.reopen(told.clinic, escalation_id=case.id, actor_id="u1", now=told.now)
    assert needs_of(told)[0].step == "told_us"
    inbox.resolve(told.clinic, escalation_id=case.id, actor_id="u1", now=told.now, outcome="no-answer-needed")
    assert needs_of(told)[0].outcome == "not-needed"


def test_moving_the_loop_on_closes_the_case_unless_somebody_else_has_it(told: Chat) -> None:
    loop = needs_of(told)[0]
    inbox.claim(told.clinic, escalation_id=case_of(told).id, actor_id="u2", now=told.now)
    told.report(loop.id, "done")
    assert case_of(told).status == "claimed", "whoever has it in hand closes it"
    inbox.release(told.clinic, escalation_id=case_of(told).id, actor_id="u2", now=told.now)
    told.report(loop.id, "met")
    assert (case_of(told).status, case_of(told).outcome) == ("resolved", "handled")


def test_nobody_came_to_it_so_the_places_are_texted_and_the_case_stays(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    place(chat.clinic, "Riverbend Pantry", "601-555-0142", "food", chat.now)
    chat.text("P1", "we have no food at home")
    assert needs_of(chat)[0].step == "places_known"
    chat.pass_time(timedelta(hours=30))
    assert [text.kind for text in chat.sent] == ["needs/offer"]
    assert case_of(chat).status == "open"


def test_a_loop_that_has_its_own_way_for_it_keeps_it(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.open("medication", "P1")
    chat.pass_time(timedelta(days=1))
    chat.text("P1", "I can't afford it")
    assert chat.loop("medication", "P1").step == "cost"
    assert not needs_of(chat)


def test_what_the_questions_on_needs_find_joins_the_loop_that_is_open(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    place(chat.clinic, "Riverbend Pantry", "601-555-0142", "food", chat.now)
    chat.text("P1", "we have no food at home")
    chat.open("needs_screen", "P1")
    for answer in ("1", "1", "2", "2", "2", "1"):
        chat.pass_time(timedelta(minutes=2))
        chat.text("P1", answer)
    (loop,) = needs_of(chat)
    assert loop.step == "offered", "asked for: the places are texted now"


def test_a_yes_to_a_question_about_a_ride_is_a_need_told(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.start("P1", "checkin_yes_no", prompt="Do you need a ride to your visit?")
    chat.text("P1", "yes")
    assert [loop.kind for loop in needs_of(chat)] == ["transport"]
    assert case_of(chat).enrollment_id == needs_of(chat)[0].id
