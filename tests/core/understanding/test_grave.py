"""What is grave is told from what only sounds so: by what was asked, by what has passed, by two signs together."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked

TAKEN = Asked(Context.CHECKIN_YES_NO, prompt="Did you take your medicine today? Reply YES or NO.")
MEASURED = Asked(Context.CHECKIN_YES_NO, prompt="Please send this morning's blood pressure or blood sugar reading.")


@pytest.mark.parametrize("text", ["took all my pills", "yes, took all of my meds with breakfast", "me tome todas hoy"])
def test_that_all_pills_were_taken_is_the_answer_where_it_was_asked(text: str) -> None:
    """Elsewhere it is an overdose until somebody has looked."""
    assert load_understander()(text, TAKEN).intent is Intent.CONFIRM


@pytest.mark.parametrize("text", [
    "took all my pills at once", "took all my pills, I want to die", "took the whole bottle",
])  # fmt: skip
def test_an_overdose_is_one_whatever_was_asked(text: str) -> None:
    assert load_understander()(text, TAKEN).intent is Intent.EMERGENCY


def test_an_overdose_out_of_the_blue() -> None:
    assert load_understander()("took all my pills").intent is Intent.EMERGENCY


@pytest.mark.parametrize(("text", "grave"), [
    ("had chest pain last week but im ok now", False),
    ("had chest pain last week and it is back now", True),
    ("la semana pasada me dolio el pecho, ya estoy bien", False),
    ("la semana pasada me dolio el pecho y hoy otra vez", True),
    ("gave birth two weeks ago and have a fever and chills", True),
    ("fell last week, bruise on hip", False),
])  # fmt: skip
def test_what_is_over_is_past_and_what_is_back_is_not(text: str, grave: bool) -> None:
    assert (load_understander()(text).intent is Intent.EMERGENCY) is grave


@pytest.mark.parametrize(
    ("text", "grave"), [("82/50", False), ("82/50 and feel faint", True), ("118/76 felt faint", False)]
)
def test_a_reading_for_a_nurse_and_a_sign_beside_it_do_not_wait(text: str, grave: bool) -> None:
    assert (load_understander()(text, MEASURED).intent is Intent.EMERGENCY) is grave
