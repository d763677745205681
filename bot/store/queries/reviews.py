"""Approvals of patients' texts. At most one stands for each text and language, so what stands is a small table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from bot.store.columns import AnyRow
from bot.store.tables import Review

HISTORY: Final = 20

_STANDING: Final = select(
    Review.id, Review.text_key, Review.language, Review.source_digest, Review.text_digest, Review.reviewer,
    Review.qualification, Review.at,
).where(Review.withdrawn_at.is_(None))  # fmt: skip


def standing(connection: Connection, language: str | None = None) -> Sequence[AnyRow]:
    """Approvals that nobody has withdrawn or replaced, in one language or in all; whether they fit is not asked."""
    query = _STANDING if language is None else _STANDING.where(Review.language == language)
    return connection.execute(query).all()


def history(connection: Connection, text_key: str, language: str) -> Sequence[AnyRow]:
    """Every approval of this text in this language, the newest first."""
    query = select(Review.__table__).where(Review.text_key == text_key, Review.language == language)
    return connection.execute(query.order_by(Review.at.desc(), Review.id.desc()).limit(HISTORY)).all()


def end(connection: Connection, text_key: str, language: str, now: datetime) -> bool:
    """Nothing approves this text in this language any more; whether anything did."""
    done = connection.execute(
        update(Review)
        .where(Review.text_key == text_key, Review.language == language, Review.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
    return done.rowcount > 0


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """A new approval."""
    connection.execute(insert(Review).values(**values))
