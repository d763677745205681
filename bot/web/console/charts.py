"""Bars of a chart as numbers for SVG: worked out here, drawn by templates, so that no script and no style is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

from bot.services.reporting.reading import Point

WIDTH: Final = 600.0
HEIGHT: Final = 160.0
GAP: Final = 0.22
"""Of the width of a bar."""
LEAST: Final = 1.5
"""A bar that is not nothing can be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, by its corner and size; with `is_hidden` a mark that there is something that is not shown."""

    point: Point
    x: float
    y: float
    width: float
    height: float
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars under a round top."""

    bars: Sequence[Bar]
    top: float
    width: float = WIDTH
    height: float = HEIGHT


def columns(points: Sequence[Point], *, most: float | None = None) -> Chart:
    """A bar for each point; `most` is the highest that a value can be, where there is such a thing."""
    top = round_up(max((point.value or 0 for point in points), default=0))
    top = min(top, most) if most is not None else top
    step = WIDTH / max(len(points), 1)
    return Chart([_bar(point, step * at, step, top) for at, point in enumerate(points)], top)


def _bar(point: Point, x: float, step: float, top: float) -> Bar:
    value = point.value or 0
    tall = HEIGHT if point.is_hidden else max(HEIGHT * value / top, LEAST if value else 0) if top else 0
    return Bar(
        point, round(x + step * GAP / 2, 2), round(HEIGHT - tall, 2), round(step * (1 - GAP), 2), round(tall, 2),
        point.is_hidden,
    )  # fmt: skip


def length(value: float | None, most: float) -> float:
    """How long a bar beside a table's row is, of 100."""
    return round(100 * (value or 0) / most, 1) if most else 0


def round_up(value: float) -> float:
    """The next 1, 2, 2.5 or 5 of its size."""
    if value <= 0:
        return 0
    size = 10.0 ** floor(log10(value))
    steps = (1, 2, 2.5, 5, 10)
    return next(step * size for step in steps if ceil(value / size * 1e6) <= step * 1e6)
