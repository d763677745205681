"""Loops as coordinators see them: what is overdue, what is ours to do, one loop with its history, and its owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from bot.core.dialogue import ONCE
from bot.core.escalation import EscalationStatus
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.loops.opening import details_of
from bot.store.columns import AnyRow
from bot.store.queries.inbox import names_of
from bot.store.queries.loops import VISITS
from bot.store.queries.scope import within
from bot.store.queries.slots import JOURNEY as WAITLIST
from bot.store.tables import Enrollment, EnrollmentMove, Escalation, Message, Patient

A_PAGE: Final = 50
KEPT_HISTORY: Final = 100
MOST_CASES: Final = 10
COUNTED: Final = 1000
RECENTLY: Final = timedelta(days=30)
VIEWS: Final = ("overdue", "office", "patient", "ended")


@dataclass(frozen=True, slots=True)
class Row:
    """One loop in the list."""

    id: str
    journey: str
    kind: str
    step: str
    outcome: str | None
    priority: str
    patient_id: str
    patient: str
    office_step: str | None
    due_at: datetime | None
    owner: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of loops, and from where the next one goes on."""

    rows: Sequence[Row]
    after: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """One loop with all that is known of it."""

    row: Row
    details: Mapping[str, str]
    history: Sequence[AnyRow]
    names: Mapping[str, str]
    texts: Sequence[AnyRow]
    cases: Sequence[AnyRow]
    """What waits for a person on account of it."""


def _is_loop() -> ColumnElement[bool]:
    # A conversation that was started once is no loop, and what was asked about visits stands with the visits.
    return and_(Enrollment.journey != VISITS, Enrollment.data[ONCE].as_string().is_(None))


def _of(view: str, now: datetime) -> ColumnElement[bool]:
    going_on = Enrollment.ended_at.is_(None)
    owed = and_(going_on, Enrollment.office_step.is_not(None))
    match view:
        case "overdue":
            return and_(owed, Enrollment.office_due_at < now)
        case "office":
            return owed
        case "ended":
            return Enrollment.ended_at > now - RECENTLY
        case _:
            return and_(going_on, Enrollment.office_step.is_(None))


def listed(
    clinic: Clinic,
    connection: Connection,
    *,
    view: str,
    journey: str | None,
    locations: Sequence[str],
    after: str | None,
    now: datetime,
) -> Listed:
    """A page of one view, what is due first at the top; `after` is the mark of the page before."""
    moment = func.coalesce(Enrollment.office_due_at, Enrollment.wake_at, Enrollment.created_at)
    chosen = [_is_loop(), _of(view, now), within(Enrollment.patient_id, locations)]
    if journey:
        chosen.append(Enrollment.journey == journey)
    if after and (mark := _mark(after)):
        at, last = mark
        chosen.append(or_(moment > at, and_(moment == at, Enrollment.id > last)))
    rows = connection.execute(_query().where(*chosen).order_by(moment, Enrollment.id).limit(A_PAGE + 1)).all()
    names = names_of(connection, {row.owner_id for row in rows if row.owner_id})
    page = [_row(clinic, row, names) for row in rows[:A_PAGE]]
    if len(rows) <= A_PAGE:
        return Listed(page, None)
    last_row = rows[A_PAGE - 1]
    at = last_row.office_due_at or last_row.wake_at or last_row.created_at
    return Listed(page, f"{at.isoformat()}~{last_row.id}")


def counts(connection: Connection, locations: Sequence[str], now: datetime) -> Mapping[str, int]:
    """How many there are in the first two views, a thousand at most."""
    found = {}
    for view in VIEWS[:2]:
        some = select(Enrollment.id).where(_is_loop(), _of(view, now), within(Enrollment.patient_id, locations))
        found[view] = connection.execute(select(func.count()).select_from(some.limit(COUNTED).subquery())).scalar_one()
    return found


def _mark(after: str) -> tuple[datetime, str] | None:
    at, _, last = after.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, last) if moment.tzinfo is not None else None


def _query() -> Any:
    return select(*Enrollment.__table__.c, Patient.given_name, Patient.family_name).join(
        Patient, Patient.patient_id == Enrollment.patient_id
    )


def _row(clinic: Clinic, row: AnyRow, names: Mapping[str, str]) -> Row:
    given = clinic.vault.maybe_open("patients.given_name", row.patient_id, row.given_name) or ""
    family = clinic.vault.maybe_open("patients.family_name", row.patient_id, row.family_name) or ""
    return Row(
        id=row.id,
        journey=row.journey,
        kind="" if row.journey == WAITLIST else row.kind,  # an id, there
        step=row.step,
        outcome=row.outcome,
        priority=row.priority,
        patient_id=row.patient_id,
        patient=f"{given} {family}".strip() or row.patient_id,
        office_step=row.office_step,
        due_at=row.office_due_at or row.wake_at,
        owner=names.get(row.owner_id, "") if row.owner_id else "",
        created_at=row.created_at,
    )


def whole(clinic: Clinic, connection: Connection, loop_id: str) -> Whole | None:
    """One loop; None where there is none of that id."""
    row = connection.execute(_query().where(Enrollment.id == loop_id, Enrollment.journey != VISITS)).first()
    if row is None:
        return None
    history = connection.execute(
        select(EnrollmentMove.__table__)
        .where(EnrollmentMove.enrollment_id == loop_id)
        .order_by(EnrollmentMove.at.desc(), EnrollmentMove.id.desc())
        .limit(KEPT_HISTORY)
    ).all()
    texts = connection.execute(
        select(Message.id, Message.kind, Message.status, Message.created_at, Message.conversation_id)
        .where(Message.enrollment_id == loop_id, Message.patient_id == row.patient_id)
        .order_by(Message.created_at.desc())
        .limit(20)
    ).all()
    cases = connection.execute(
        select(Escalation.id, Escalation.reason, Escalation.respond_by)
        .where(
            Escalation.patient_id == row.patient_id,
            Escalation.enrollment_id == loop_id,
            Escalation.status != EscalationStatus.RESOLVED,
        )
        .order_by(Escalation.priority_rank, Escalation.created_at)
        .limit(MOST_CASES)
    ).all()
    names = names_of(connection, {move.actor for move in history} | ({row.owner_id} if row.owner_id else set()))
    return Whole(_row(clinic, row, names), details_of(clinic, row.id, row.details), history, names, texts, cases)


def own(clinic: Clinic, *, loop_id: str, owner_id: str | None, actor_id: str, now: datetime) -> bool:
    """Somebody sees to it from now on (None: nobody does); whether there is such a loop."""
    with clinic.database.begin() as connection:
        values = {"owner_id": owner_id, "updated_at": now}
        changed = connection.execute(update(Enrollment).where(Enrollment.id == loop_id).values(**values))
        if changed.rowcount == 0:
            return False
        audit.record(
            connection, at=now, actor=actor_id, action="loop.owner", object_type="loop", object_id=loop_id,
            detail={"owner": owner_id},
        )  # fmt: skip
    return True
