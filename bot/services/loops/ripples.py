"""A visit moves or is called off: whatever hangs on it hears of that (a ride, an interpreter, an authorisation)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from bot.core.people import AppointmentStatus
from bot.services.clinic import Clinic
from bot.services.loops.moving import report
from bot.store.columns import AnyRow
from bot.store.tables import Enrollment

MOVED: Final = "visit-moved"
CANCELLED: Final = "visit-cancelled"


def spread(connection: Connection, clinic: Clinic, visits: Sequence[AnyRow], now: datetime) -> int:
    """Report to every open loop about one of these visits, which have changed, what became of it; how many moved."""
    by_id = {visit.appointment_id: visit for visit in visits}
    if not by_id:
        return 0
    rows = connection.execute(
        select(Enrollment.__table__)
        .where(Enrollment.appointment_id.in_(by_id), Enrollment.ended_at.is_(None))
        .order_by(Enrollment.id)
        .with_for_update()
    ).all()
    moved = 0
    for row in rows:
        visit = by_id[row.appointment_id]
        off = visit.status in (AppointmentStatus.CANCELLED, AppointmentStatus.ENTERED_IN_ERROR)
        name = CANCELLED if off else MOVED
        if off or (visit.status.is_ahead and visit.previous_starts_at not in (None, visit.starts_at)):
            data = {"visit_at": visit.starts_at.isoformat()}
            moved += report(connection, clinic, row, name, data=data, actor="import", now=now)
    return moved
