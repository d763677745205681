"""What is said over and over, or letter by letter: an opt-out is one however loudly it is said."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked, Understander


@pytest.fixture(scope="module")
def understand() -> Understander:
    return load_understander()


@pytest.mark.parametrize("words", ["STOP!", "stop texting me", "Alto.", "arrêt", "توقف", "стоп", "停止", "중지"])
@pytest.mark.parametrize("times", [2, 5, 40])
def test_an_opt_out_said_loudly_is_not_lost(understand: Understander, words: str, times: int) -> None:
    for context in (Context.NONE, Context.APPOINTMENT_REMINDER):
        assert understand(" ".join([words] * times), Asked(context)).has(Intent.OPT_OUT)


def test_a_cry_for_help_is_no_request_for_the_help_text(understand: Understander) -> None:
    assert not understand("HELP HELP HELP HELP").has(Intent.HELP)


def test_what_is_not_one_thing_stays_as_it_was(understand: Understander) -> None:
    assert not understand("bus stop bus stop bus stop").has(Intent.OPT_OUT)


@pytest.mark.parametrize(("text", "intent"), [("S.T.O.P.", Intent.OPT_OUT), ("Q.E.P.D. mi hermano", Intent.DECEASED)])
def test_letters_with_a_stop_after_each_are_one_word(text: str, intent: Intent) -> None:
    """Nobody ends a sentence after every letter."""
    assert load_understander()(text).intent is intent
