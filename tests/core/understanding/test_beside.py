"""What stands beside an answer and is none: another language's word, a pain denied, a wish, a number not offered."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding.asked import Asked

REMINDED = Asked(Context.APPOINTMENT_REMINDER, language="en")


def test_a_word_that_another_language_took_says_nothing_in_its_own() -> None:
    assert load_understander()("how late do you stay open", REMINDED).intents == (Intent.QUESTION,)


def test_small_words_of_another_language_name_no_danger() -> None:
    found = load_understander()("yes please my wife will be so thankful", Asked(Context.WAITLIST_OFFER, language="en"))
    assert found.intent is Intent.CONFIRM


def test_the_no_of_no_pain_refuses_no_visit() -> None:
    assert not load_understander()("no chest pain so far", REMINDED).has(Intent.DECLINE)


@pytest.mark.parametrize("text", ["my kid is sick so we cant come", "cant come, i have the flu"])
def test_whoever_is_sick_and_cannot_come_calls_off_first_and_a_nurse_hears_of_it(text: str) -> None:
    found = load_understander()(text, REMINDED)
    assert (found.intent, found.auto) == (Intent.DECLINE, True)
    assert found.has(Intent.SYMPTOM)


def test_another_time_only_wished_for_is_left_to_a_person() -> None:
    assert not load_understander()("would love an earlier slot but yes ill keep it", REMINDED).auto


def test_a_number_that_no_option_has_is_no_answer() -> None:
    asked = Asked(Context.APPOINTMENT_REMINDER, options=("confirm", "reschedule", "decline"), language="en")
    assert load_understander()("6", asked).intents == (Intent.UNCLEAR,)


@pytest.mark.parametrize(("text", "asks"), [("is 10 good or bad", True), ("10, so good", False)])
def test_a_number_in_a_question_is_no_score(text: str, *, asks: bool) -> None:
    found = load_understander()(text, Asked(Context.SURVEY_SCALE, language="en"))
    assert (found.intent is not Intent.NUMERIC_ANSWER) == asks


def test_who_takes_the_free_slot_is_not_late_for_it() -> None:
    found = load_understander()("we can be there in 20", Asked(Context.WAITLIST_OFFER, language="en"))
    assert found.intents == (Intent.CONFIRM,)
