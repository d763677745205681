"""Recalls from files: who is invited, who is not, and what ends a recall that is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from bot.core.journey import TouchState
from bot.core.people import AppointmentStatus, PatientStatus
from bot.journeys.recall import MOST_TOUCHES
from bot.services.clinic import Clinic
from bot.services.loops.aside import to_move, to_open
from bot.services.loops.feeds import BATCH, NOW, Report, local
from bot.services.loops.opening import Opening
from bot.store.columns import AnyRow
from bot.store.queries import recalls
from bot.store.queries.asides import stands_back
from bot.store.queries.recalls import rests
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

_same = aliased(Enrollment)
_about = and_(_same.journey == JOURNEY, _same.patient_id == Recall.patient_id, _same.kind == Recall.measure)
# Two gaps are asked about one after the other: the texts say the same, and one visit may close both.
_other = aliased(Enrollment)
_being_asked = exists().where(
    _other.journey == JOURNEY,
    _other.patient_id == Recall.patient_id,
    _other.ended_at.is_(None),
    _other.step.in_(ASKING),
)
_asked = (
    select(func.count())
    .select_from(Touch)
    .join(_same, _same.id == Touch.subject_id)
    .where(_about, Touch.state == TouchState.QUEUED, Touch.due_at > bindparam("asked_since"))
    .scalar_subquery()
)
_due_now = (
    select(Recall.recall_id)
    .join(Patient, Patient.patient_id == Recall.patient_id)
    .where(
        Recall.status == "due",
        Recall.due_date <= bindparam("soon"),
        Patient.status == PatientStatus.ACTIVE,
        ~exists().where(Enrollment.journey == JOURNEY, Enrollment.subject_id == Recall.recall_id),
        ~exists().where(_about, or_(_same.ended_at.is_(None), rests(_same))),
        ~_being_asked,
        ~stands_back(to_open(JOURNEY), Recall.recall_id, NOW, Recall.updated_at, Patient.updated_at),
    )
    .cte("due_now")
    # How often somebody was asked is dear to count: of the few alone for whom all else holds.
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_DUE: Final = (
    select(Recall.recall_id, Recall.patient_id, Recall.measure, Recall.due_date, Recall.extra, Patient.birth_date)
    .join(_due_now, _due_now.c.recall_id == Recall.recall_id)
    .join(Patient, Patient.patient_id == Recall.patient_id)
    .where(_asked < MOST_TOUCHES)
    .order_by(Recall.due_date, Recall.recall_id)
    .limit(BATCH)
)
_SETTLED: Final = (
    select(Enrollment.id, Recall.status)
    .join(Recall, Recall.recall_id == Enrollment.subject_id)
    .where(
        Enrollment.journey == JOURNEY,
        Enrollment.ended_at.is_(None),
        Recall.status.in_(sorted(ENDS)),
        ~stands_back(to_move(JOURNEY), Enrollment.id, NOW, Recall.updated_at, Enrollment.updated_at),
    )
    .limit(BATCH)
)
_SERVICES: Final = (
    select(Appointment.service).where(Appointment.starts_at > bindparam("since"), Appointment.service != "").distinct()
)


def due(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Recalls that are due, or nearly, of patients whom the measure is for and who were not asked of late."""
    today = local(clinic, now).date()
    openings: dict[str, Opening] = {}
    times = {"soon": today + AHEAD, "now": now, **recalls.times(now)}
    for row in connection.execute(_DUE, times).all():
        key = clinic.measures.key_of(row.measure)
        if key != row.measure:
            # From before the measure had this name; looked at under its name in the next round.
            renamed = update(Recall).where(Recall.recall_id == row.recall_id)
            connection.execute(renamed.values(measure=key, updated_at=now))
            continue
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
    rows = connection.execute(_SETTLED, {"now": now}).all()
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
                # Booked before anybody asked counts as well: payers' lists are months behind.
                and_(ahead, or_(Appointment.starts_at > now, Appointment.created_at >= Enrollment.created_at)),
            ),
            Appointment.starts_at > since,
            closing,
            ~stands_back(to_move(JOURNEY), Enrollment.id, NOW, Appointment.updated_at, Enrollment.updated_at),
        )
        .order_by(Appointment.starts_at)
        .limit(BATCH),
        {"now": now},
    ).all()
    found = {row.id: "done" if row.status is AppointmentStatus.FULFILLED else "booked" for row in rows}
    return [Report(loop, name) for loop, name in found.items()]


def _services(connection: Connection, since: datetime) -> Sequence[str]:
    """What visits were for since then, and are to be: some hundred words, which need no looking into each visit."""
    return connection.execute(_SERVICES, {"since": since}).scalars().all()


def _closing(clinic: Clinic, services: Sequence[str]) -> ColumnElement[bool] | None:
    each = []
    for measure in clinic.measures.by_id.values():
        words = [word.casefold() for word in measure.closed_by]
        theirs = [service for service in services if any(word in service.casefold() for word in words)]
        if theirs:
            each.append(and_(Enrollment.kind == measure.id, Appointment.service.in_(theirs)))
    return or_(*each) if each else None
