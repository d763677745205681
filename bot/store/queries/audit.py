"""The audit trail, by time and filters, a page at a time; and the lines of a stretch of its chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, select, tuple_

from bot.store.columns import AnyRow
from bot.store.tables import AuditEntry

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which lines: those of a time, and of one person, action or object where one is named."""

    since: datetime
    until: datetime
    actor: str = ""
    action: str = ""
    object_id: str = ""


def page(connection: Connection, filters: Filters, *, before: int | None, limit: int = PAGE) -> Sequence[AnyRow]:
    """The newest lines before that one, and one more, which tells that there are older ones."""
    query = _wanted(filters)
    if before is not None:
        last = select(AuditEntry.at).where(AuditEntry.seq == before).scalar_subquery()
        query = query.where(tuple_(AuditEntry.at, AuditEntry.seq) < tuple_(last, before))
    newest = query.order_by(AuditEntry.at.desc(), AuditEntry.seq.desc()).limit(limit + 1)
    return connection.execute(newest).all()


def _wanted(filters: Filters) -> Select[tuple[object, ...]]:
    query = select(AuditEntry.__table__).where(AuditEntry.at >= filters.since, AuditEntry.at < filters.until)
    if filters.actor:
        query = query.where(AuditEntry.actor == filters.actor)
    if filters.action:
        query = query.where(AuditEntry.action == filters.action)
    if filters.object_id:
        query = query.where(AuditEntry.object_id == filters.object_id)
    return query


def stretch(connection: Connection, first: int, last: int, *, limit: int) -> Sequence[AnyRow]:
    """The chain's lines from `first` to `last` with the one before them, the newest first, `limit` at most."""
    rows = connection.execute(
        select(AuditEntry.__table__)
        .where(AuditEntry.seq >= first, AuditEntry.seq <= last)
        .order_by(AuditEntry.seq.desc())
        .limit(limit)
    ).all()
    if not rows:
        return rows
    before = (
        select(AuditEntry.__table__).where(AuditEntry.seq < rows[-1].seq).order_by(AuditEntry.seq.desc()).limit(1)
    )
    return [*rows, *connection.execute(before)]
