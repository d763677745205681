"""Lessons by what files say that a patient has, and the question how a visit was, by what the calendar says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, exists, or_, select
from sqlalchemy.orm import aliased

from bot.core.people import AppointmentStatus, PatientStatus
from bot.core.series import PREGNANCY, PREGNANCY_LOST
from bot.services.clinic import Clinic
from bot.services.loops.aside import to_move, to_open
from bot.services.loops.feeds import BATCH, NOW, Report
from bot.services.loops.opening import Opening
from bot.store.queries.asides import stands_back
from bot.store.queries.life import FOR_LONG
from bot.store.tables import Appointment, Condition, Enrollment, Finding, Patient

SERIES: Final = "series"
FEEDBACK: Final = "feedback"
VISITED_WITHIN: Final = timedelta(days=2)
BY_NEXT_MORNING: Final = timedelta(hours=16)
"""So long after a visit began it is night, or early: the text goes out at the next ten in the morning."""
ASKED_EVERY: Final = timedelta(days=90)
"""Nobody is asked how a visit was more often than that."""


def by_condition(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Whoever has a condition that a series is about, and has not been told it. Only what is signed begins."""
    signed = [name for name, series in clinic.series.by_name.items() if series.plan]
    if not signed:
        return ()
    told = exists().where(
        Enrollment.journey == SERIES,
        Enrollment.patient_id == Condition.patient_id,
        Enrollment.kind == Condition.series,
    )
    lost = and_(
        Condition.series.in_(PREGNANCY),
        exists().where(
            Finding.patient_id == Condition.patient_id,
            Finding.name == PREGNANCY_LOST,
            Finding.at > now - FOR_LONG,
        ),
    )
    rows = connection.execute(
        select(Condition.patient_id, Condition.series)
        .join(Patient, Patient.patient_id == Condition.patient_id)
        .where(
            Condition.series.in_(signed),
            Condition.active.is_(True),
            Patient.status == PatientStatus.ACTIVE,
            ~told,
            ~lost,
            ~stands_back(
                to_open(SERIES), Condition.patient_id + ":" + Condition.series, now, Condition.updated_at,
                Patient.updated_at,
            ),
        )
        .distinct()
        .order_by(Condition.patient_id, Condition.series)
        .limit(BATCH)
    ).all()
    return [
        Opening(
            journey=SERIES,
            patient_id=row.patient_id,
            subject_id=f"{row.patient_id}:{row.series}"[:128],
            kind=row.series,
        )
        for row in rows
    ]


_still = aliased(Condition)
_OVER: Final = (
    select(Enrollment.id)
    .join(Condition, and_(Condition.patient_id == Enrollment.patient_id, Condition.series == Enrollment.kind))
    .where(
        Enrollment.journey == SERIES,
        Enrollment.ended_at.is_(None),
        Condition.active.is_(False),
        Condition.updated_at > Enrollment.created_at,
        ~stands_back(to_move(SERIES), Enrollment.id, NOW, Condition.updated_at, Enrollment.updated_at),
        ~exists().where(
            _still.patient_id == Enrollment.patient_id, _still.series == Enrollment.kind, _still.active.is_(True)
        ),
    )
    .distinct()
    .limit(BATCH)
)


def over(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Report]:
    """Lessons on something that the patient has no more, by a file that has come since they began."""
    del clinic
    rows = connection.execute(_OVER, {"now": now}).all()
    return [Report(row.id, "stopped") for row in rows]


def after_visits(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Whoever has been here, where the clinic asks how visits were, and was not asked of late."""
    if not clinic.settings.visit_feedback:
        return ()
    asked = exists().where(
        Enrollment.journey == FEEDBACK,
        Enrollment.patient_id == Appointment.patient_id,
        or_(Enrollment.ended_at.is_(None), Enrollment.created_at > now - ASKED_EVERY),
    )
    rows = connection.execute(
        select(Appointment.appointment_id, Appointment.patient_id, Appointment.starts_at)
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .where(
            Appointment.status == AppointmentStatus.FULFILLED,
            Appointment.starts_at.between(now - VISITED_WITHIN, now),
            Patient.status == PatientStatus.ACTIVE,
            ~asked,
            ~stands_back(to_open(FEEDBACK), Appointment.appointment_id, now, Appointment.updated_at),
        )
        .order_by(Appointment.starts_at, Appointment.appointment_id)
        .limit(BATCH)
    ).all()
    latest = {row.patient_id: row for row in rows}
    return [
        Opening(
            journey=FEEDBACK,
            patient_id=row.patient_id,
            subject_id=row.appointment_id,
            begins=row.starts_at + BY_NEXT_MORNING,
        )
        for row in latest.values()
    ]
