"""Column types and the declarative root that every table shares."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData, Row, String
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of some query, its columns by name."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored and returned in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC on the way in; SQLite keeps no zone, so the text there is UTC too."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Aware UTC on the way out."""
        if value is None:
            return None
        if value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """A StrEnum stored as its own word."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum], length: int = 24) -> None:
        super().__init__(length)
        self.words = words
        self.length = length
        # A look-up costs a fifth of the enumeration's own call, and a page reads thousands of words.
        self._known = {str(member): member for member in words}

    def process_bind_param(self, value: StrEnum | str | None, _dialect: Dialect) -> str | None:
        """The word; anything that is none of them is refused."""
        return None if value is None else str(self.words(value))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> StrEnum | None:
        """The member."""
        return None if value is None else self._known.get(value) or self.words(value)


class Table(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, bytes: LargeBinary, str: String}  # noqa: RUF012


Id = Annotated[str, mapped_column(String(32), primary_key=True)]
ExternalId = Annotated[str, mapped_column(String(128), primary_key=True)]


def word(words: type[StrEnum], **options: Any) -> Any:
    """A column that holds one of these words."""
    return mapped_column(Word(words), **options)


def new_id() -> str:
    """A fresh row id: 32 hex digits, a version 7 UUID, so that new rows lie together in an index."""
    # time.time_ns, not clock.now: only the order of ids matters, and nothing ever reads a time out of one.
    stamp = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (stamp & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & ((1 << 62) - 1)
    return f"{value:032x}"
