"""Silence is an event: questions whose time has passed without an answer move their enrollment on."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from bot.core.dialogue import advance
from bot.core.effects import Escalate
from bot.core.journey import Enrollment, Journey, QuestionState, Silence
from bot.journeys import discover
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.store.batch import Batch
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.tables import Enrollment as EnrollmentRow
from bot.store.tables import Question

BATCH = 200
LOOK_AGAIN = timedelta(hours=4)


def wake(clinic: Clinic, now: datetime) -> int:
    """Take silence as an event wherever a question has waited long enough. Gives how many enrollments moved."""
    moved = 0
    while True:
        batch = _batch(clinic, now)
        moved += batch
        if batch < BATCH:
            return moved


@once_more
def _batch(clinic: Clinic, now: datetime) -> int:
    with clinic.database.begin() as connection:
        return _wake_some(connection, clinic, now)


def _wake_some(connection: Connection, clinic: Clinic, now: datetime) -> int:
    rows = connection.execute(
        select(EnrollmentRow.__table__)
        .where(EnrollmentRow.wake_at <= now)
        .order_by(EnrollmentRow.wake_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        _silent(connection, clinic, row, now)
    _expire(connection, now)
    return len(rows)


def _silent(connection: Connection, clinic: Clinic, stored: AnyRow, now: datetime) -> None:
    question = connection.execute(
        select(Question.conversation_id, Question.state, Question.asked_at)
        .where(Question.enrollment_id == stored.id)
        .order_by(Question.asked_at.desc())
        .limit(1)
    ).first()
    # A question that has not gone out yet, held by the gate say, is not being met with silence.
    waits = question is not None and question.state is QuestionState.PREPARED
    values: dict[str, object] = {"wake_at": now + LOOK_AGAIN if waits else None, "updated_at": now}
    journey = discover().get(stored.journey)
    until = _patience(journey, question)
    if until is not None and until > now:
        values["wake_at"] = until  # The text went out later than it was planned: the wait begins with it.
    elif journey is not None and question is not None and question.state is QuestionState.OPEN:
        enrollment = Enrollment(
            id=stored.id,
            journey=stored.journey,
            patient_id=stored.patient_id,
            subject_id=stored.subject_id,
            step=stored.step,
            misses=stored.misses,
        )
        outcome = advance(journey, enrollment, Silence(), now)
        values["step"] = outcome.enrollment.step
        for effect in outcome.effects:
            if isinstance(effect, Escalate):
                need = Need(
                    reason=effect.reason,
                    priority=effect.priority,
                    conversation_id=question.conversation_id,
                    patient_id=stored.patient_id,
                    enrollment_id=stored.id,
                    suggestion="no-answer-after-unclear",
                )
                batch = Batch(connection)
                raise_to_person(batch, need, clinic=clinic, now=now)
                batch.flush()
    connection.execute(update(EnrollmentRow).where(EnrollmentRow.id == stored.id).values(**values))


def _patience(journey: Journey | None, question: AnyRow | None) -> datetime | None:
    """Until when an open question is waited for."""
    if journey is None or question is None or question.state is not QuestionState.OPEN:
        return None
    after = journey.steps[journey.start].silence_after
    asked_at: datetime = question.asked_at
    return asked_at + after if after is not None else None


def _expire(connection: Connection, now: datetime) -> None:
    connection.execute(
        update(Question)
        .where(Question.state == QuestionState.OPEN, Question.expires_at <= now)
        .values(state=QuestionState.EXPIRED)
    )
