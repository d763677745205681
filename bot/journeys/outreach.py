"""A message of the clinic's own with nothing asked: whatever comes back is read for its own sake."""

from __future__ import annotations

from bot.core.intents import Context
from bot.core.journey import Journey, Rank, Step

JOURNEY = Journey(
    name="outreach",
    rank=Rank.EDUCATION,
    start="told",
    steps={"told": Step(name="told", text="outreach/prompt", context=Context.NONE, closes="told")},
)
