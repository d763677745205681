"""Visits that were missed: each opens the follow-up that asks kindly, or asks what was in the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select
from sqlalchemy.orm import aliased

from bot.core.journey import Urgency
from bot.core.people import AppointmentStatus, PatientStatus
from bot.services.clinic import Clinic
from bot.services.loops.aside import to_open
from bot.services.loops.feeds import BATCH
from bot.services.loops.opening import Opening
from bot.store.queries.asides import stands_back
from bot.store.tables import Appointment, Enrollment, Patient

A_YEAR: Final = timedelta(days=365)


def missed(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Visits that were missed yesterday or today: a kind word for the first, a question for those after it."""
    zone = ZoneInfo(clinic.settings.clinic_timezone)
    today = now.astimezone(zone).date()
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
            ~stands_back(
                to_open("no_show"), Appointment.appointment_id, now, Appointment.updated_at, Patient.updated_at
            ),
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
