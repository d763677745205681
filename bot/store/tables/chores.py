"""Long work that a worker does step by step, so that nobody waits for it in a request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.chores import ChoreKind
from bot.store.columns import Id, Table, word

OPEN = text("finished_at IS NULL")


class Chore(Table):
    """One piece of long work. Each step of it is one transaction that also says here where it stands."""

    __tablename__ = "chores"
    __table_args__ = (
        # What has been done is much, what is to be done is little.
        Index("ix_chores_open", "created_at", postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_chores_author_id_created_at", "author_id", "created_at"),
        Index("ix_chores_subject_id", "subject_id"),
    )

    id: Mapped[Id]
    kind: Mapped[ChoreKind] = word(ChoreKind)
    subject_id: Mapped[str] = mapped_column(String(32))
    """The campaign, the forecast, the list."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Where it goes on; ids, counts and words only."""
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    """How much there is to do, where that is known."""
    file: Mapped[bytes | None]
    """The file that it works from, sealed as chores.file; forgotten when it is done."""
    holder: Mapped[str | None] = mapped_column(String(64))
    """Who is at it."""
    held_until: Mapped[datetime | None]
    """Without a word from them until then, somebody else goes on; after an error, nobody does before then."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often it was taken up since it last came on."""
    error: Mapped[str | None] = mapped_column(String(64))
    """Why it was given up."""
    author_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
