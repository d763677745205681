"""What is not read is not acted over: a danger may stand in the words that no rule knows."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding.asked import Asked

REMINDED = Asked(Context.APPOINTMENT_REMINDER, language="en")


@pytest.mark.parametrize(
    "text",
    [
        "yes ill be there, but zorvik blenta quuf marrow",  # three unknown words after a "but"
        "zorvik blenta quuf tarnel moxi yes ill be there",  # five in a row anywhere
    ],
)
def test_a_yes_beside_words_that_nobody_knows_is_left_to_a_person(text: str) -> None:
    found = load_understander()(text, REMINDED)
    assert found.intent is Intent.CONFIRM
    assert not found.auto


@pytest.mark.parametrize("text", ["yes ill be there, but zorvik", "yes ill be there blenta quuf"])
def test_a_word_or_two_unknown_keep_no_yes_from_being_taken(text: str) -> None:
    found = load_understander()(text, REMINDED)
    assert (found.intent, found.auto) == (Intent.CONFIRM, True)


def test_a_danger_goes_out_whatever_else_is_unknown() -> None:
    found = load_understander()("zorvik blenta quuf tarnel moxi my chest hurts", REMINDED)
    assert (found.intent, found.auto) == (Intent.EMERGENCY, True)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("yes is the elevator fixed yet", "en"),
        ("see you then, where do walkers get in", "en"),
        ("si ahi estare, sigue cerrado el portal", "es"),
        ("oui, ou se trouve la nouvelle porte", "fr"),
        ("sim, onde deixo o carro agora", "pt"),
    ],
)
def test_a_question_that_no_rule_knows_beside_a_yes_is_kept_for_a_person(text: str, language: str) -> None:
    found = load_understander()(text, Asked(Context.APPOINTMENT_REMINDER, language=language))
    assert found.intents == (Intent.QUESTION, Intent.CONFIRM)
    assert not found.auto


@pytest.mark.parametrize("text", ["yes, were bringing grandma with us", "yes, what a relief", "yes will bring my mom"])
def test_words_that_only_look_like_a_question_keep_no_yes_back(text: str) -> None:
    found = load_understander()(text, REMINDED)
    assert (found.intents, found.auto) == ((Intent.CONFIRM,), True)
