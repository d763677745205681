"""Silence is an event: enrollments that have waited long enough for an answer, or for the office, move on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection, bindparam, select, update

from bot.core.gate_reasons import NO_NUMBER, UNREACHED
from bot.core.journey import END, UNREACHABLE, Happened, Journey, QuestionState, Silence, TouchState, waits
from bot.core.messages import MessageStatus
from bot.core.people import AppointmentStatus, Participation
from bot.journeys import discover
from bot.journeys.appointment import JOURNEY as VISIT
from bot.journeys.appointment import OVER_AFTER
from bot.services.clinic import Clinic
from bot.services.loops.moving import take
from bot.store.columns import AnyRow
from bot.store.database import is_down, once_more
from bot.store.queries import loops
from bot.store.tables import Appointment, Question
from bot.store.tables import Enrollment as EnrollmentRow

log = structlog.get_logger()

BATCH = 200
LOOK_AGAIN = timedelta(hours=4)
ASKED: Final = VISIT.start
CANCELLED: Final = "cancelled"
END_OF: Final = {
    Participation.NEEDS_ACTION: "unanswered",
    Participation.ACCEPTED: "confirmed",
    Participation.DECLINED: "declined",
    Participation.TENTATIVE: "rescheduling",
}
"""Where a dialogue that nobody answered by text stands in the end, by what is known of the visit."""
_OUTCOMES: Final = {name: step.closes or END for name, step in VISIT.steps.items()}
_VISIT: Final = select(Appointment.starts_at, Appointment.response, Appointment.status).where(
    Appointment.appointment_id == bindparam("which")
)
AFTER_AN_ERROR = timedelta(hours=1)
ON_ITS_WAY = (MessageStatus.PLANNED, MessageStatus.CLAIMED, MessageStatus.UNKNOWN)


def wake(clinic: Clinic, now: datetime) -> int:
    """Take silence as an event wherever something has waited long enough. Gives how many enrollments were looked at."""
    looked_at = 0
    while True:
        batch = _batch(clinic, now)
        looked_at += batch
        if batch < BATCH:
            return looked_at


@once_more
def _batch(clinic: Clinic, now: datetime) -> int:
    with clinic.database.begin() as connection:
        rows = loops.to_wake(connection, now, BATCH)
        for row in rows:
            _wake(connection, clinic, row, now)
        _expire(connection, now)
    if rows:
        clinic.queue.deliver()
    return len(rows)


def _wake(connection: Connection, clinic: Clinic, row: AnyRow, now: datetime) -> None:
    """One of them. Where that fails the others go on, and this one is tried again later."""
    try:
        with connection.begin_nested():
            _silent(connection, clinic, row, now)
    except Exception as error:
        if is_down(error):
            raise
        log.exception("loop not moved", error=type(error).__name__, enrollment_id=row.id)
        _sleep(connection, row.id, now + AFTER_AN_ERROR, now)


def _silent(connection: Connection, clinic: Clinic, row: AnyRow, now: datetime) -> None:
    journey = discover().get(row.journey)
    if journey is None or row.ended_at is not None:
        _sleep(connection, row.id, None, now)
        return
    until = _patience(connection, journey, row, now)
    if until is not None and until > now:
        _sleep(connection, row.id, until, now)
        return
    # Said first: what the move leads to may set another time.
    _sleep(connection, row.id, None, now)
    if row.journey == loops.VISITS and _ends_with_visit(connection, row, now):
        return
    loop = loops.loop_of(row)
    if UNREACHABLE in journey.events and _is_unreached(connection, row):
        take(connection, clinic, row, Happened(UNREACHABLE, loop), cause=UNREACHABLE, now=now)
    else:
        take(connection, clinic, row, Silence(loop), cause="silence", now=now)


def _is_unreached(connection: Connection, row: AnyRow) -> bool:
    touch = loops.touch_of(connection, row.id, row.version)
    return touch is not None and touch.state is TouchState.SKIPPED and touch.reason in (*UNREACHED, NO_NUMBER)


def _patience(connection: Connection, journey: Journey, row: AnyRow, now: datetime) -> datetime | None:
    """Until when to wait on: a text that has not gone out yet, held by the gate say, is not being met with silence."""
    question = loops.asked_last(connection, row.id)
    if question is not None and question.state is QuestionState.PREPARED:
        return now + LOOK_AGAIN
    touch = loops.touch_of(connection, row.id, row.version)
    if touch is not None and (touch.state is TouchState.PLANNED or touch.status in ON_ITS_WAY):
        due_at: datetime = touch.due_at
        return max(due_at, now) + LOOK_AGAIN
    if question is None or question.state is not QuestionState.OPEN:
        return None
    # The text went out later than it was planned: the wait begins with it.
    step = journey.step(journey.start if row.journey == loops.VISITS else row.step)
    if step is None or step.silence_after is None or (row.journey != loops.VISITS and question.step != row.step):
        return None
    asked_at: datetime = question.asked_at
    return asked_at + waits(step.silence_after, loops.loop_of(row))


def _ends_with_visit(connection: Connection, row: AnyRow, now: datetime) -> bool:
    """Whether silence means nothing to it: the visit has been answered for, by whatever way, or is past and ends it."""
    visit = connection.execute(_VISIT, {"which": row.subject_id}).first()
    if visit is None:
        return not _is_open(connection, row)
    answered = row.step == ASKED and visit.response is not Participation.NEEDS_ACTION
    over = visit.starts_at + OVER_AFTER
    if over > now:
        if answered or not _is_open(connection, row):
            _sleep(connection, row.id, over, now)
            return True
        return False
    if row.step == ASKED and not answered and row.misses and _is_open(connection, row):
        return False  # What was left hanging is for a person first.
    step = END_OF[visit.response] if row.step == ASKED else row.step
    outcome = _OUTCOMES.get(step, END)
    if visit.status is AppointmentStatus.CANCELLED:
        outcome = CANCELLED
    ended = {"step": step, "outcome": outcome, "ended_at": now, "version": row.version + 1, "updated_at": now}
    connection.execute(update(EnrollmentRow).where(EnrollmentRow.id == row.id).values(**ended))
    return True


def _is_open(connection: Connection, row: AnyRow) -> bool:
    question = loops.asked_last(connection, row.id)
    return question is not None and question.state is QuestionState.OPEN


def _sleep(connection: Connection, enrollment_id: str, until: datetime | None, now: datetime) -> None:
    connection.execute(
        update(EnrollmentRow).where(EnrollmentRow.id == enrollment_id).values(wake_at=until, updated_at=now)
    )


_EXPIRE: Final = (
    update(Question)
    .where(Question.state == QuestionState.OPEN, Question.expires_at <= bindparam("now"))
    .values(state=QuestionState.EXPIRED)
)


def _expire(connection: Connection, now: datetime) -> None:
    connection.execute(_EXPIRE, {"now": now})
