"""The numbers that a clinic sets for campaigns and fuses; the built-in ones hold where it has set none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bot.core.fuses import DEFAULTS, Limit, Limits
from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.tables import ClinicLimit


def read_limits(connection: Connection) -> Limits:
    """All of them."""
    rows = connection.execute(select(ClinicLimit.name, ClinicLimit.value))
    known = {str(limit) for limit in Limit}
    return Limits({Limit(row.name): row.value for row in rows if row.name in known})


def set_limit(clinic: Clinic, limit: Limit, value: float | None, *, actor_id: str, now: datetime) -> None:
    """Set one; None: the built-in one holds again. Raises ValueError for a negative one."""
    if value is not None and not 0 <= value <= 1e9:
        raise ValueError("a limit is a number from 0 on")
    with clinic.database.begin() as connection:
        before = read_limits(connection)[limit]
        connection.execute(delete(ClinicLimit).where(ClinicLimit.name == limit))
        if value is not None:
            connection.execute(insert(ClinicLimit).values(name=limit, value=value, updated_at=now))
        detail = {"limit": limit, "from": before, "to": DEFAULTS[limit] if value is None else value}
        audit.record(
            connection, at=now, actor=actor_id, action="limit.change", object_type="limit", object_id=limit,
            detail=detail,
        )  # fmt: skip
