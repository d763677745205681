"""Events in patients' lives that change what they may be told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from bot.core.series import PREGNANCY_LOST
from bot.store.tables import Finding

FOR_LONG: Final = timedelta(days=300)
"""So long nothing about a pregnancy is begun for whoever has lost one, whatever a file says."""


def lost_lately(connection: Connection, patient_id: str, now: datetime) -> bool:
    """Whether a pregnancy of this patient's has been lost, by what was reported."""
    query = select(Finding.id).where(
        Finding.patient_id == patient_id, Finding.name == PREGNANCY_LOST, Finding.at > now - FOR_LONG
    )
    return connection.execute(query.limit(1)).first() is not None
