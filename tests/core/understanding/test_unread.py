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
