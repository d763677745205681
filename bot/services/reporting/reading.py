"""What the pages of reports show: sums over a period, how they went, and by whom, with too small groups left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.orm import InstrumentedAttribute

from bot.core import reports
from bot.core.escalation import Priority
from bot.core.figures import LEAST, Tally, some_of
from bot.core.reports import MEASURES, Measure, Unit
from bot.core.small_cells import EVERY, Cell, hidden, with_totals
from bot.core.stats import Interval, wilson
from bot.services.reporting.roll_up import next_month
from bot.store.columns import AnyRow
from bot.store.queries import reports as queries
from bot.store.tables import Cut, Figure, Grain

DAILY: Final = 62
"""So many days are shown one by one."""
WEEKLY: Final = 190
"""So many by weeks, more by months."""
HALF: Final = 0.5
MOST: Final = 0.95

Bucket = Callable[[date], str]
SHOWN: Final = tuple(name for name, measure in MEASURES.items() if measure.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to see: from that day to that one, everywhere or somewhere."""

    first: date
    last: date
    location: str | None = None
    language: str | None = None
    places: Sequence[str] = ()
    """Where the account works; empty: everywhere."""

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> tuple[date, date]:
        """As many days before these, to compare with."""
        return self.first - timedelta(days=self.days), self.first - timedelta(days=1)

    @property
    def at(self) -> Cell:
        """The coordinates of what is asked for: place and language."""
        return tuple(EVERY if name is None else name for name in (self.location, self.language))

    @property
    def is_narrowed(self) -> bool:
        """Whether it is of some patients only."""
        return self.at != (EVERY, EVERY)


@dataclass(frozen=True, slots=True)
class Point:
    """A measure in one day, week or month, or of one group. Nothing in it where it is hidden."""

    name: str
    numerator: int = 0
    denominator: int = 0
    value: float | None = None
    interval: Interval | None = None
    is_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A measure over the period."""

    measure: Measure
    now: Point
    before: Point
    series: Sequence[Point] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A measure over the period, by everything that it can be told apart by."""

    line: Line
    by_location: Sequence[Point] = ()
    by_language: Sequence[Point] = ()
    by_age: Sequence[Point] = ()
    by_part: Sequence[Point] = ()
    spread: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    """By priority: within how many minutes half was answered, and nineteen in twenty; 0 is longer than all steps."""


def rolled_at(connection: Connection, today: date) -> datetime | None:
    """When today's figures were last worked out; None where the latest are of an earlier day."""
    return queries.rolled(connection, Grain.DAY, today).get(today)


def overview(connection: Connection, asked: Asked) -> list[Line]:
    """Every measure over the period; how it went only for the whole, since a day of some patients is seldom many."""
    if asked.is_narrowed:
        now = _narrowed(connection, asked, SHOWN, asked.first, asked.last)
        before = _narrowed(connection, asked, SHOWN, *asked.before)
        return [Line(measure=MEASURES[name], now=now[name], before=before[name]) for name in SHOWN]
    return _whole(connection, asked, SHOWN)


def detail(connection: Connection, name: str, asked: Asked) -> Detail:
    """One measure."""
    measure, place, language = MEASURES[name], *asked.at
    groups = _Table(measure, _cells(connection, Cut.AGE, name, asked, Figure.age_band))
    if asked.is_narrowed:
        line = _narrowed_line(connection, asked, measure, groups)
    else:
        (line,) = _whole(connection, asked, (name,))
    parts = _Table(measure, {})
    if measure.parts is not None:
        cells = _cells(connection, Cut.PART, name, asked, Figure.part)
        parts = _Table(measure, cells, known={cell[2] for cell in cells})
    return Detail(
        line=line,
        by_location=groups.along(0, (EVERY, language, EVERY)) if asked.location is None else (),
        by_language=groups.along(1, (place, EVERY, EVERY)) if asked.language is None else (),
        by_age=groups.along(2, (place, language, EVERY)),
        by_part=sorted(parts.along(2, (place, language, EVERY)), key=lambda point: -point.denominator),
        spread=_spread(connection, asked, parts) if measure is reports.ANSWER_TIME else {},
    )


class _Table:
    """The groups of one measure, by place, language and something else, and which of them may be shown."""

    def __init__(self, measure: Measure, cells: Mapping[Cell, Tally], *, known: Iterable[str] = ()) -> None:
        """`known`: of these in the third place everybody knows the total, since it tells no people apart."""
        self._measure = measure
        self._table = with_totals(cells)
        self._hidden = hidden(self._table, always={(EVERY, EVERY, name) for name in (EVERY, *known)})

    def point(self, cell: Cell, name: str) -> Point:
        """That group, if it may be shown."""
        if cell in self._hidden:
            return Point(name, is_hidden=True)
        return _point(self._measure, name, self._table.get(cell, Tally()))

    def along(self, axis: int, at: Cell) -> list[Point]:
        """The groups that add up to that total, in the order of their names."""
        line = (c for c in self._table if c[axis] != EVERY and (*c[:axis], EVERY, *c[axis + 1 :]) == at)
        return [self.point(cell, cell[axis]) for cell in sorted(line)]


def _point(measure: Measure, name: str, tally: Tally) -> Point:
    n, d = tally.numerator, tally.denominator
    has_interval = measure.unit is Unit.SHARE and 0 <= n <= d and d > 0
    return Point(name, n, d, measure.value(n, d), wilson(n, d) if has_interval else None)


