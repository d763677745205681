"""Visits that were missed: each opens the follow-up that asks kindly, or asks what was in the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, exists, select
from sqlalchemy.orm import aliased

from bot.core.journey import Urgency
from bot.core.people import AppointmentStatus, PatientStatus
from bot.services.clinic import Clinic
from bot.services.confidence import in_confidence
from bot.services.loops.aside import to_open
from bot.services.loops.feeds import BATCH, NOW
from bot.services.loops.opening import Opening
from bot.store.columns import AnyRow
from bot.store.queries import planning
from bot.store.queries.asides import stands_back
from bot.store.tables import Appointment, Enrollment, Patient

A_YEAR: Final = timedelta(days=365)

_earlier = aliased(Appointment)
_known = exists().where(Enrollment.journey == "no_show", Enrollment.subject_id == Appointment.appointment_id)
_before = exists().where(
    _earlier.patient_id == Appointment.patient_id,
    _earlier.status == AppointmentStatus.NOSHOW,
    _earlier.starts_at < Appointment.starts_at,
    _earlier.starts_at > bindparam("a_year_ago"),
)
_MISSED: Final = (
    select(
        Appointment.appointment_id,
        Appointment.patient_id,
        Appointment.service,
        Appointment.location,
        _before.label("again"),
    )
    .join(Patient, Patient.patient_id == Appointment.patient_id)
    .where(
        Appointment.starts_at >= bindparam("since"),
        Appointment.starts_at < bindparam("until"),
        Appointment.status == AppointmentStatus.NOSHOW,
        Patient.status == PatientStatus.ACTIVE,
        ~_known,
        ~stands_back(to_open("no_show"), Appointment.appointment_id, NOW, Appointment.updated_at, Patient.updated_at),
    )
    .order_by(Appointment.starts_at, Appointment.appointment_id)
    .limit(BATCH)
)


def missed(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Visits that were missed yesterday or today: a kind word for the first, a question for those after it."""
    zone = ZoneInfo(clinic.settings.clinic_timezone)
    today = now.astimezone(zone).date()
    since = datetime.combine(today - timedelta(days=1), time(0), zone)
    until = datetime.combine(today + timedelta(days=1), time(0), zone)
    times = {"since": since, "until": until, "a_year_ago": since - A_YEAR, "now": now}
    rows = connection.execute(_MISSED, times).all()
    kept = _kept(connection, clinic, rows, now)
    return [
        Opening(
            journey="no_show",
            patient_id=row.patient_id,
            subject_id=row.appointment_id,
            step="call-discreetly" if row.appointment_id in kept else "why" if row.again else None,
            priority=Urgency.URGENT if row.again else Urgency.ROUTINE,
            data={"again": "yes"} if row.again else {},
        )
        for row in rows
    ]


def _kept(connection: Connection, clinic: Clinic, rows: Sequence[AnyRow], now: datetime) -> frozenset[str]:
    """Those of these visits of which no text may tell on the phone that texts about loops go to."""
    private = [row for row in rows if clinic.sensitive.is_one(row.service, row.location)]
    first = planning.contacts(connection, [row.patient_id for row in private]) if private else {}
    pairs = {(patient_id, contact.contact_point_id) for patient_id, contact in first.items()}
    may = {patient_id for patient_id, _phone in in_confidence(connection, clinic, pairs, now)}
    return frozenset(row.appointment_id for row in private if row.patient_id not in may)
