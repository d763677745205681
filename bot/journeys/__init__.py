"""Journeys: one file each, found by discovery. Add a file with a JOURNEY, its templates and catalogue entries."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from bot.core.journey import Journey, Rank


@lru_cache(maxsize=1)
def discover() -> Mapping[str, Journey]:
    """Every journey in this folder, by name. Raises AttributeError for a file without a JOURNEY."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        journey: Journey = importlib.import_module(f"{__name__}.{module.name}").JOURNEY
        found[journey.name] = journey
    return MappingProxyType(found)


def rank_of(kind: str) -> Rank:
    """How a text of that kind ranks: as the journeys do that ask with it, else with texts of its folder."""
    ranks = _ranks()
    return ranks.get(kind, ranks.get(kind.partition("/")[0], Rank.EDUCATION))


def is_asked_for(journey: str, step: str) -> bool:
    """Whether the text of that step is one that the patient has asked for, and that no budget holds."""
    found = discover().get(journey)
    there = found.step(step) if found is not None else None
    return there is not None and there.sends is not None and there.sends.asked_for


@lru_cache(maxsize=1)
def _ranks() -> Mapping[str, Rank]:
    found: dict[str, Rank] = {}
    for journey in discover().values():
        texts = {step.text for step in journey.steps.values() if step.text}
        for kind in {journey.name, *texts, *(text.partition("/")[0] for text in texts)}:
            found[kind] = min(journey.rank, found.get(kind, journey.rank))
    return found
