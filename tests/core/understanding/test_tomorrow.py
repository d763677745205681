"""Words that begin or end like those that call a visit off: "de la cita", الغد (tomorrow)."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked

UNDERSTAND = load_understander()
ASKED = Asked(context=Context.APPOINTMENT_REMINDER, options=("confirm", "reschedule", "decline"))


@pytest.mark.parametrize(
    "text",
    [
        "puedo comer algo antes de la cita?",
        "puedo comer despues de la cita?",
        "متى تفتحون العيادة يوم الغد من فضلكم؟",
        "الغرفة رقم كم؟",
    ],
)
def test_a_question_calls_nothing_off(text: str) -> None:
    understood = UNDERSTAND(text, ASKED)
    assert understood.has(Intent.QUESTION)
    assert not understood.has(Intent.DECLINE)


@pytest.mark.parametrize("text", ["dele mi cita a otra persona", "الغوا موعدي", "الغي الموعد لو سمحت", "إلغاء الموعد"])
def test_what_does_still_does(text: str) -> None:
    assert UNDERSTAND(text, ASKED).intent is Intent.DECLINE