def _whole(connection: Connection, asked: Asked, names: Sequence[str]) -> list[Line]:
    """Measures of everybody whom the account may see."""
    now: dict[str, Tally] = defaultdict(Tally)
    before: dict[str, Tally] = defaultdict(Tally)
    series: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    bucket = bucket_of(asked)
    for row in _sums(connection, asked, names, asked.first, asked.last):
        now[row.measure].add(int(row.numerator), int(row.denominator))
        series[row.measure][bucket(row.day)].add(int(row.numerator), int(row.denominator))
    for row in _sums(connection, asked, names, *asked.before):
        before[row.measure].add(int(row.numerator), int(row.denominator))
    buckets = sorted({bucket(asked.first + timedelta(days=n)) for n in range(asked.days)})
    return [
        Line(
            measure=MEASURES[name],
            now=_point(MEASURES[name], "", now[name]),
            before=_point(MEASURES[name], "", before[name]),
            series=[_point(MEASURES[name], at, series[name][at]) for at in buckets],
        )
        for name in names
    ]


def _sums(connection: Connection, asked: Asked, names: Sequence[str], first: date, last: date) -> Iterator[AnyRow]:
    for grain, spans in _spans(connection, first, last, monthly=asked.days > WEEKLY).items():
        if spans:
            yield from queries.summed(connection, grain, names, spans, locations=asked.places)


def _narrowed(
    connection: Connection, asked: Asked, names: Sequence[str], first: date, last: date
) -> Mapping[str, Point]:
    """Measures of one place or language."""
    cells: dict[str, dict[Cell, Tally]] = {name: defaultdict(Tally) for name in names}
    for row in _rows(connection, Cut.TOTAL, names, asked, (first, last), Figure.part):
        _take(cells[row.measure][row.location, row.language, ""], row)
    return {name: _Table(MEASURES[name], cells[name]).point((*asked.at, EVERY), "") for name in names}


def _narrowed_line(connection: Connection, asked: Asked, measure: Measure, groups: _Table) -> Line:
    bucket = bucket_of(asked)
    cells = _cells(connection, Cut.TOTAL, measure.name, asked, Figure.day, bucket)
    series = _Table(measure, cells, known={cell[2] for cell in cells})
    before = _narrowed(connection, asked, (measure.name,), *asked.before)
    return Line(
        measure=measure,
        now=groups.point((*asked.at, EVERY), ""),
        before=before[measure.name],
        series=series.along(2, (*asked.at, EVERY)),
    )


def _cells(
    connection: Connection,
    cut: Cut,
    name: str,
    asked: Asked,
    third: InstrumentedAttribute[Any],
    named: Callable[[Any], str] = str,
) -> dict[Cell, Tally]:
    cells: dict[Cell, Tally] = defaultdict(Tally)
    for row in _rows(connection, cut, (name,), asked, (asked.first, asked.last), third):
        _take(cells[row.location, row.language, named(row.third)], row)
    return dict(cells)


def _take(tally: Tally, row: AnyRow) -> None:
    tally.add(int(row.numerator), int(row.denominator), some_of(row.people) if len(tally.people) < LEAST else ())


def _spread(
    connection: Connection, asked: Asked, parts: _Table
) -> Mapping[str, tuple[int | None, int | None]]:
    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    span = (asked.first, asked.last)
    for row in _rows(connection, Cut.PART, (reports.ANSWER_SPREAD.name,), asked, span, Figure.part):
        if asked.location in (None, row.location) and asked.language in (None, row.language):
            priority, _, step = row.third.partition("|")
            counts[priority][int(step)] += int(row.numerator)
    shown = [name for name in Priority if name in counts and not parts.point((*asked.at, name), name).is_hidden]
    return {name: (reports.within(counts[name], HALF), reports.within(counts[name], MOST)) for name in shown}


def _rows(
    connection: Connection,
    cut: Cut,
    names: Sequence[str],
    asked: Asked,
    span: tuple[date, date],
    third: InstrumentedAttribute[Any],
) -> Iterator[AnyRow]:
    for grain, spans in _spans(connection, *span, monthly=asked.days > WEEKLY).items():
        if spans:
            yield from queries.grouped(connection, cut, grain, names, spans, by=third, locations=asked.places)


def _spans(
    connection: Connection, first: date, last: date, *, monthly: bool
) -> Mapping[Grain, Sequence[tuple[date, date]]]:
    """What to read for these days: whole months where there are figures of them, single days for the rest."""
    rolled = queries.rolled(connection, Grain.MONTH, first) if monthly else {}
    months = [month for month in sorted(rolled) if next_month(month) - timedelta(days=1) <= last]
    if not months:
        return {Grain.DAY: [(first, last)]}
    loose = []
    at = first
    for month in months:
        if at < month:
            loose.append((at, month - timedelta(days=1)))
        at = next_month(month)
    if at <= last:
        loose.append((at, last))
    return {Grain.MONTH: _runs(months), Grain.DAY: loose}


def _runs(months: Sequence[date]) -> list[tuple[date, date]]:
    """Months that follow each other are read together."""
    runs: list[tuple[date, date]] = []
    for month in months:
        if runs and next_month(runs[-1][1]) == month:
            runs[-1] = (runs[-1][0], month)
        else:
            runs.append((month, month))
    return runs


def bucket_of(asked: Asked) -> Bucket:
    """Under which day, week or month of the chart a day stands, by its first day."""
    if asked.days <= DAILY:
        return date.isoformat
    if asked.days <= WEEKLY:
        return lambda day: (asked.first + timedelta(days=(day - asked.first).days // 7 * 7)).isoformat()
    return lambda day: day.replace(day=1).isoformat()
