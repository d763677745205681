"""Reports as rows of a file: each figure with what it is of, what it is divided by, and whether it is hidden."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.core.reports import Measure, Unit
from bot.services.reporting.reading import Asked, Detail, Line, Point

COLUMNS: Final = (
    "measure", "from", "to", "location", "language", "cut", "group", "numerator", "numerator_is", "denominator",
    "denominator_is", "value", "unit", "low_95", "high_95", "hidden",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t")


def of_lines(lines: Iterable[Line], asked: Asked) -> Iterator[str]:
    """Measures over a period, the time before, and how they went."""
    yield _written(COLUMNS)
    for line in lines:
        yield from _of_line(line, asked)


def of_detail(found: Detail, asked: Asked) -> Iterator[str]:
    """One measure by everything that it can be told apart by."""
    measure = found.line.measure
    yield _written(COLUMNS)
    yield from _of_line(found.line, asked)
    cuts = (
        (str(measure.parts), found.by_part), ("location", found.by_location), ("language", found.by_language),
        ("age", found.by_age),
    )  # fmt: skip
    for cut, points in cuts:
        yield from (_row(measure, asked, cut, point) for point in points)


def _of_line(line: Line, asked: Asked) -> Iterator[str]:
    yield _row(line.measure, asked, "total", line.now)
    earlier = Asked(first=asked.before[0], last=asked.before[1], location=asked.location, language=asked.language)
    yield _row(line.measure, earlier, "before", line.before)
    yield from (_row(line.measure, asked, "time", point) for point in line.series)


def _row(measure: Measure, asked: Asked, cut: str, point: Point) -> str:
    known = [] if point.is_hidden else [point.numerator, point.denominator]
    low, high = (point.interval.low, point.interval.high) if point.interval is not None else (None, None)
    value = point.value * 100 if point.value is not None and measure.unit is Unit.SHARE else point.value
    return _written((
        measure.name, asked.first, asked.last, _safe(asked.location or ""), asked.language or "", cut,
        _safe(point.name), known[0] if known else "", measure.numerator, known[1] if known else "",
        measure.denominator, _rounded(value), "per cent" if measure.unit is Unit.SHARE else measure.unit,
        _rounded(low, 100), _rounded(high, 100), "yes" if point.is_hidden else "",
    ))  # fmt: skip


def _rounded(value: float | None, scale: float = 1) -> str:
    return "" if value is None else f"{value * scale:.4g}" if abs(value * scale) < 1000 else f"{value * scale:.0f}"


def _safe(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(FORMULA) else name


def _written(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
