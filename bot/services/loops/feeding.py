"""What the clinic's files bring becomes loops: each feeder opens those of its rows that have none yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select

from bot.core.people import PatientStatus
from bot.services.clinic import Clinic
from bot.services.loops.opening import Opening, open_loop
from bot.store.database import once_more
from bot.store.tables import Enrollment, Patient, Recall

BATCH: Final = 200
AHEAD: Final = timedelta(days=14)
"""So long before care falls due the patient is invited."""

Feeder: TypeAlias = Callable[[Connection, Clinic, date], Sequence[Opening]]


def recalls(connection: Connection, clinic: Clinic, today: date) -> Sequence[Opening]:
    """Recalls that are due, or nearly."""
    del clinic
    known = exists().where(Enrollment.journey == "recall", Enrollment.subject_id == Recall.recall_id)
    rows = connection.execute(
        select(Recall.recall_id, Recall.patient_id, Recall.measure, Recall.due_date)
        .join(Patient, Patient.patient_id == Recall.patient_id)
        .where(
            Recall.status == "due",
            Recall.due_date <= today + AHEAD,
            Patient.status == PatientStatus.ACTIVE,
            ~known,
        )
        .order_by(Recall.due_date, Recall.recall_id)
        .limit(BATCH)
    ).all()
    return [
        Opening(
            journey="recall",
            patient_id=row.patient_id,
            subject_id=row.recall_id,
            kind=row.measure,
            due_on=row.due_date,
        )
        for row in rows
    ]


FEEDERS: Final[tuple[Feeder, ...]] = (recalls,)


def feed(clinic: Clinic, now: datetime) -> int:
    """Open every loop that the rows call for; how many. Raises DatabaseDown. Safe to be killed: a batch at a time."""
    opened = 0
    for feeder in FEEDERS:
        while fresh := _batch(clinic, feeder, now):
            opened += fresh
    return opened


@once_more
def _batch(clinic: Clinic, feeder: Feeder, now: datetime) -> int:
    today = now.astimezone(ZoneInfo(clinic.settings.clinic_timezone)).date()
    with clinic.database.begin() as connection:
        openings = feeder(connection, clinic, today)
        return sum(open_loop(connection, clinic, opening, now, actor="import") is not None for opening in openings)
