"""A day or a time that is offered or asked for, and what else decides what such a text wants."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked


def _meant(text: str, context: Context = Context.APPOINTMENT_REMINDER) -> Intent:
    return load_understander()(text, Asked(context, language="en")).intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("thursday", Intent.RESCHEDULE),
        ("green thursday", Intent.UNCLEAR),
        ("monday or saturday?", Intent.RESCHEDULE),
        ("Sorry, I have school that day. Thursday?", Intent.RESCHEDULE),
        ("Sorry, I have school that day. Really?", Intent.DECLINE),
        ("I can't come, next monday?", Intent.RESCHEDULE),
        ("I can't come next monday", Intent.DECLINE),
    ],
)
def test_a_day_is_wished_for_alone_or_after_a_no(text: str, intent: Intent) -> None:
    assert _meant(text) is intent


def test_a_neutral_phrase_does_not_hide_that_something_is_asked() -> None:
    """`what time .. start` is no START, and a question all the same."""
    assert _meant("great, what time will it start") is Intent.QUESTION


def test_to_try_a_tip_is_no_doubt_about_a_visit() -> None:
    assert _meant("I'll try these", Context.EDUCATION) is Intent.ACKNOWLEDGE
    assert _meant("I'll try to come") is Intent.UNCLEAR


def test_a_death_that_keeps_nobody_away_cancels_nothing() -> None:
    assert _meant("my uncle died, but I'll be there") is Intent.CONFIRM
    assert _meant("my uncle died so I can't come") is Intent.DECLINE


def test_a_death_comes_before_the_wish_that_goes_with_it() -> None:
    found = load_understander()("He died on Monday, delete his number", Asked(Context.APPOINTMENT_REMINDER))
    assert found.intents[:2] == (Intent.DECEASED, Intent.OPT_OUT)


def test_a_yes_counts_before_a_but_that_is_understood() -> None:
    understand, asked = load_understander(), Asked(Context.APPOINTMENT_REMINDER)
    assert understand("yes but she is running 5 minutes late", asked).intents == (Intent.RUNNING_LATE, Intent.CONFIRM)
    assert Intent.CONFIRM not in understand("yes but the purple elephant sings", asked).intents
