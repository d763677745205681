"""What people said that patients' texts meant: kept with the text, and read again for the evaluation lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from bot.core.intents import Intent
from bot.core.messages import Direction
from bot.store.columns import AnyRow, new_id
from bot.store.tables import Correction, Message, Patient, Question

_INSERT = insert(Correction.__table__)  # type: ignore[arg-type]


def inbound(connection: Connection, message_id: str) -> AnyRow | None:
    """A patient's text; None for any other message."""
    return connection.execute(
        select(Message.id, Message.conversation_id, Message.kind, Message.understood).where(
            Message.id == message_id, Message.direction == Direction.INBOUND
        )
    ).first()


def add(connection: Connection, *, message_id: str, intent: Intent, author_id: str, at: datetime) -> None:
    """Keep one; an earlier one of the same text stays as history."""
    row = {"id": new_id(), "message_id": message_id, "intent": intent, "author_id": author_id, "at": at}
    connection.execute(_INSERT, row)


def meant(connection: Connection, message_ids: Sequence[str]) -> Mapping[str, Intent]:
    """What each of these texts is said to have meant, by the latest word."""
    query = select(Correction.message_id, Correction.intent).where(Correction.message_id.in_(message_ids))
    return {row.message_id: row.intent for row in connection.execute(query.order_by(Correction.at, Correction.id))}


def labelled(connection: Connection, *, since: datetime | None = None) -> Iterator[AnyRow]:
    """Every corrected text with the question it answered, the oldest correction first; one row a correction."""
    query = (
        select(
            Correction.message_id,
            Correction.intent,
            Correction.at,
            Message.body,
            func.coalesce(Message.language, Patient.language).label("language"),
            Message.understood,
            Question.id.label("question_id"),
            Question.prompt,
        )
        .join(Message, Message.id == Correction.message_id)
        .outerjoin(Patient, Patient.patient_id == Message.patient_id)
        .outerjoin(Question, Question.id == Message.understood["question"].as_string())
        .order_by(Correction.at, Correction.id)
    )
    yield from connection.execute(query if since is None else query.where(Correction.at >= since))
