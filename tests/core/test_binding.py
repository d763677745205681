"""Which question and visit a reply belongs to, and the reason kept for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.binding import Fit, asked_of, bind
from bot.core.intents import Context, Intent
from bot.core.journey import QuestionState
from bot.core.referring import mentions
from tests.core.conversing import NOW, a_question, a_visit, means

MARIA = a_visit("A1")
LUIS = a_visit("A2", patient_id="P2", name="Luis", starts_at=datetime(2026, 11, 25, 20, 30, tzinfo=UTC))
YES = means(Intent.CONFIRM)


def test_the_only_open_question_is_the_one() -> None:
    bound = bind("yes", YES, [a_question(MARIA)], [MARIA], NOW)
    assert (bound.fit, bound.visits) == (Fit.OPEN, (MARIA,))


def test_two_open_questions_asked_together_are_not_guessed_at() -> None:
    both = [a_question(MARIA), a_question(LUIS, id="Q2")]
    assert bind("yes", YES, both, [MARIA, LUIS], NOW).fit is Fit.AMBIGUOUS


@pytest.mark.parametrize("text", ["yes for Luis", "luis yes", "yes at 2:30", "yes to the 25th", "2pm is fine"])
def test_naming_the_person_or_the_time_settles_it(text: str) -> None:
    both = [a_question(MARIA), a_question(LUIS, id="Q2")]
    bound = bind(text, YES, both, [MARIA, LUIS], NOW)
    assert (bound.fit, bound.visits) == (Fit.OPEN, (LUIS,))


def test_a_question_asked_long_after_the_others_is_the_one_a_bare_answer_is_about() -> None:
    old = a_question(MARIA, asked_at=NOW - timedelta(days=2))
    bound = bind("yes", YES, [old, a_question(LUIS, id="Q2")], [MARIA, LUIS], NOW)
    assert bound.visits == (LUIS,)
    assert "last" in bound.reason


def test_two_questions_about_one_visit_are_one() -> None:
    both = [a_question(MARIA), a_question(MARIA, id="Q2")]
    assert bind("yes", YES, both, [MARIA], NOW).visits == (MARIA,)


def test_a_scale_is_not_answered_by_a_yes_about_a_visit() -> None:
    scale = a_question(id="Q2", journey="survey", context=Context.SURVEY_SCALE, asked_at=NOW)
    assert bind("yes", YES, [a_question(MARIA), scale], [MARIA], NOW).visits == (MARIA,)


@pytest.mark.parametrize("state", [QuestionState.PREPARED, QuestionState.EXPIRED])
def test_a_question_that_never_went_out_or_is_too_old_answers_nothing_by_accident(state: QuestionState) -> None:
    question = a_question(MARIA, state=state)
    bound = bind("yes", YES, [question], [MARIA], NOW)
    assert bound.fit is not Fit.OPEN


def test_a_patient_who_writes_first_means_the_one_visit_ahead() -> None:
    decline = means(Intent.DECLINE)
    assert bind("I can't come", decline, [], [MARIA], NOW).fit is Fit.UNPROMPTED
    assert bind("I can't come", decline, [], [MARIA, LUIS], NOW).fit is Fit.AMBIGUOUS
    assert bind("Luis can't come", decline, [], [MARIA, LUIS], NOW).visits == (LUIS,)
    assert bind("I can't come", decline, [], [], NOW).fit is Fit.NONE


def test_the_menu_takes_a_name_as_well_as_a_number() -> None:
    menu = a_question(MARIA, LUIS, id="Q3", step="which", pending="decline")
    assert bind("luis", means(Intent.UNCLEAR), [menu], [MARIA, LUIS], NOW).visits == (LUIS,)


def test_a_reply_is_read_against_the_newest_live_question() -> None:
    live = a_question(MARIA, asked_at=NOW - timedelta(days=3), expires_at=NOW + timedelta(days=1))
    dead = a_question(id="Q2", context=Context.SURVEY_SCALE, state=QuestionState.ANSWERED)
    assert asked_of([dead, live], NOW, language="en").context is Context.APPOINTMENT_REMINDER
    assert asked_of([], NOW, language="es").context is Context.NONE


def test_times_are_those_on_the_patients_own_clock() -> None:
    assert mentions("see you at 10 am", MARIA, NOW)
    assert not mentions("see you at 4 pm", MARIA, NOW)
    assert not mentions("I have 10 questions", MARIA, NOW)
