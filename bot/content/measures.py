"""Measures from the file that a clinic edits."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from bot.content.lint import Finding
from bot.content.paths import data_root
from bot.core.measures import Measure, Measures

FILE = "measures.toml"
TEXTS = "templates/messages/recall"
_NUMBERS, _PAIR = ("every_months",), 2


def measures_file() -> Path:
    """Where it lies."""
    return data_root() / "locales" / FILE


def load_measures(path: Path | None = None) -> Measures:
    """All measures; none where the file is missing. Raises ValueError with one line where it cannot be read."""
    place = path or measures_file()
    if not place.is_file():
        return Measures()
    try:
        tables = tomllib.loads(place.read_text(encoding="utf-8"))
        return Measures({name: _measure(name, table) for name, table in tables.items()})
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise ValueError(f"{place.name}: {error}") from None


def _measure(name: str, table: dict[str, object]) -> Measure:
    kept = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    ages = kept.get("ages")
    if ages is not None and not (isinstance(ages, tuple) and len(ages) == _PAIR and all(type(n) is int for n in ages)):
        raise TypeError(f"[{name}] ages: two whole numbers")
    return Measure(id=name, **kept)  # type: ignore[arg-type]


def measure_findings(root: Path | None = None) -> list[Finding]:
    """What is wrong with the measures, and where a text about recalls names one that is sensitive."""
    base = root or data_root()
    place = base / "locales" / FILE
    measures = load_measures(place)
    found = [Finding(place, fault) for fault in measures.faults()]
    for file in sorted((base / TEXTS).glob("*.txt")):
        text = file.read_text(encoding="utf-8").casefold()
        for measure in measures.by_id.values():
            words = (measure.id, *measure.also)
            if measure.sensitive and any(re.search(rf"\b{re.escape(word.casefold())}\b", text) for word in words):
                found.append(Finding(file, f"names {measure.id}, which no text may"))
    return found
