"""What patients measure at home and text: which there are, how they are written down, and their codes (LOINC, UCUM)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

READINGS: Final = "readings"
"""The journey that asks for them."""
PREFIX: Final = "reading-"
"""Of the names under which they are kept."""
FAHRENHEIT_FROM: Final = 50
_LOINC: Final = "http://loinc.org"
_UCUM: Final = "http://unitsofmeasure.org"
_KILOS: Final = re.compile(
    r"\d\s*(kg|kgs|kilos?|kilograms?|kilogramos?|kilogrammes?|quilos?|кг|кило\w*|公斤|千克|킬로\w*|كغ|كيلو|کیلو|किलो|kilo\w*)\b"
    r"|\d\s*(公斤|千克|킬로)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured: how understanding calls it, between which numbers it lies, and its codes."""

    word: str
    least: float
    most: float
    codes: tuple[tuple[str, str], ...]
    unit: str = ""
    """UCUM; empty where what was sent decides."""
    parts: tuple[tuple[str, str], ...] = ()
    """Codes of the two numbers of a pair."""
    category: str = "vital-signs"


MEASURES: Final[Mapping[str, Measure]] = {
    "pressure": Measure(
        "measure.pressure", 40, 320, (("85354-9", "Blood pressure panel with all children optional"),), "mm[Hg]",
        (("8480-6", "Systolic blood pressure"), ("8462-4", "Diastolic blood pressure")),
    ),
    "glucose": Measure(
        "measure.glucose", 15, 900, (("41653-7", "Glucose [Mass/volume] in Capillary blood by Glucometer"),), "mg/dL",
        category="laboratory",
    ),
    "temperature": Measure("measure.temperature", 30, 115, (("8310-5", "Body temperature"),)),
    "oxygen": Measure(
        "measure.oxygen", 40, 100,
        (
            ("2708-6", "Oxygen saturation in Arterial blood"),
            ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
        ),
        "%",
    ),
    "weight": Measure("measure.weight", 20, 700, (("29463-7", "Body weight"),)),
}  # fmt: skip


def written(kind: str, number: float, lower: float | None, words: str) -> str | None:
    """How the reading is kept: "128/82", "105 mg/dL", "98.6 [degF]"; None where no machine shows such a one."""
    measure = MEASURES[kind]
    if not measure.least <= number <= measure.most or (bool(measure.parts) != (lower is not None)):
        return None
    if lower is not None:
        return f"{number:g}/{lower:g} {measure.unit}" if lower < number else None
    return f"{number:g} {measure.unit or _unit(kind, number, words)}"


def _unit(kind: str, number: float, words: str) -> str:
    if kind == "temperature":
        return "[degF]" if number >= FAHRENHEIT_FROM else "Cel"
    return "kg" if _KILOS.search(words) else "[lb_av]"


def coded(name: str) -> Measure | None:
    """The measure that a value of that name is of."""
    return MEASURES.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None


def observed(measure: Measure, value: str) -> dict[str, Any]:
    """The value of a FHIR Observation: a quantity, or for a pair its two components."""
    numbers, _, unit = value.partition(" ")
    if not measure.parts:
        return {"valueQuantity": quantity(numbers, unit)}
    halves = zip(measure.parts, numbers.split("/"), strict=True)
    return {
        "component": [
            {"code": {"coding": [coding(code, display)]}, "valueQuantity": quantity(half, unit)}
            for (code, display), half in halves
        ]
    }


def quantity(number: str, unit: str) -> dict[str, Any]:
    """A FHIR Quantity in UCUM."""
    return {"value": float(number), "unit": unit, "system": _UCUM, "code": unit}


def coding(code: str, display: str) -> dict[str, str]:
    """A LOINC code."""
    return {"system": _LOINC, "code": code, "display": display}
