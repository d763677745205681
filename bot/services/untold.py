"""Texts that the gate kept from a phone which others read, of loops that say nothing of it: a person is told once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot.core.escalation import Priority, Reason
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.store.batch import Batch
from bot.store.columns import AnyRow
from bot.store.queries import gate as queries

ALONE: Final = "speak-alone"


def tell(connection: Connection, clinic: Clinic, rows: Sequence[AnyRow], now: datetime) -> None:
    """Bring the loops behind these texts to a person, in the caller's transaction; no loop twice.

    Lessons go on by themselves, week after week: nobody would learn that none of them has been read.
    """
    behind = {row.enrollment_id: row for row in rows if row.enrollment_id is not None}
    if not behind:
        return
    batch = Batch(connection)
    for loop_id in queries.untold(connection, sorted(behind), ALONE):
        row = behind[loop_id]
        need = Need(
            reason=Reason.DELIVERY_FAILURE,
            priority=Priority.ROUTINE,
            conversation_id=row.conversation_id,
            patient_id=row.patient_id,
            enrollment_id=loop_id,
            suggestion=ALONE,
        )
        raise_to_person(batch, need, clinic=clinic, now=now)
        batch.flush()
