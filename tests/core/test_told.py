"""What patients tell in their own words, in several languages, and what only sounds like it."""

from __future__ import annotations

import pytest

from bot.core.told import DONE, NOT_CALLED, PICKED_UP, REFUSED, WENT, later_days, need_in, tells_where_and_when


@pytest.mark.parametrize(
    "words", ["I already had it", "ya me lo hice", "已经做过了", "уже сделала", "já fiz", "đã làm rồi"]
)
def test_done(words: str) -> None:
    assert DONE.search(words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("I already had it last month at CVS", True),
        ("Ya me la hice el mes pasado en CVS", True),
        ("上个月在社区医院已经做过了", True),
        ("I already had it last month", False),
        ("Ya me la hice el mes pasado", False),
        ("上个月已经做过了", False),
        ("thanks but I already had mine so no need", False),
    ],
)
def test_where_and_when(words: str, told: bool) -> None:
    assert tells_where_and_when(words) is told


@pytest.mark.parametrize("words", ["no thank you", "I want to get it done", "no quiero", "不用了"])
def test_not_done(words: str) -> None:
    assert not DONE.search(words)


@pytest.mark.parametrize("words", ["they never called me", "nobody has called", "nadie me llamó", "мне не звонили"])
def test_not_called(words: str) -> None:
    assert NOT_CALLED.search(words)
    assert not WENT.search(words)


@pytest.mark.parametrize("words", ["my insurance said no", "el seguro lo negó", "保险公司说不批", "ayaw ng insurance"])
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


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("food", "we have no food at home"),
        ("food", "I can't afford groceries this month"),
        ("food", "no tenemos comida en casa"),
        ("food", "家里没有吃的"),
        ("food", "chúng tôi không còn thức ăn"),
        ("food", "wala na kaming pagkain"),
        ("food", "집에 먹을 것이 없어요"),
        ("food", "дома нечего есть"),
        ("food", "ليس لدينا طعام في البيت"),
        ("food", "nou pa gen manje"),
        ("food", "nous n'avons plus de nourriture"),
        ("food", "não temos comida"),
        ("food", "घर में खाना नहीं है"),
        ("food", "غذا نداریم"),
        ("food", "nie mamy co jeść"),
        ("housing", "we got evicted and have nowhere to stay"),
        ("housing", "no tengo dónde vivir"),
        ("housing", "我们没有地方住"),
        ("housing", "мне негде жить"),
        ("housing", "nie mam gdzie mieszkać"),
        (None, "I have no food allergies"),
        (None, "I have no food or drink after midnight right?"),
        (None, "can I eat food before the test"),
        (None, "sin comida desde anoche, como me dijeron"),
        (None, "rien à manger depuis minuit"),
        (None, "yes I will be there"),
    ],
)
def test_needs_that_the_words_tell(kind: str | None, words: str) -> None:
    assert need_in(words) == kind
