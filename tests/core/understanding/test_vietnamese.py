"""Vietnamese is typed without its marks, so that words which differ only by them fall together."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked


def _meant(text: str, context: Context = Context.APPOINTMENT_REMINDER) -> Intent:
    return load_understander()(text, Asked(context, language="vi")).intent


@pytest.mark.parametrize("text", ["Không, khó thở lắm", "không đi nổi đau ngực quá", "đau họng khó thở"])
def test_a_no_before_a_danger_denies_it_only_where_it_touches(text: str) -> None:
    """`không` answers, negates another verb, or is the throat of a patient: none of that takes the danger back."""
    assert _meant(text) is Intent.EMERGENCY


@pytest.mark.parametrize("text", ["tôi không đau ngực", "khong bi kho tho hay dau nguc"])
def test_a_danger_denied_is_none(text: str) -> None:
    """Right before it, and on through `or`."""
    assert _meant(text, Context.NONE) is not Intent.EMERGENCY


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("dung", Intent.UNCLEAR),
        ("dừng", Intent.OPT_OUT),
        ("Dừng nha", Intent.OPT_OUT),
        ("đúng", Intent.CONFIRM),
        ("đúng rồi", Intent.CONFIRM),
        ("dừng nhắn tin", Intent.OPT_OUT),
        ("ngừng thuốc được không bác sĩ", Intent.QUESTION),
    ],
)
def test_dung_without_its_marks_says_nothing(text: str, intent: Intent) -> None:
    """Stop, right, use and don't are one word without marks: the marks decide, or else the word beside it."""
    assert _meant(text) is intent


@pytest.mark.parametrize("text", ["2h30", "9g30 sáng", "14 giờ", "3g"])
def test_times_as_written_in_viet_nam(text: str) -> None:
    """A time alone asks for that time; it is no answer from a scale."""
    assert _meant(text) is Intent.RESCHEDULE


def test_what_goes_on_now_is_no_past_danger() -> None:
    """`tuần rồi` is last week, `hôm nay` today, and the fever is today's."""
    assert _meant("vô thuốc hóa trị tuần rồi, hôm nay rét run 39 độ", Context.NONE) is Intent.EMERGENCY
