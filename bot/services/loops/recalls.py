"""Recalls from files: who is invited, who is not, and what ends a recall that is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from bot.core.journey import TouchState
from bot.core.people import AppointmentStatus, PatientStatus
from bot.journeys.recall import MOST_TOUCHES, MOST_TOUCHES_IN, REST
from bot.services.clinic import Clinic
from bot.services.loops.aside import to_move, to_open
from bot.services.loops.feeds import BATCH, Report, local
from bot.services.loops.opening import Opening
from bot.store.columns import AnyRow
from bot.store.queries.asides import stands_back
from bot.store.tables import Appointment, Enrollment, Patient, Recall, Touch

JOURNEY: Final = "recall"
AHEAD: Final = timedelta(days=14)
"""So long before care falls due the patient is invited."""
SEEN_FOR: Final = timedelta(days=31)
"""A visit of longer ago closes nothing any more: whatever it was for has been told of by then."""
ASKING: Final = ("asked", "reminded", "reminded_again", "where")
"""Steps in which the patient is being asked."""
ENDS: Final = {"done": "done", "declined": "declined", "excluded": "excluded"}
"""What the status of an imported row says about its open loop."""


def due(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Recalls that are due, or nearly, of patients whom the measure is for and who were not asked of late."""
    today = local(clinic, now).date()
    openings: dict[str, Opening] = {}
    for row in connection.execute(_due(today, now)).all():
        reason = _why_not(clinic, row, today)
        if reason is not None:
            values = {"status": "excluded", "extra": {**(row.extra or {}), "why": reason}, "updated_at": now}
            connection.execute(update(Recall).where(Recall.recall_id == row.recall_id).values(**values))
            continue
        openings.setdefault(
            row.patient_id,
            Opening(
                journey=JOURNEY,
                patient_id=row.patient_id,
                subject_id=row.recall_id,
                kind=row.measure,
                due_on=row.due_date,
            ),
        )
    return list(openings.values())


def _due(today: date, now: datetime) -> Select[Any]:
    known = exists().where(Enrollment.journey == JOURNEY, Enrollment.subject_id == Recall.recall_id)
    same = aliased(Enrollment)
    about = and_(same.journey == JOURNEY, same.patient_id == Recall.patient_id, same.kind == Recall.measure)
    rests = or_(
        and_(same.outcome.in_(("done", "declined", "excluded")), same.ended_at > now - REST),
        and_(same.outcome.in_(("booked", "letter")), same.ended_at > now - MOST_TOUCHES_IN),
    )
    in_hand = exists().where(about, or_(same.ended_at.is_(None), rests))
    # Two gaps are asked about one after the other: the texts say the same, and one visit may close both.
    other = aliased(Enrollment)
    being_asked = exists().where(
        other.journey == JOURNEY,
        other.patient_id == Recall.patient_id,
        other.ended_at.is_(None),
        other.step.in_(ASKING),
    )
    asked = (
        select(func.count())
        .select_from(Touch)
        .join(same, same.id == Touch.subject_id)
        .where(about, Touch.state == TouchState.QUEUED, Touch.due_at > now - MOST_TOUCHES_IN)
        .scalar_subquery()
    )
    due_now = (
        select(Recall.recall_id)
        .join(Patient, Patient.patient_id == Recall.patient_id)
        .where(
            Recall.status == "due",
            Recall.due_date <= today + AHEAD,
            Patient.status == PatientStatus.ACTIVE,
            ~known,
            ~in_hand,
            ~being_asked,
            ~stands_back(to_open(JOURNEY), Recall.recall_id, now, Recall.updated_at, Patient.updated_at),
        )
        .cte("due_now")
        # How often somebody was asked is dear to count: of the few alone for whom all else holds.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return (
        select(
            Recall.recall_id,
            Recall.patient_id,
            Recall.measure,
            Recall.due_date,
            Recall.extra,
            Patient.birth_date,
        )
        .join(due_now, due_now.c.recall_id == Recall.recall_id)
        .join(Patient, Patient.patient_id == Recall.patient_id)
        .where(asked < MOST_TOUCHES)
        .order_by(Recall.due_date, Recall.recall_id)
        .limit(BATCH)
    )


def _why_not(clinic: Clinic, row: AnyRow, today: date) -> str | None:
    measure = clinic.measures.by_id.get(row.measure)
    if measure is None:
        return None  # A payer's own list may ask for what we know nothing of.
    born = clinic.vault.maybe_open("patients.birth_date", row.patient_id, row.birth_date)
    extra = row.extra or {}
    return measure.why_not(
        born=date.fromisoformat(born) if born else None,
        today=today,
        excluded=extra.get("exclusions") or (),
        sex=extra.get("sex") or "",
    )


def settled(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Report]:
    """Open recalls of which the file says now that they are done, declined, or not for this patient."""
    del clinic
    rows = connection.execute(
        select(Enrollment.id, Recall.status)
        .join(Recall, Recall.recall_id == Enrollment.subject_id)
        .where(
            Enrollment.journey == JOURNEY,
            Enrollment.ended_at.is_(None),
            Recall.status.in_(sorted(ENDS)),
            ~stands_back(to_move(JOURNEY), Enrollment.id, now, Recall.updated_at, Enrollment.updated_at),
        )
        .limit(BATCH)
    ).all()
    return [Report(row.id, ENDS[row.status]) for row in rows]


def visited(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Report]:
    """Open recalls whose care the patient has had here, or has booked, since they were asked."""
    since = now - SEEN_FOR
    closing = _closing(clinic, _services(connection, since))
    if closing is None:
        return ()
    over = Appointment.status == AppointmentStatus.FULFILLED
    ahead = Appointment.status == AppointmentStatus.BOOKED
    rows = connection.execute(
        select(Enrollment.id, Appointment.appointment_id, Appointment.status)
        .join(Appointment, Appointment.patient_id == Enrollment.patient_id)
        .where(
            Enrollment.journey == JOURNEY,
            Enrollment.ended_at.is_(None),
            or_(
                and_(over, Appointment.starts_at >= Enrollment.created_at),
                and_(ahead, Appointment.created_at >= Enrollment.created_at),
            ),
            Appointment.starts_at > since,
            closing,
            ~stands_back(to_move(JOURNEY), Enrollment.id, now, Appointment.updated_at, Enrollment.updated_at),
        )
        .order_by(Appointment.starts_at)
        .limit(BATCH)
    ).all()
    found = {row.id: "done" if row.status is AppointmentStatus.FULFILLED else "booked" for row in rows}
    return [Report(loop, name) for loop, name in found.items()]


def _services(connection: Connection, since: datetime) -> Sequence[str]:
    """What visits were for since then, and are to be: some hundred words, which need no looking into each visit."""
    query = select(Appointment.service).where(Appointment.starts_at > since, Appointment.service != "").distinct()
    return connection.execute(query).scalars().all()


def _closing(clinic: Clinic, services: Sequence[str]) -> ColumnElement[bool] | None:
    each = []
    for measure in clinic.measures.by_id.values():
        words = [word.casefold() for word in measure.closed_by]
        theirs = [service for service in services if any(word in service.casefold() for word in words)]
        if theirs:
            each.append(and_(Enrollment.kind == measure.id, Appointment.service.in_(theirs)))
    return or_(*each) if each else None
