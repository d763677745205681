"""Cohorts looked up: which patients a condition means, in the database's own terms, and whether texts reach them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, false, func, or_, select, true

from bot.core import cohort
from bot.core.cohort import Condition, Reach, Test
from bot.core.messages import Direction
from bot.core.people import AppointmentStatus, ConsentStatus, NumberStatus, PatientStatus, Scope
from bot.store.bulk import among
from bot.store.columns import AnyRow
from bot.store.queries.scope import within
from bot.store.queries.today import ARRIVED, HAPPENED, UNANSWERED
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Enrollment,
    ListedPatient,
    Message,
    Patient,
    PatientContact,
    Recall,
    Referral,
)

AHEAD: Final = tuple(status for status in AppointmentStatus if status.is_ahead)
OVER: Final = (
    "done", "completed", "closed", "cancelled", "declined", "expired", "revoked", "rejected", "entered-in-error",
)  # fmt: skip
"""Words of the clinic's files for a recall or a referral of which nothing is left to do."""
MOST_IDS: Final = 5_000
"""So many patients are looked at in one go."""


@dataclass(frozen=True, slots=True)
class At:
    """The moment that a cohort is looked up for: `today` is the clinic's day."""

    now: datetime
    today: date

    def ago(self, days: int) -> datetime:
        """So many days before."""
        return self.now - timedelta(days=days)

    def ahead(self, days: int) -> datetime:
        """So many days on."""
        return self.now + timedelta(days=days)


def may_hold(condition: Condition, at: At) -> ColumnElement[bool]:
    """True of everybody whom the condition means; of others, too, only where it asks what no database can tell."""
    return _bound(condition, at, upper=True)


def rows(
    connection: Connection,
    condition: Condition,
    at: At,
    *,
    locations: Sequence[str],
    after: str = "",
    limit: int = MOST_IDS,
) -> Sequence[AnyRow]:
    """The next patients of whom the condition may hold, by id, with what is needed to tell whether it does.

    Each test that the database can answer, of those that are `left_over`, is a column `t0`, `t1`, … in their order.
    """
    asked = [
        _told(test, at).label(f"t{number}")
        for number, test in enumerate(cohort.leaves(cohort.left_over(condition)))
        if not isinstance(test, cohort.SLOW)
    ]
    return connection.execute(
        select(Patient.patient_id, Patient.birth_date, *asked)
        .where(Patient.patient_id > after, *_meant(condition, at, locations))
        .order_by(Patient.patient_id)
        .limit(limit)
    ).all()


def ids(
    connection: Connection,
    condition: Condition,
    at: At,
    *,
    locations: Sequence[str],
    after: str = "",
    limit: int = MOST_IDS,
) -> Sequence[str]:
    """The same, where the database can tell all of it: ids alone."""
    query = select(Patient.patient_id).where(Patient.patient_id > after, *_meant(condition, at, locations))
    return connection.execute(query.order_by(Patient.patient_id).limit(limit)).scalars().all()


def counts(
    connection: Connection, condition: Condition, at: At, *, locations: Sequence[str]
) -> Mapping[tuple[str, Reach], int]:
    """How many patients of whom the condition may hold there are, by language and by whether texts reach them."""
    standing = select(Patient.language, REACH.label("reach")).where(*_meant(condition, at, locations)).subquery()
    query = select(standing.c.language, standing.c.reach, func.count()).group_by(*standing.c)
    return {(language, Reach(reach)): number for language, reach, number in connection.execute(query)}


def counts_of(connection: Connection, patient_ids: Sequence[str]) -> Mapping[tuple[str, Reach], int]:
    """The same of these patients."""
    standing = select(Patient.language, REACH.label("reach")).where(among(connection, Patient.patient_id, patient_ids))
    rows = standing.subquery()
    query = select(rows.c.language, rows.c.reach, func.count()).group_by(*rows.c)
    return {(language, Reach(reach)): number for language, reach, number in connection.execute(query)}


