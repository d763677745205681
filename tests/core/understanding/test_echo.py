"""A question that only says again what was offered, and is answered in the same breath, asks nothing."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked

INVITED = Asked(Context.RECALL_INVITE, language="en")


@pytest.mark.parametrize("text", ["Mammogram? Yes, book it", "flu shot? sure"])
def test_an_echo_that_is_answered_is_a_yes(text: str) -> None:
    assert load_understander()(text, INVITED).intents == (Intent.CONFIRM,)


@pytest.mark.parametrize("text", ["Mammogram?", "Yes. What for?", "where is the new clinic at? yes book it"])
def test_what_asks_something_stays_a_question(text: str) -> None:
    assert load_understander()(text, INVITED).has(Intent.QUESTION)
