"""Loops: enrollments as the engine takes them, their contacts that are due, and what waits for the office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from bot.core.dialogue import ONCE
from bot.core.journey import UNREACHABLE, QuestionState, TouchState
from bot.core.journey import Enrollment as Loop
from bot.core.messages import MessageStatus, Origin
from bot.journeys import discover
from bot.store.columns import AnyRow, new_id
from bot.store.tables import (
    Appointment,
    Conversation,
    Enrollment,
    EnrollmentMove,
    Message,
    Patient,
    Question,
    Touch,
)

SHOWN: Final = 30
VISITS: Final = "appointment"
"""The journey whose contacts are planned from the visits themselves."""

WAITING: Final = (TouchState.PLANNED, TouchState.QUEUED)

MOVE = (
    update(Enrollment)
    .where(Enrollment.id == bindparam("which"))
    .values(
        step=bindparam("to"),
        misses=bindparam("missed"),
        data=bindparam("kept"),
        version=bindparam("turn"),
        outcome=bindparam("how"),
        ended_at=bindparam("ended"),
        updated_at=bindparam("at"),
    )
)
ANSWERED = (
    update(Enrollment)
    .where(Enrollment.id == bindparam("which"))
    .values(step=bindparam("to"), misses=bindparam("missed"), version=bindparam("turn"), updated_at=bindparam("at"))
)
"""The same for a dialogue about a visit, which ends with the visit: no index is touched, and PostgreSQL writes less."""
WAITS = (
    update(Enrollment)
    .where(Enrollment.id == bindparam("which"))
    .values(wake_at=bindparam("wake"), office_step=bindparam("owes"), office_due_at=bindparam("by"))
)
HISTORY = insert(EnrollmentMove.__table__)  # type: ignore[arg-type]


def loop_of(row: AnyRow) -> Loop:
    """A row of `enrollments` as the core's value."""
    return Loop(
        id=row.id,
        journey=row.journey,
        patient_id=row.patient_id,
        subject_id=row.subject_id,
        step=row.step,
        misses=row.misses,
        data=row.data,
        kind=row.kind,
        priority=row.priority,
        version=row.version,
        outcome=row.outcome,
    )


def loop_in(row: AnyRow) -> Loop:
    """The loop in a row of `due`."""
    return Loop(
        id=row.loop_id,
        journey=row.loop_journey,
        patient_id=row.loop_patient_id,
        subject_id=row.loop_subject_id,
        step=row.loop_step,
        misses=row.loop_misses,
        data=row.loop_data,
        kind=row.loop_kind,
        priority=row.loop_priority,
        version=row.loop_version,
    )


def one(connection: Connection, enrollment_id: str, *, lock: bool = False) -> AnyRow | None:
    """This enrollment; locked where the database can and it is wanted."""
    query = select(Enrollment.__table__).where(Enrollment.id == enrollment_id)
    return connection.execute(query.with_for_update() if lock else query).first()


def about(connection: Connection, journey: str, subject_id: str) -> AnyRow | None:
    """The enrollment on that journey about that thing."""
    query = select(Enrollment.__table__).where(Enrollment.journey == journey, Enrollment.subject_id == subject_id)
    return connection.execute(query).first()


