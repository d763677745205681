"""Chores: which one is next, who is at it, where it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from bot.core.chores import ChoreKind
from bot.store.columns import AnyRow
from bot.store.tables import Chore


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Something is asked for."""
    connection.execute(insert(Chore).values(**row))


def one(connection: Connection, chore_id: str | None) -> AnyRow | None:
    """One of them."""
    if chore_id is None:
        return None
    return connection.execute(select(Chore.__table__).where(Chore.id == chore_id)).first()


def free(connection: Connection, now: datetime, *, chore_id: str | None = None) -> AnyRow | None:
    """The oldest that nobody is at, or that one if nobody is; locked where the database can."""
    query = select(Chore.__table__).where(
        Chore.finished_at.is_(None), or_(Chore.held_until.is_(None), Chore.held_until <= now)
    )
    if chore_id is not None:
        query = query.where(Chore.id == chore_id)
    return connection.execute(query.order_by(Chore.created_at).limit(1).with_for_update(skip_locked=True)).first()


def any_free(connection: Connection, now: datetime) -> bool:
    """Whether there is one that nobody is at."""
    query = select(1).where(Chore.finished_at.is_(None), or_(Chore.held_until.is_(None), Chore.held_until <= now))
    return connection.execute(query.limit(1)).first() is not None


def held(connection: Connection, chore_id: str, holder: str) -> bool:
    """Whether that one is still to be done by them; locked for the rest of the transaction."""
    query = select(Chore.id).where(Chore.id == chore_id, Chore.holder == holder, Chore.finished_at.is_(None))
    return connection.execute(query.with_for_update()).first() is not None


def change(connection: Connection, chore_id: str, now: datetime, **values: Any) -> None:
    """Set these columns."""
    connection.execute(update(Chore).where(Chore.id == chore_id).values(updated_at=now, **values))


def of(connection: Connection, author_id: str, kind: ChoreKind, *, since: datetime, limit: int) -> Sequence[AnyRow]:
    """What that person has asked for since then, the newest first."""
    return connection.execute(
        select(*(column for column in Chore.__table__.c if column.name != "file"))
        .where(Chore.author_id == author_id, Chore.created_at >= since, Chore.kind == kind)
        .order_by(Chore.created_at.desc(), Chore.id.desc())
        .limit(limit)
    ).all()


def is_stuck(connection: Connection, subject_id: str) -> bool:
    """Whether what was asked for last about it was given up."""
    query = select(Chore.error).where(Chore.subject_id == subject_id).order_by(Chore.created_at.desc(), Chore.id.desc())
    return connection.execute(query.limit(1)).scalar_one_or_none() is not None


def about(connection: Connection, subject_ids: Collection[str], kind: ChoreKind) -> Mapping[str, AnyRow]:
    """What is not done yet, by what it is about."""
    rows = connection.execute(
        select(Chore.subject_id, Chore.done, Chore.total, Chore.error).where(
            Chore.finished_at.is_(None), Chore.kind == kind, Chore.subject_id.in_(subject_ids)
        )
    )
    return {row.subject_id: row for row in rows}
