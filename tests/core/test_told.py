"""What patients tell in their own words, in several languages, and what only sounds like it."""

from __future__ import annotations

import pytest

from bot.core.told import DONE, NOT_CALLED, PICKED_UP, REFUSED, WENT, later_days


@pytest.mark.parametrize(
    "words", ["I already had it", "ya me lo hice", "已经做过了", "уже сделала", "já fiz", "đã làm rồi"]
)
def test_done(words: str) -> None:
    assert DONE.search(words)


@pytest.mark.parametrize("words", ["no thank you", "I want to get it done", "no quiero", "不用了"])
def test_not_done(words: str) -> None:
    assert not DONE.search(words)


@pytest.mark.parametrize("words", ["they never called me", "nobody has called", "nadie me llamó", "мне не звонили"])
def test_not_called(words: str) -> None:
    assert NOT_CALLED.search(words)
    assert not WENT.search(words)


@pytest.mark.parametrize("words", ["my insurance said no", "el seguro lo negó", "保险公司说不批"])
def test_refused(words: str) -> None:
    assert REFUSED.search(words)
    assert not NOT_CALLED.search(words)


def test_the_rest() -> None:
    assert WENT.search("I went last week")
    assert PICKED_UP.search("picked it up yesterday")
    assert not PICKED_UP.search("when can I pick it up?")


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("ask me in two weeks", 14),
        ("en 2 semanas", 14),
        ("через месяц", 30),
        ("两周后再问", 14),
        ("3개월 후", 90),
        ("in 1 day", 3),
        ("in 99 months", 365),
        ("later", None),
    ],
)
def test_when_to_ask_again(words: str, days: int | None) -> None:
    assert later_days(words) == days
