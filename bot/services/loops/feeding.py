"""What the clinic's files bring becomes loops: each feeder opens those of its rows that have none yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select
from sqlalchemy.orm import aliased

from bot.core.journey import Urgency
from bot.core.people import AppointmentStatus, PatientStatus
from bot.services.clinic import Clinic
from bot.services.loops.opening import Opening, open_loop
from bot.store.database import once_more
from bot.store.tables import Appointment, Enrollment, Patient, Recall

BATCH: Final = 200
AHEAD: Final = timedelta(days=14)
"""So long before care falls due the patient is invited."""
A_YEAR: Final = timedelta(days=365)

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


def missed(connection: Connection, clinic: Clinic, today: date) -> Sequence[Opening]:
    """Visits that were missed yesterday or today: a kind word for the first, a question for those after it."""
    zone = ZoneInfo(clinic.settings.clinic_timezone)
    since = datetime.combine(today - timedelta(days=1), time(0), zone)
    until = datetime.combine(today + timedelta(days=1), time(0), zone)
    known = exists().where(Enrollment.journey == "no_show", Enrollment.subject_id == Appointment.appointment_id)
    earlier = aliased(Appointment)
    before = exists().where(
        earlier.patient_id == Appointment.patient_id,
        earlier.status == AppointmentStatus.NOSHOW,
        earlier.starts_at < Appointment.starts_at,
        earlier.starts_at > since - A_YEAR,
    )
    rows = connection.execute(
        select(Appointment.appointment_id, Appointment.patient_id, before.label("again"))
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .where(
            Appointment.starts_at >= since,
            Appointment.starts_at < until,
            Appointment.status == AppointmentStatus.NOSHOW,
            Patient.status == PatientStatus.ACTIVE,
            ~known,
        )
        .order_by(Appointment.starts_at, Appointment.appointment_id)
        .limit(BATCH)
    ).all()
    return [
        Opening(
            journey="no_show",
            patient_id=row.patient_id,
            subject_id=row.appointment_id,
            step="why" if row.again else None,
            priority=Urgency.URGENT if row.again else Urgency.ROUTINE,
            data={"again": "yes"} if row.again else {},
        )
        for row in rows
    ]


FEEDERS: Final[tuple[Feeder, ...]] = (recalls, missed)


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
