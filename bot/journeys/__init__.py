"""Journeys: one file each, found by discovery. Add a file with a JOURNEY, its templates and catalogue entries."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from bot.core.journey import Journey


@lru_cache(maxsize=1)
def discover() -> Mapping[str, Journey]:
    """Every journey in this folder, by name. Raises AttributeError for a file without a JOURNEY."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        journey: Journey = importlib.import_module(f"{__name__}.{module.name}").JOURNEY
        found[journey.name] = journey
    return MappingProxyType(found)
