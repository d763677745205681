"""Which marks on a scale of the clinic's own are a worry."""

from __future__ import annotations

import pytest

from bot.core.scales import is_worrying, limits


@pytest.mark.parametrize(
    ("prompt", "bad", "fine"),
    [
        ("How bad is your pain from 0 to 10?", 7, 6),
        ("¿Qué tan fuerte es su dolor, de 0 a 10?", 9, 2),
        ("Rate your pain 0-10. If it is 5 or more a nurse will call.", 5, 4),
        ("Rate your swelling 0-10; above 4 we call you.", 5, 4),
        ("Confidence with your inhaler, 0 to 10? Under 4 we will help.", 3, 4),
        ("How is your mood today, 0 to 10?", 2, 8),
        ("How well is your pain controlled, 0 to 10?", 2, 9),
        ("Your pain? 0 = worst, 10 = no pain", 1, 9),
        ("De 0 a 10, ¿cuánto dolor? 6 o más: le llamamos.", 6, 5),
    ],
)
def test_what_the_question_says_or_asks(prompt: str, bad: int, fine: int) -> None:
    assert is_worrying(bad, limits(prompt))
    assert not is_worrying(fine, limits(prompt))


@pytest.mark.parametrize(
    "prompt",
    ["How likely are you to recommend us, 0 to 10?", "Rate our portal from 0 to 10", "Was it easy to get pain pills?"],
)
def test_what_is_no_worry(prompt: str) -> None:
    assert limits(prompt) == {}
