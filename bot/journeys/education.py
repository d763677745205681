"""Education: something worth knowing, with nothing asked."""

from __future__ import annotations

from bot.core.intents import Context
from bot.core.journey import Journey, Rank, Step

JOURNEY = Journey(
    name="education",
    rank=Rank.EDUCATION,
    start="told",
    steps={"told": Step(name="told", text="education/tip", context=Context.EDUCATION, closes="told")},
)
