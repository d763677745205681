"""Readings from home machines: pressure, glucose, temperature and oxygen against limits that a clinician edits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.core.understanding.numbers import (
    MOST_CM,
    Figure,
    centimetres,
    counts,
    dated,
    figures,
    paired,
    told_in_centimetres,
)
from bot.core.understanding.reading import Reading

REACH = 4
HIGH_CM = 18
BEYOND = "reading beyond its limits"
"""The rule in the evidence of a reading that was asked for and is grave; its word follows after a colon."""
DOUBTFUL = "reading to be taken again"
"""The rule in the evidence of one that is not grave, and so far off that it is measured once more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one kind of reading: outside `urgent` a nurse looks the same day, outside `emergency` it is one.

    One that is inside, and outside `again`, is measured once more before anybody looks.
    """

    low_emergency: float = float("-inf")
    low_urgent: float = float("-inf")
    high_urgent: float = float("inf")
    high_emergency: float = float("inf")
    least: float = 0.0
    most: float = 1000.0
    low_again: float = float("-inf")
    high_again: float = float("inf")

    def shows(self, value: float) -> bool:
        """Whether a machine can show it."""
        return self.least <= value <= self.most

    def judge(self, value: float) -> str | None:
        """`emergency`, `urgent` or None; None too for what no machine can show."""
        if not self.shows(value):
            return None
        if value <= self.low_emergency or value >= self.high_emergency:
            return "emergency"
        return "urgent" if value <= self.low_urgent or value >= self.high_urgent else None

    def doubts(self, value: float) -> bool:
        """Whether it is to be measured once more, grave or not."""
        return self.shows(value) and (value <= self.low_again or value >= self.high_again)


# Defaults; `locales/readings.toml` is what a clinician edits.
DEFAULTS: Mapping[str, Limits] = {
    "systolic": Limits(
        low_emergency=70, low_urgent=89, high_urgent=180, high_emergency=200, least=40, most=320, high_again=160
    ),
    "diastolic": Limits(high_urgent=110, high_emergency=120, least=20, most=200, high_again=100),
    "glucose": Limits(
        low_emergency=54, low_urgent=69, high_urgent=300, high_emergency=400, least=15, most=900, high_again=250
    ),
    "fahrenheit": Limits(low_emergency=94, high_urgent=100.4, high_emergency=105, least=80, most=115),
    "celsius": Limits(low_emergency=34.5, high_urgent=38, high_emergency=40.5, least=30, most=45),
    "oxygen": Limits(low_emergency=87, low_urgent=92, least=40, most=100, low_again=94),
    "weight": Limits(least=20, most=700),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One reading: its kind, its figure, and how grave."""

    kind: str
    figure: Figure
    grave: str | None
    is_doubtful: bool = False


def measured(reading: Reading, limits: Mapping[str, Limits], asked: frozenset[str] = frozenset()) -> list[Measured]:
    """Every reading that the text names ("sugar is 38", "180/110"), or gives to a question that named it (`asked`)."""
    found: list[Measured] = []
    given = _as_asked(_in_millimetres(reading, asked), asked)
    complete = any(figure.lower is not None for figure in given)
    for figure in given:
        if figure.clock:
            continue
        if figure.lower is not None:
            if figure.value > figure.lower and figure.value > MOST_CM:
                found.append(
                    Measured(
                        "pressure",
                        figure,
                        _worse(limits["systolic"].judge(figure.value), limits["diastolic"].judge(figure.lower)),
                        limits["systolic"].doubts(figure.value) or limits["diastolic"].doubts(figure.lower),
                    )
                )
            continue
        for kind in _kinds(_near(reading, figure) or asked, figure):
            if complete and kind == "systolic":
                continue  # The pressure has been told: what stands alone beside it is a pulse.
            one = _in_our_unit(reading, kind, figure)
            if limits[kind].shows(one.value) or _told(reading, one):
                found.append(Measured(kind, one, limits[kind].judge(one.value), limits[kind].doubts(one.value)))
    return found


def _in_millimetres(reading: Reading, asked: frozenset[str]) -> list[Figure]:
    """The figures; small pairs as pressures where one is named or a reading asked for: elsewhere "12/10" is a date."""
    found = figures(reading)
    meant = asked or reading.any("measure.pressure")
    return told_in_centimetres(reading, found) if meant else found


def _in_our_unit(reading: Reading, kind: str, figure: Figure) -> Figure:
    """The figure as the limits are written: a lone pressure in millimetres, sugar in milligrams, not grams a litre."""
    if kind == "systolic" and _single_centimetres(reading, figure):
        return replace(figure, value=figure.value * 10)
    if kind == "glucose" and 0 < figure.value < 1:
        return replace(figure, value=round(figure.value * 100))
    return figure


def _single_centimetres(reading: Reading, figure: Figure) -> bool:
    """Whether a high pressure stands alone in centimetres, next to its name: "pressão deu 20"."""
    near = any(0 <= figure.start - hit.end <= 1 for hit in reading.of("measure.pressure"))
    alone = near and not counts(reading, figure) and not dated(reading, figure)
    return alone and figure.value.is_integer() and HIGH_CM <= figure.value <= MOST_CM


def _told(reading: Reading, figure: Figure) -> bool:
    """Whether a figure that no machine shows was at least meant as one: "two tablets" and "3 days" were not."""
    return reading.words[figure.start][0].isdigit() and not counts(reading, figure)


def asked_for(prompt: Reading) -> frozenset[str]:
    """What a question asks to be measured; nothing where it names several things."""
    named = frozenset(hit.group for hit in prompt.under("measure."))
    # A pressure comes as a pair, so of "pressure or sugar" a single figure is the sugar.
    named = named - {"measure.pressure"} if len(named) == 2 else named
    return named if len(named) == 1 else frozenset()


def _as_asked(found: list[Figure], asked: frozenset[str]) -> list[Figure]:
    """Two bare numbers are a blood pressure where one was asked for."""
    if asked == {"measure.pressure"} and len(found) == 2:
        pair = paired(*found) or centimetres(*found)
        return [pair] if pair is not None else found
    return found


def _near(reading: Reading, figure: Figure) -> set[str]:
    """What the figure is said to measure: the last name before it ("sugar 98 pulse 61"), or one right after it."""
    names = reading.under("measure.")
    before = [hit for hit in names if -1 <= figure.start - hit.end <= REACH]
    last = max((hit.end for hit in before), default=0)
    return {hit.group for hit in before if hit.end == last} or {
        hit.group for hit in names if 0 <= hit.start - figure.end <= 1
    }


def _kinds(near: Collection[str], figure: Figure) -> list[str]:
    kinds = []
    if "measure.glucose" in near:
        kinds.append("glucose")
    if "measure.pressure" in near:
        kinds.append("systolic")
    if "measure.oxygen" in near:
        kinds.append("oxygen")
    if "measure.weight" in near:
        kinds.append("weight")
    if "measure.temperature" in near:
        kinds.append("celsius" if figure.value < 50 else "fahrenheit")
    return kinds


def _worse(one: str | None, other: str | None) -> str | None:
    return "emergency" if "emergency" in (one, other) else one or other
