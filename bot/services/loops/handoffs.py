"""Discharges and refills from files: the loops that they open, and what later files say of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Select, bindparam, exists, select

from bot.core.business_days import contact_by
from bot.core.journey import Urgency
from bot.core.people import PatientStatus
from bot.journeys.transition_contact import MINUTES
from bot.services.clinic import Clinic
from bot.services.loops.aside import to_move, to_open
from bot.services.loops.feeds import BATCH, NOW, Report, local
from bot.services.loops.opening import Opening
from bot.store.columns import AnyRow
from bot.store.queries.asides import stands_back
from bot.store.tables import Appointment, Discharge, Enrollment, Patient, Refill

CHECK_INS_FOR: Final = timedelta(days=7)
CONTACT_FOR: Final = timedelta(days=14)
"""A discharge that somebody tells of later than this is no longer called about."""
REFILL_AHEAD: Final = timedelta(days=3)
REFILL_OLD: Final = timedelta(days=30)
SOON: Final = timedelta(minutes=1)


def _discharged(journey: str) -> Select[str, str, str, datetime]:
    known = exists().where(Enrollment.journey == journey, Enrollment.subject_id == Discharge.discharge_id)
    return (
        select(Discharge.discharge_id, Discharge.patient_id, Discharge.risk, Discharge.discharged_at)
        .join(Patient, Patient.patient_id == Discharge.patient_id)
        .where(
            Discharge.discharged_at > bindparam("since"),
            Patient.status == PatientStatus.ACTIVE,
            ~known,
            ~stands_back(to_open(journey), Discharge.discharge_id, NOW, Discharge.updated_at, Patient.updated_at),
        )
        .order_by(Discharge.discharged_at, Discharge.discharge_id)
        .limit(BATCH)
    )


_CHECK_INS: Final = _discharged("transition")
_CONTACTS: Final = _discharged("transition_contact")
_known = exists().where(Enrollment.journey == "medication", Enrollment.subject_id == Refill.refill_id)
_REFILLS: Final = (
    select(Refill.refill_id, Refill.patient_id, Refill.stage, Refill.due_on)
    .join(Patient, Patient.patient_id == Refill.patient_id)
    .where(
        Refill.stage.in_(("due", "ready")),
        Refill.due_on.between(bindparam("first"), bindparam("last")),
        Patient.status == PatientStatus.ACTIVE,
        ~_known,
        ~stands_back(to_open("medication"), Refill.refill_id, NOW, Refill.updated_at, Patient.updated_at),
    )
    .order_by(Refill.due_on, Refill.refill_id)
    .limit(BATCH)
)
_REFILLED: Final = (
    select(Enrollment.id, Refill.stage)
    .join(Refill, Refill.refill_id == Enrollment.subject_id)
    .where(
        Enrollment.journey == "medication",
        Enrollment.ended_at.is_(None),
        (Refill.stage.in_(("picked-up", "cancelled")))
        | ((Refill.stage == "ready") & Enrollment.step.in_(("due", "due_again"))),
        ~stands_back(to_move("medication"), Enrollment.id, NOW, Refill.updated_at, Enrollment.updated_at),
    )
    .limit(BATCH)
)


def check_ins(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Discharges of the last week whose patients are not being checked in with."""
    del clinic
    rows = connection.execute(_CHECK_INS, {"since": now - CHECK_INS_FOR, "now": now}).all()
    return [check_in(row) for row in rows]


def check_in(row: AnyRow) -> Opening:
    """The check-ins that one discharge calls for."""
    return Opening(
        journey="transition",
        patient_id=row.patient_id,
        subject_id=row.discharge_id,
        kind=row.risk,
        priority=Urgency.URGENT if row.risk == "high" else Urgency.ROUTINE,
    )


def contacts(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """The same discharges, to be called about. The clock runs from the discharge, however late the file is."""
    rows = connection.execute(_CONTACTS, {"since": now - CONTACT_FOR, "now": now}).all()
    return [contact(connection, clinic, row, now) for row in rows]


def contact(connection: Connection, clinic: Clinic, row: AnyRow, now: datetime) -> Opening:
    """The call that one discharge calls for."""
    week = clinic.set_up().week
    place = clinic.set_up().places.get(_last_place(connection, row.patient_id) or "")
    week = place.week if place is not None else week
    left = max(contact_by(row.discharged_at, week.zone, week.holidays) - now, SOON)
    return Opening(
        journey="transition_contact",
        patient_id=row.patient_id,
        subject_id=row.discharge_id,
        kind=row.risk,
        priority=Urgency.URGENT,
        data={MINUTES: str(int(left.total_seconds() // 60))},
    )


def _last_place(connection: Connection, patient_id: str) -> str | None:
    """Where the patient was seen last, or is to be: its holidays count."""
    place: str | None = connection.execute(
        select(Appointment.location)
        .where(Appointment.patient_id == patient_id)
        .order_by(Appointment.starts_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return place


def refills(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Refills that are due within days, or ready."""
    today = local(clinic, now).date()
    times = {"first": today - REFILL_OLD, "last": today + REFILL_AHEAD, "now": now}
    rows = connection.execute(_REFILLS, times).all()
    return [
        Opening(
            journey="medication",
            patient_id=row.patient_id,
            subject_id=row.refill_id,
            due_on=row.due_on,
            step=row.stage,
        )
        for row in rows
    ]


def refilled(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Report]:
    """Open refills of which a later file says that they are ready, picked up, or called off."""
    del clinic
    rows = connection.execute(_REFILLED, {"now": now}).all()
    return [Report(row.id, row.stage) for row in rows]
