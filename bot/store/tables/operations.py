"""Imports with their row errors, the leases that keep one scheduler at work, and what holds sending back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.sending import Brake as BrakeKind
from bot.store.columns import Id, Table, Word


class ImportRun(Table):
    """One load of a file."""

    __tablename__ = "import_runs"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(24))
    file_name: Mapped[str] = mapped_column(String(120))
    actor: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ImportFault(Table):
    """One row that was refused, or taken with a warning. Holds no patient data."""

    __tablename__ = "import_faults"

    id: Mapped[Id]
    import_id: Mapped[str] = mapped_column(ForeignKey("import_runs.id"), index=True)
    line: Mapped[int]
    column: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(240))
    warning: Mapped[bool] = mapped_column(default=False)


class Lease(Table):
    """Who may do a job that only one process may do, and until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime]


class Brake(Table):
    """The provider wants less, or nothing at all, for a while: what waits, until when, and which code says so."""

    __tablename__ = "brakes"

    kind: Mapped[BrakeKind] = mapped_column(Word(BrakeKind), primary_key=True)
    code: Mapped[int | None]
    since: Mapped[datetime]
    until: Mapped[datetime]