def at_risk(connection: Connection, patient_ids: Sequence[str], at: At, within_days: int) -> Sequence[AnyRow]:
    """Visits of these patients until then without a yes, with what tells whether they may be missed."""
    soon = (
        select(
            Appointment.appointment_id, Appointment.patient_id, Appointment.starts_at, Appointment.created_at,
            Appointment.response,
        )
        .where(Appointment.patient_id.in_(patient_ids), *_unconfirmed(at, within_days))
        .cte("soon")
    )  # fmt: skip
    kept = Appointment.status.in_((AppointmentStatus.NOSHOW, *HAPPENED))
    missed = func.sum(case((Appointment.status == AppointmentStatus.NOSHOW, 1), else_=0)).label("missed")
    past = (
        select(Appointment.patient_id, missed, func.count().label("past"))
        .where(Appointment.patient_id.in_(select(soon.c.patient_id)), kept)
        .group_by(Appointment.patient_id)
        .subquery()
    )
    told = (
        select(
            Message.appointment_id,
            func.sum(case((Message.status.in_(ARRIVED), 1), else_=0)).label("reminders"),
            func.count().label("tried"),
        )
        .where(
            Message.appointment_id.in_(select(soon.c.appointment_id)),
            Message.direction == Direction.OUTBOUND,
            Message.kind.like("appointment/%"),
            Message.reply_to.is_(None),
        )
        .group_by(Message.appointment_id)
        .subquery()
    )
    return connection.execute(
        select(
            *soon.c,
            *(func.coalesce(column, 0).label(column.name) for column in (past.c.missed, past.c.past)),
            *(func.coalesce(column, 0).label(column.name) for column in (told.c.reminders, told.c.tried)),
        )
        .select_from(soon)
        .outerjoin(past, past.c.patient_id == soon.c.patient_id)
        .outerjoin(told, told.c.appointment_id == soon.c.appointment_id)
    ).all()


