"""A word that means different things in different languages counts as in the language on file."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked


def _meant(text: str, language: str) -> Intent:
    return load_understander()(text, Asked(Context.APPOINTMENT_REMINDER, language=language)).intent


@pytest.mark.parametrize(("language", "intent"), [("pl", Intent.UNCLEAR), ("en", Intent.DECLINE)])
def test_polish_no_is_no_refusal(language: str, intent: Intent) -> None:
    """`no` is "well" in Polish and a refusal in English."""
    assert _meant("no", language) is intent


@pytest.mark.parametrize(("language", "intent"), [("pl", Intent.HELP), ("vi", Intent.CONFIRM)])
def test_the_whole_text_is_read_in_the_language_on_file(language: str, intent: Intent) -> None:
    """`co` is "what" in Polish and `có`, "yes", in Vietnamese."""
    assert _meant("co", language) is intent


def test_an_opt_out_counts_in_every_language() -> None:
    """Whatever the language on file makes of the same word."""
    assert _meant("rete", "vi") is Intent.OPT_OUT
