"""Referrals from files: a loop for each that is open, moved by what later files say of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, exists, func, or_, select

from bot.core.journey import Urgency
from bot.core.people import PatientStatus
from bot.journeys.referral import BY_IMPORT, JOURNEY, STAFF, VISIT_IN, begins, step_of
from bot.services.clinic import Clinic
from bot.services.loops.aside import to_move, to_open
from bot.services.loops.feeds import BATCH, NOW, Report, local
from bot.services.loops.opening import Opening
from bot.store.columns import AnyRow
from bot.store.queries.asides import stands_back
from bot.store.tables import Enrollment, Patient, Referral

NAME: Final = JOURNEY.name
OPEN: Final = ("active", "on-hold")
OURS_STILL: Final = ("denied", "declined", "attended")
"""Where the request itself has come to its end in FHIR's words, and the loop has not: a no to be taken up, a report to
be fetched."""
OVER: Final = tuple(name for name in STAFF if JOURNEY.steps[step_of(name)].closes)
TOO_OLD: Final = timedelta(days=180)
"""A referral asked for before that is no news to anybody."""
STAGE: Final = "stage"
"""Key in the data: what a file said last of where it stands."""
_LONGEST_KIND: Final = 64

_known = exists().where(Enrollment.journey == NAME, Enrollment.subject_id == Referral.referral_id)
_OPENED: Final = (
    select(Referral.__table__)
    .join(Patient, Patient.patient_id == Referral.patient_id)
    .where(
        or_(Referral.status.in_(OPEN), Referral.stage.in_(OURS_STILL)),
        func.coalesce(Referral.stage, "").not_in(OVER),
        or_(Referral.requested_on.is_(None), Referral.requested_on > bindparam("too_old")),
        Patient.status == PatientStatus.ACTIVE,
        ~_known,
        ~stands_back(to_open(NAME), Referral.referral_id, NOW, Referral.updated_at, Patient.updated_at),
    )
    .order_by(Referral.referral_id)
    .limit(BATCH)
)
_MOVED: Final = (
    select(Enrollment.id, Referral.stage, Referral.scheduled_on)
    .join(Referral, Referral.referral_id == Enrollment.subject_id)
    .where(
        Enrollment.journey == NAME,
        Enrollment.ended_at.is_(None),
        Referral.stage.is_not(None),
        Referral.stage != func.coalesce(Enrollment.data[STAGE].as_string(), ""),
        ~stands_back(to_move(NAME), Enrollment.id, NOW, Referral.updated_at, Enrollment.updated_at),
    )
    .limit(BATCH)
)


def opened(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Opening]:
    """Referrals that are open and have no loop yet; each begins where its file says that it stands."""
    today = local(clinic, now).date()
    rows = connection.execute(_OPENED, {"too_old": today - TOO_OLD, "now": now}).all()
    return [_opening(clinic, row, today) for row in rows]


def _opening(clinic: Clinic, row: AnyRow, today: date) -> Opening:
    to = clinic.vault.maybe_open("referrals.referred_to", row.referral_id, row.referred_to) or ""
    waited = (today - row.requested_on).days if row.requested_on is not None else 0
    over = row.scheduled_on is not None and row.scheduled_on < today
    data = {STAGE: row.stage or "", **_visit_in(row, today)}
    if row.urgency is not Urgency.ROUTINE:
        data["soon"] = "yes"
    return Opening(
        journey=NAME,
        patient_id=row.patient_id,
        subject_id=row.referral_id,
        kind=row.specialty[:_LONGEST_KIND],
        priority=row.urgency,
        data=data,
        details={"referred_to": to} if to else {},
        step=begins(row.stage or "", row.urgency, waited, over),
    )


def moved(connection: Connection, clinic: Clinic, now: datetime) -> Sequence[Report]:
    """Open loops of which a later file says something else; what it said is kept, so that each word is told once."""
    today = local(clinic, now).date()
    return [
        Report(row.id, row.stage, {"by": BY_IMPORT, **_visit_in(row, today)}, kept={STAGE: row.stage})
        for row in connection.execute(_MOVED, {"now": now})
    ]


def _visit_in(row: AnyRow, today: date) -> dict[str, str]:
    return {VISIT_IN: str(max(0, (row.scheduled_on - today).days))} if row.scheduled_on is not None else {}