def _meant(condition: Condition, at: At, locations: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    # A record that was merged into another one is nobody any more.
    return (Patient.replaced_by.is_(None), within(Patient.patient_id, locations), may_hold(condition, at))


def _bound(condition: Condition, at: At, *, upper: bool) -> ColumnElement[bool]:
    """True of everybody of whom the condition holds (`upper`), or only of such."""
    match condition:
        case cohort.All(parts):
            return and_(true(), *(_bound(part, at, upper=upper) for part in parts))
        case cohort.Either(parts):
            return or_(false(), *(_bound(part, at, upper=upper) for part in parts))
        case cohort.Not(part):
            return ~_bound(part, at, upper=not upper)
        case cohort.Age():
            return Patient.birth_date.is_not(None) if upper else false()
        case cohort.AtRisk():
            return _has(Appointment, *_unconfirmed(at, condition.within_days)) if upper else false()
    return _told(condition, at)


def _told(test: Test, at: At) -> ColumnElement[bool]:
    """One test that the database can answer; never NULL."""
    match test:
        case cohort.Language(among=among):
            return or_(*(or_(Patient.language == tag, Patient.language.like(f"{tag}-%")) for tag in among))
        case cohort.Place(among=among):
            return _has(Appointment, Appointment.location.in_(among))
        case cohort.Consent(among=among):
            return func.coalesce(_first(_CONSENT), str(ConsentStatus.UNKNOWN)).in_(among)
        case cohort.Status(among=among):
            return Patient.status.in_(among)
        case cohort.Listed(list_id=list_id):
            return _has(ListedPatient, ListedPatient.list_id == list_id)
    return _about_care(test, at)


def _about_care(test: Test, at: At) -> ColumnElement[bool]:
    match test:
        case cohort.Upcoming():
            return _has(Appointment, *_upcoming(test, at))
        case cohort.Missed(months=months, times=times):
            missed = select(func.count()).where(
                Appointment.patient_id == Patient.patient_id,
                Appointment.starts_at.between(_months_before(at.now, months), at.now),
                Appointment.status == AppointmentStatus.NOSHOW,
            )
            return missed.scalar_subquery() >= times
        case cohort.Due(among=among, overdue_days=days):
            due = Recall.due_date <= at.today - timedelta(days=days)
            return _has(Recall, due, Recall.status.not_in(OVER), *([Recall.measure.in_(among)] if among else []))
        case cohort.Referred(specialty=specialty, older_days=days):
            named = [Referral.specialty == specialty] if specialty else []
            old = [Referral.requested_on <= at.today - timedelta(days=days)] if days else []
            return _has(Referral, Referral.status.not_in(OVER), *named, *old)
        case cohort.Spoke(side=side, within_days=days):
            return _has(Message, Message.created_at > at.ago(days), *_BY[side])
        case cohort.OnJourney():
            return _has(Enrollment, *_course(test))
    raise AssertionError(f"{type(test).__name__} is nothing that a database can tell")


_BY: Final[Mapping[str, Sequence[ColumnElement[bool]]]] = {
    cohort.Side.PATIENT: (Message.direction == Direction.INBOUND,),
    cohort.Side.CLINIC: (Message.direction == Direction.OUTBOUND, Message.status.in_(ARRIVED)),
}


def _has(table: Any, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    # EXISTS, not IN: PostgreSQL makes a join of it where it can, and where it cannot, the patient's index serves.
    return exists(select(table.patient_id).where(table.patient_id == Patient.patient_id, *where))


def _upcoming(test: cohort.Upcoming, at: At) -> Sequence[ColumnElement[bool]]:
    found = [
        Appointment.starts_at > at.now, Appointment.starts_at <= at.ahead(test.within_days),
        Appointment.status.in_(AHEAD),
    ]  # fmt: skip
    if test.service:
        found.append(Appointment.service == test.service)
    if test.location:
        found.append(Appointment.location == test.location)
    if test.response:
        found.append(Appointment.response == test.response)
    return found


def _unconfirmed(at: At, within_days: int) -> Sequence[ColumnElement[bool]]:
    return (
        Appointment.starts_at > at.now, Appointment.starts_at <= at.ahead(within_days),
        Appointment.status.in_(AHEAD), Appointment.response.in_(UNANSWERED),
    )  # fmt: skip


def _course(test: cohort.OnJourney) -> Sequence[ColumnElement[bool]]:
    found = [Enrollment.journey == test.journey]
    if test.course != cohort.Course.EVER:
        running = Enrollment.ended_at.is_(None)
        found.append(running if test.course == cohort.Course.RUNNING else ~running)
    if test.outcome:
        found.append(Enrollment.outcome == test.outcome)
    return found


def _months_before(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, 28))


_OUT = or_(ContactPoint.consent == ConsentStatus.OPTED_OUT, PatientContact.consent == ConsentStatus.OPTED_OUT)
_CONSENT = case((_OUT, str(ConsentStatus.OPTED_OUT)), else_=PatientContact.consent)
_AT_NUMBER = case(
    (_OUT, str(Reach.OPTED_OUT)),
    (
        and_(PatientContact.consent == ConsentStatus.OPTED_IN, PatientContact.scope != Scope.NOTHING),
        str(Reach.REACHED),
    ),
    else_=str(Reach.NO_CONSENT),
)


def _first(what: ColumnElement[Any]) -> ColumnElement[Any]:
    """That of the phone which planning tries first (queries/planning.contacts)."""
    query: Select[Any] = (
        select(what)
        .select_from(PatientContact)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .where(
            PatientContact.patient_id == Patient.patient_id,
            PatientContact.active.is_(True),
            ContactPoint.status == NumberStatus.ACTIVE,
        )
    )
    return query.order_by(PatientContact.rank, PatientContact.contact_point_id.desc()).limit(1).scalar_subquery()


REACH: Final = case(
    (Patient.status != PatientStatus.ACTIVE, str(Reach.STATUS)),
    (Patient.paused_since.is_not(None), str(Reach.PAUSED)),
    else_=func.coalesce(_first(_AT_NUMBER), str(Reach.NO_NUMBER)),
)
"""Whether a text would reach the patient now, as far as the record says; the gate has the last word."""
