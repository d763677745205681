"""Figures as they are kept: written a day at a time, read by measure over days and months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from bot.store.columns import AnyRow
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Cut, Figure, Grain, RollUp

_ADD: Final = insert(Figure.__table__)  # type: ignore[arg-type]
_COLUMNS: Final = (
    Figure.cut, Figure.grain, Figure.measure, Figure.day, Figure.location, Figure.language, Figure.age_band,
    Figure.part, Figure.numerator, Figure.denominator, Figure.people,
)  # fmt: skip


def rolled(connection: Connection, grain: Grain, since: date) -> Mapping[date, datetime]:
    """Which days or months have been worked out, and when."""
    query = select(RollUp.day, RollUp.at).where(RollUp.grain == grain, RollUp.day >= since)
    return {row.day: row.at for row in connection.execute(query)}


def claim(connection: Connection, grain: Grain, day: date, *, at: datetime) -> None:
    """Note that it has been worked out, and keep anybody else from doing so until the transaction ends."""
    fresh = {"grain": grain, "day": day, "at": at}
    connection.execute(insert_or_ignore(connection, RollUp.__table__), fresh)
    connection.execute(update(RollUp).where(RollUp.grain == grain, RollUp.day == day).values(at=at))


def replace(
    connection: Connection, grain: Grain, day: date, *, measures: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Put these figures in place of what stood there for that day or month."""
    connection.execute(
        # Every column of the key up to the day, so that its index leads there.
        delete(Figure).where(
            Figure.cut.in_(tuple(Cut)), Figure.grain == grain, Figure.measure.in_(measures), Figure.day == day
        )
    )
    if rows:
        connection.execute(_ADD, list(rows))


def of_month(connection: Connection, cut: Cut, measures: Sequence[str], first: date, last: date) -> Sequence[AnyRow]:
    """Every figure of these days, one by one."""
    return connection.execute(
        select(*_COLUMNS).where(
            Figure.cut == cut, Figure.grain == Grain.DAY, Figure.measure.in_(measures), _within([(first, last)])
        )
    ).all()


def grouped(
    connection: Connection,
    cut: Cut,
    grain: Grain,
    measures: Sequence[str],
    days: Sequence[tuple[date, date]],
    *,
    by: InstrumentedAttribute[Any],
    locations: Sequence[str] = (),
) -> Sequence[AnyRow]:
    """The figures of these measures from such days or months to such, by place, language and one thing more, `third`.

    `people` are the digests of all their rows, in hexadecimal one after the other.
    """
    hexed = func.hex(Figure.people) if connection.dialect.name == "sqlite" else func.encode(Figure.people, "hex")
    keys = (Figure.measure, Figure.location, Figure.language, by)
    query = (
        select(
            *keys[:3], by.label("third"), func.sum(Figure.numerator).label("numerator"),
            func.sum(Figure.denominator).label("denominator"), func.aggregate_strings(hexed, "").label("people"),
        )
        .where(Figure.cut == cut, Figure.grain == grain, Figure.measure.in_(measures), _within(days))
        .group_by(*keys)
    )  # fmt: skip
    return connection.execute(query.where(Figure.location.in_(locations)) if locations else query).all()


def summed(
    connection: Connection,
    grain: Grain,
    measures: Sequence[str],
    days: Sequence[tuple[date, date]],
    *,
    locations: Sequence[str],
) -> Sequence[AnyRow]:
    """The figures of all groups of these places together, by measure and day or month, for the clinic's own view."""
    query = (
        select(
            Figure.measure, Figure.day, func.sum(Figure.numerator).label("numerator"),
            func.sum(Figure.denominator).label("denominator"),
        )
        .where(
            Figure.cut == Cut.TOTAL, Figure.grain == grain, Figure.measure.in_(measures), _within(days),
        )
        .group_by(Figure.measure, Figure.day)
    )  # fmt: skip
    if locations:
        query = query.where(Figure.location.in_(locations))
    return connection.execute(query).all()


def _within(days: Sequence[tuple[date, date]]) -> ColumnElement[bool]:
    return or_(*(Figure.day.between(first, last) for first, last in days))