def open_of(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """The patient's open loops, but for those about visits, the oldest first, locked where the database can."""
    return connection.execute(
        select(Enrollment.__table__)
        .where(
            Enrollment.patient_id == patient_id,
            Enrollment.journey != VISITS,
            Enrollment.ended_at.is_(None),
        )
        .order_by(Enrollment.created_at, Enrollment.id)
        .with_for_update()
    ).all()


def going_on(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """The patient's open loops as they are shown, the newest first."""
    return connection.execute(
        select(Enrollment.id, Enrollment.journey, Enrollment.kind, Enrollment.step, Enrollment.office_step)
        .where(
            Enrollment.patient_id == patient_id,
            Enrollment.journey != VISITS,
            Enrollment.ended_at.is_(None),
            Enrollment.data[ONCE].as_string().is_(None),
        )
        .order_by(Enrollment.created_at.desc(), Enrollment.id.desc())
        .limit(SHOWN)
    ).all()


def open_alike(
    connection: Connection, patient_id: str, journey: str, kind: str | None, appointment_id: str | None = None
) -> AnyRow | None:
    """The patient's open loop of that kind (None: of any), the newest, unless it is about another visit; locked."""
    same = select(Enrollment.__table__).where(
        Enrollment.patient_id == patient_id,
        Enrollment.journey == journey,
        Enrollment.ended_at.is_(None),
    )
    if kind is not None:
        same = same.where(Enrollment.kind == kind)
    if appointment_id is not None:
        same = same.where(or_(Enrollment.appointment_id.is_(None), Enrollment.appointment_id == appointment_id))
    newest = same.order_by(Enrollment.created_at.desc(), Enrollment.id.desc()).limit(1)
    return connection.execute(newest.with_for_update()).first()


def moved(connection: Connection, loop: Loop, before: str, *, cause: str, actor: str, now: datetime) -> None:
    """Write down where the loop stands now, and how it came there."""
    connection.execute(MOVE, move_of(loop, now))
    remember(connection, loop, before, cause=cause, actor=actor, now=now)


def move_of(loop: Loop, now: datetime) -> dict[str, Any]:
    """The values of `MOVE`."""
    return {
        "which": loop.id,
        "to": loop.step,
        "missed": loop.misses,
        "kept": dict(loop.data),
        "turn": loop.version,
        "how": loop.outcome,
        "ended": now if loop.outcome is not None else None,
        "at": now,
    }


def remember(connection: Connection, loop: Loop, before: str, *, cause: str, actor: str, now: datetime) -> None:
    """A line in the loop's history."""
    connection.execute(HISTORY, history(loop, before, cause=cause, actor=actor, now=now))


def history(loop: Loop, before: str, *, cause: str, actor: str, now: datetime) -> dict[str, Any]:
    """The values of such a line."""
    return {
        "id": new_id(),
        "enrollment_id": loop.id,
        "at": now,
        "from_step": before,
        "to_step": loop.step,
        "cause": cause[:64],
        "actor": actor[:64],
    }


def silence(connection: Connection, enrollment_id: str, reason: str, now: datetime) -> Sequence[str]:
    """Void what this loop has planned and asked. Gives the ids of its messages that wait and are to be dropped."""
    connection.execute(
        update(Touch)
        .where(Touch.subject_id == enrollment_id, Touch.journey != VISITS, Touch.state == TouchState.PLANNED)
        .values(state=TouchState.VOID, reason=reason, updated_at=now)
    )
    connection.execute(
        update(Question)
        .where(Question.enrollment_id == enrollment_id, Question.state == QuestionState.PREPARED)
        .values(state=QuestionState.VOID)
    )
    return (
        connection.execute(
            select(Message.id).where(
                Message.enrollment_id == enrollment_id,
                Message.status == MessageStatus.PLANNED,
                Message.origin == Origin.OUTREACH,
            )
        )
        .scalars()
        .all()
    )


DUE = (
    select(
        Touch.id.label("touch_id"),
        Touch.key,
        Touch.step,
        Touch.due_at,
        Touch.expires_at,
        *(column.label(f"loop_{column.name}") for column in Enrollment.__table__.c),
        Appointment.appointment_id,
        Appointment.starts_at,
        Appointment.timezone,
        Appointment.status,
        Appointment.response,
        Appointment.version,
        Appointment.location,
        Appointment.service,
        Patient.given_name,
        Patient.language,
    )
    .join(Enrollment, Enrollment.id == Touch.subject_id)
    .join(Patient, Patient.patient_id == Touch.patient_id)
    .outerjoin(Appointment, Appointment.appointment_id == Enrollment.appointment_id)
    .where(Touch.journey != VISITS, Touch.state == TouchState.PLANNED)
)
"""Planned contacts of loops, with the loop, its visit where it has one, and the patient."""

_LOCKED: Final[Mapping[str, Any]] = {"skip_locked": True, "of": (Touch.__table__, Enrollment.__table__)}


_DUE_NOW: Final = (
    DUE.where(Touch.due_at <= bindparam("at"), Touch.id.not_in(bindparam("but", expanding=True)))
    .order_by(Touch.due_at, Touch.id)
    .limit(bindparam("most"))
    .with_for_update(**_LOCKED)
)


def due(connection: Connection, at: datetime, limit: int, *, but: Sequence[str] = ()) -> Sequence[AnyRow]:
    """Contacts of loops that are due at that moment, but for these, the oldest first, locked where the database can."""
    return connection.execute(_DUE_NOW, {"at": at, "but": but, "most": limit}).all()


_TO_WAKE: Final = (
    select(Enrollment.__table__)
    .where(Enrollment.wake_at <= bindparam("now"))
    .order_by(Enrollment.wake_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def to_wake(connection: Connection, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Enrollments that have waited long enough, locked where the database can."""
    return connection.execute(_TO_WAKE, {"now": now, "most": limit}).all()


# A loop that knows what to do about it is not left waiting for an answer that cannot come.
_UNREACHED: Final = (
    update(Enrollment)
    .where(
        Enrollment.id.in_(
            select(Touch.subject_id).where(
                Touch.message_id.in_(bindparam("ids", expanding=True)), Touch.subject_version == Enrollment.version
            )
        ),
        Enrollment.journey.in_([name for name, journey in discover().items() if UNREACHABLE in journey.events]),
        Enrollment.wake_at.is_not(None),
    )
    .values(wake_at=bindparam("at"))
)


def unreached(connection: Connection, message_ids: Sequence[str], now: datetime) -> None:
    """These texts cannot reach their patients: loops that wait for an answer to them hear of it now."""
    connection.execute(_UNREACHED, {"ids": message_ids, "at": now})


def asked_last(connection: Connection, enrollment_id: str) -> AnyRow | None:
    """The newest question of this enrollment."""
    return connection.execute(
        select(Question.conversation_id, Question.state, Question.asked_at, Question.step)
        .where(Question.enrollment_id == enrollment_id)
        .order_by(Question.asked_at.desc())
        .limit(1)
    ).first()


def touch_of(connection: Connection, enrollment_id: str, version: int) -> AnyRow | None:
    """The contact planned when this loop came to where it stands, with the state of its message."""
    return connection.execute(
        select(Touch.state, Touch.due_at, Touch.reason, Message.status, Message.sent_at)
        .outerjoin(Message, Message.id == Touch.message_id)
        .where(
            Touch.subject_id == enrollment_id,
            Touch.journey != VISITS,
            Touch.subject_version == version,
        )
        .limit(1)
    ).first()


def conversation_of(connection: Connection, contact_point_id: str) -> str | None:
    """The conversation with that phone."""
    return connection.execute(
        select(Conversation.id).where(Conversation.contact_point_id == contact_point_id)
    ).scalar_one_or_none()


def zone_of(connection: Connection, patient_id: str) -> str | None:
    """The patient's time zone, where it is on file."""
    return connection.execute(select(Patient.timezone).where(Patient.patient_id == patient_id)).scalar_one_or_none()
