"""Break-glass: opening a patient of elsewhere for a reason, for four hours, in sight of every supervisor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, insert, select

from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.columns import new_id
from bot.store.queries import inbox as inbox_queries
from bot.store.queries.scope import patients_of
from bot.store.tables import BreakGlass

LASTS: Final = timedelta(hours=4)
SHORTEST: Final = 10
LONGEST: Final = 500
LISTED: Final = 50

_ROW = insert(BreakGlass.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One use of it, for whoever reviews it."""

    user_id: str
    name: str
    patient_id: str
    reason: str
    at: datetime
    until: datetime


def open_up(
    clinic: Clinic, *, kind: str, object_id: str, reason: str, user_id: str, now: datetime
) -> Sequence[str] | None:
    """Open the patients of that object to that person; who they are. None when the reason says nothing.

    `kind` is a route's parameter name, such as `conversation_id`.
    """
    words = " ".join(reason.split())[:LONGEST]
    if len(words) < SHORTEST:
        return None
    with clinic.database.begin() as connection:
        patients = patients_of(connection, kind, object_id)
        for patient_id in patients:
            row_id = new_id()
            sealed = clinic.vault.seal("break_glass.reason", row_id, words)
            row = {"id": row_id, "user_id": user_id, "patient_id": patient_id, "reason": sealed}
            connection.execute(_ROW, {**row, "at": now, "until": now + LASTS})
            audit.record(
                connection, at=now, actor=user_id, action="break-glass", object_type="patient", object_id=patient_id,
                detail={"until": (now + LASTS).isoformat(), "reason": row_id},
            )  # fmt: skip
    return patients


def is_open(connection: Connection, *, kind: str, object_id: str, user_id: str, now: datetime) -> bool:
    """Whether that person has opened a patient of that object, and the time is not over."""
    patients = patients_of(connection, kind, object_id)
    query = select(BreakGlass.id).where(
        BreakGlass.user_id == user_id, BreakGlass.patient_id.in_(patients), BreakGlass.until > now
    )
    return bool(patients) and connection.execute(query.limit(1)).first() is not None


def latest(clinic: Clinic, connection: Connection) -> Sequence[Opening]:
    """The latest uses with their reasons, the newest first."""
    query = select(BreakGlass.__table__).order_by(BreakGlass.at.desc(), BreakGlass.id.desc()).limit(LISTED)
    rows = connection.execute(query).all()
    names = inbox_queries.names_of(connection, {row.user_id for row in rows})
    return [
        Opening(
            user_id=row.user_id,
            name=names.get(row.user_id, ""),
            patient_id=row.patient_id,
            reason=clinic.vault.open("break_glass.reason", row.id, row.reason),
            at=row.at,
            until=row.until,
        )
        for row in rows
    ]
