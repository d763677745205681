"""Blood pressure told in centimetres of mercury, as in Brazil, France and Haiti: 18 por 12 is 180 over 120."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked

MEASURED = Asked(Context.CHECKIN_YES_NO, prompt="Envie a pressão ou a glicemia desta manhã.")


@pytest.mark.parametrize(
    "text", ["minha pressão está 20 por 12", "pressao 19x12", "tension 21/13", "tansyon m 20 sou 12", "pressão deu 20"]
)
def test_a_grave_pressure_in_centimetres_is_an_emergency(text: str) -> None:
    """The limits are those in millimetres."""
    assert load_understander()(text).intent is Intent.EMERGENCY


@pytest.mark.parametrize(("text", "number"), [("13 por 8", 130), ("13x8", 130), ("14/9", 140), ("128/80", 128)])
def test_an_answer_in_centimetres_is_kept_in_millimetres(text: str, number: float) -> None:
    """A pair can only be a pressure, also where pressure or sugar was asked for."""
    understood = load_understander()(text, MEASURED)
    assert (understood.intent, understood.details.number) == (Intent.NUMERIC_ANSWER, number)


@pytest.mark.parametrize("text", ["consulta da pressão dia 20/10", "remarcar a consulta da pressão pra 20/11", "25/12"])
def test_a_date_is_no_pressure(text: str) -> None:
    """Neither beside the word nor alone."""
    assert Intent.EMERGENCY not in load_understander()(text, Asked(Context.APPOINTMENT_REMINDER)).intents
