"""A visit moves or is called off: whatever hangs on it hears of that (a ride, an interpreter, an authorisation)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import Connection, select

from bot.core.people import AppointmentStatus
from bot.services.clinic import Clinic
from bot.services.loops import interpreters
from bot.services.loops.moving import report
from bot.store.columns import AnyRow
from bot.store.tables import Enrollment

MOVED: Final = "visit-moved"
CANCELLED: Final = "visit-cancelled"
Told: TypeAlias = tuple[AnyRow, str, Mapping[str, str]]
"""A visit that has changed, the name of what happened to it, and what goes with that."""


def spread(connection: Connection, clinic: Clinic, visits: Sequence[AnyRow], now: datetime) -> int:
    """Report to every open loop about one of these visits, which have changed, what became of it; how many moved.

    What the clinic has booked elsewhere for such a visit (an interpreter) has no loop until then: one is opened.
    """
    changed = {visit.appointment_id: told for visit in visits if (told := _told(visit)) is not None}
    if not changed:
        return 0
    rows = connection.execute(
        select(Enrollment.__table__)
        .where(Enrollment.appointment_id.in_(changed), Enrollment.ended_at.is_(None))
        .order_by(Enrollment.id)
        .with_for_update()
    ).all()
    moved = 0
    for row in rows:
        _visit, name, data = changed[row.appointment_id]
        moved += report(connection, clinic, row, name, data=data, actor="import", now=now)
    return moved + interpreters.tell_of(connection, clinic, list(changed.values()), now)


def _told(visit: AnyRow) -> Told | None:
    """What is to be told of it; None where it takes place as it was."""
    off = visit.status in (AppointmentStatus.CANCELLED, AppointmentStatus.ENTERED_IN_ERROR)
    if not off and not (visit.status.is_ahead and visit.previous_starts_at not in (None, visit.starts_at)):
        return None
    return visit, CANCELLED if off else MOVED, {"visit_at": visit.starts_at.isoformat()}
