"""Loops that were put aside, as coordinators see them: whose, of what kind, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.queries import asides
from bot.store.vault import Undecryptable

A_PAGE: Final = 50
COUNTED: Final = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One of them."""

    journey: str
    opens: bool
    """Whether it could not be opened; else it is open and could not be moved."""
    loop_id: str | None
    patient_id: str
    patient: str
    reason: str
    tries: int
    at: datetime
    again_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of them, and from where the next one goes on."""

    rows: Sequence[Row]
    after: str | None


def listed(clinic: Clinic, connection: Connection, locations: Sequence[str], after: str | None) -> Listed:
    """A page, the latest first; `after` is the mark of the page before."""
    rows = asides.told(connection, locations, after=_mark(after), limit=A_PAGE + 1)
    last = rows[A_PAGE - 1] if len(rows) > A_PAGE else None
    mark = f"{last.at.isoformat()}~{last.work}~{last.subject_id}" if last is not None else None
    return Listed([_row(clinic, row) for row in rows[:A_PAGE]], mark)


def count(connection: Connection, locations: Sequence[str]) -> int:
    """How many there are, a thousand at most."""
    return asides.how_many(connection, locations, COUNTED)


def _mark(after: str | None) -> tuple[datetime, str, str] | None:
    at, _, rest = (after or "").partition("~")
    work, _, subject = rest.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, work, subject) if moment.tzinfo is not None else None


def _row(clinic: Clinic, row: AnyRow) -> Row:
    what, _, journey = row.work.partition(":")
    opens = what == "open"
    return Row(
        journey=journey,
        opens=opens,
        loop_id=None if opens else row.subject_id,
        patient_id=row.patient_id,
        patient=_name(clinic, row),
        reason=row.reason,
        tries=row.tries,
        at=row.at,
        again_at=row.again_at,
    )


def _name(clinic: Clinic, row: AnyRow) -> str:
    try:
        given = clinic.vault.maybe_open("patients.given_name", row.patient_id, row.given_name) or ""
        family = clinic.vault.maybe_open("patients.family_name", row.patient_id, row.family_name) or ""
    except Undecryptable:
        # That may be why it is here.
        return str(row.patient_id)
    return f"{given} {family}".strip() or str(row.patient_id)
