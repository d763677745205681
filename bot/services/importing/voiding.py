"""What a changed visit takes with it: questions about the old time, contacts planned for it, texts with an old link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select, update

from bot.core.journey import QuestionState, TouchState
from bot.core.messages import MessageStatus
from bot.services.gate import NEW_LINK, drop
from bot.store.tables import Conversation, Message, PatientContact, Question, Touch

# No DISTINCT: PostgreSQL cannot compare JSON, and the same question twice does no harm.
_ASKED = (
    select(Question.id, Question.subjects)
    .join(Conversation, Conversation.id == Question.conversation_id)
    .join(PatientContact, PatientContact.contact_point_id == Conversation.contact_point_id)
    .where(
        PatientContact.patient_id.in_(bindparam("patients", expanding=True)),
        Question.state.in_((QuestionState.OPEN, QuestionState.PREPARED)),
    )
)
_VOID_QUESTIONS = (
    update(Question)
    .where(
        Question.id.in_(bindparam("questions", expanding=True)),
        Question.state.in_((QuestionState.OPEN, QuestionState.PREPARED)),
    )
    .values(state=QuestionState.VOID)
)
_VOID_TOUCHES = (
    update(Touch)
    .where(
        Touch.subject_id == bindparam("of_subject"),
        Touch.patient_id == bindparam("of_patient"),
        Touch.subject_version < bindparam("of_version"),
        # Not IN: many rows at once go through one statement, which an expanding list forbids.
        or_(Touch.state == TouchState.PLANNED, Touch.state == TouchState.QUEUED),
    )
    .values(state=TouchState.VOID, reason=bindparam("new_reason"), updated_at=bindparam("new_updated_at"))
)

_WAITING = (
    select(Message.id)
    .join(Touch, Touch.message_id == Message.id)
    .where(
        Touch.subject_id.in_(bindparam("visits", expanding=True)),
        Touch.journey == "appointment",
        Touch.state == TouchState.QUEUED,
        Message.status == MessageStatus.PLANNED,
    )
    .distinct()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """A visit whose earlier version is of no use any more. `patient_id` is whose it was."""

    appointment_id: str
    patient_id: str
    version: int
    reason: str


def void(connection: Connection, visits: Sequence[Overtaken], *, now: datetime) -> None:
    """Void questions and planned contacts about earlier versions of these visits."""
    if not visits:
        return
    # By the phones it may have been asked on: a question about a household's visits bears one patient's id, or none.
    versions = {visit.appointment_id: visit.version for visit in visits}
    asked = connection.execute(_ASKED, {"patients": list({visit.patient_id for visit in visits})})
    stale = {
        row.id for row in asked if any(versions.get(str(subject[0]), 0) > int(subject[1]) for subject in row.subjects)
    }
    # Questions before contacts, as the gate and a text do: whoever locks both never waits in a circle.
    if stale:
        connection.execute(_VOID_QUESTIONS, {"questions": sorted(stale)})
    connection.execute(
        _VOID_TOUCHES,
        [
            {
                "of_subject": visit.appointment_id,
                "of_patient": visit.patient_id,
                "of_version": visit.version,
                "new_reason": visit.reason,
                "new_updated_at": now,
            }
            for visit in visits
        ],
    )


def write_anew(connection: Connection, appointment_ids: Sequence[str], *, now: datetime) -> None:
    """Texts about these visits that still wait have a link that leads nowhere now: they are made once more."""
    if not appointment_ids:
        return
    waiting = connection.execute(_WAITING, {"visits": appointment_ids}).scalars().all()
    if waiting:
        drop(connection, dict.fromkeys(waiting, NEW_LINK), now)
