"""A word that answers in one language and says nothing in another neither declines nor confirms alone."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked


@pytest.mark.parametrize(("language", "intent"), [("pl", Intent.UNCLEAR), ("en", Intent.DECLINE)])
def test_polish_no_is_no_refusal(language: str, intent: Intent) -> None:
    """`no` is "well" in Polish and a refusal in English."""
    asked = Asked(Context.APPOINTMENT_REMINDER, language=language)
    assert load_understander()("no", asked).intent is intent
