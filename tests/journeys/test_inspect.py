"""Every journey that is found holds together, and inspection sees what would not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.cli.journeys import SAMPLE
from bot.core.inspect import faults, mermaid
from bot.core.intents import Intent
from bot.core.journey import Journey, Move, Rank, Step
from bot.journeys import discover
from bot.runtime import text_keys


@pytest.mark.parametrize("name", sorted(discover()))
def test_a_journey_has_no_fault(name: str) -> None:
    assert faults(discover()[name], text_keys(), SAMPLE) == ()


@pytest.mark.parametrize("name", sorted(discover()))
def test_a_journey_can_be_drawn(name: str) -> None:
    journey = discover()[name]
    drawing = mermaid(journey, SAMPLE)
    assert drawing.startswith("stateDiagram-v2")
    assert all(step in drawing for step in journey.steps)


ASK = Step("ask", "x/ask", on={Intent.CONFIRM: Move("nowhere")})
BROKEN = Journey("x", "ask", {"ask": ASK, "lost": Step("lost", "x/lost")}, Rank.RECALL)


def test_inspection_names_every_fault() -> None:
    found = "\n".join(faults(BROKEN, frozenset({"x/ask"}), SAMPLE))
    assert "there is no text x/lost" in found
    assert "leads to nowhere" in found
    assert "lost: nothing leads here" in found
    assert "does not say what silence means" in found
    assert "starts at other" in "\n".join(faults(replace(BROKEN, start="other"), frozenset(), SAMPLE))
