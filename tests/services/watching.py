"""What a state machine over staff and patients looks at: lines, what waits, who holds what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from bot.core.escalation import EscalationStatus
from bot.core.messages import Direction
from bot.store.columns import AnyRow
from bot.store.tables import Appointment, ConsentEntry, ContactPoint, Conversation, Escalation, Message
from tests.services.sending import Scene
from tests.web.console.desk import Desk


@dataclass
class Line:
    """One inbound: what was done about it at once, what it raised, and who has seen to it since."""

    id: str
    words: str
    conversation_id: str
    at: datetime
    acted: bool
    raised: frozenset[str]
    seen_to: set[str] = field(default_factory=set)
    """By which replies and resolutions of people who had it before their eyes."""


@dataclass
class Standing:
    """What an inbound may change."""

    deeds: tuple[int, dict[str, str]]
    responses: set[str]
    versions: dict[str, int]


class Watched:
    """What the lives look at, and the clock they run on."""

    def __init__(self, scene: Scene) -> None:
        self.desk = Desk(scene.clinic)
        self.clinic = self.desk.clinic
        self.lines: dict[str, Line] = {}

    def tick(self) -> datetime:
        self.desk.wait(seconds=1)
        return self.desk.now

    def talk(self, number: int) -> str:
        with self.clinic.database.read() as connection:
            index = self.clinic.vault.indexes(self.desk.phone(number))
            query = select(Conversation.id).join(ContactPoint).where(ContactPoint.phone_index.in_(index))
            return connection.execute(query).scalar_one_or_none() or "none"

    def heard(self, talk: str) -> list[Line]:
        return [line for line in self.lines.values() if line.conversation_id == talk]

    def resolved(self) -> Sequence[AnyRow]:
        with self.clinic.database.read() as connection:
            query = select(Escalation.__table__).where(Escalation.status == EscalationStatus.RESOLVED)
            return connection.execute(query.order_by(Escalation.resolved_at, Escalation.reason)).all()

    def unresolved(self) -> Sequence[AnyRow]:
        with self.clinic.database.read() as connection:
            query = select(Escalation.__table__).where(Escalation.status != EscalationStatus.RESOLVED)
            return connection.execute(query.order_by(Escalation.created_at, Escalation.reason)).all()

    def pick(self, pick: int) -> AnyRow | None:
        rows = self.unresolved()
        return rows[pick % len(rows)] if rows else None

    def held(self) -> set[str]:
        with self.clinic.database.read() as connection:
            query = select(Conversation.id).where(Conversation.held_by.is_not(None))
            return set(connection.execute(query).scalars())

    def row_of(self, sid: str) -> AnyRow:
        with self.clinic.database.read() as connection:
            query = select(Message.id, Message.conversation_id, Message.understood).where(
                Message.twilio_sid == sid, Message.direction == Direction.INBOUND
            )
            return connection.execute(query).one()

    def standing(self) -> Standing:
        with self.clinic.database.read() as connection:
            entries = connection.execute(select(func.count()).select_from(ConsentEntry)).scalar_one()
            visits = connection.execute(select(Appointment.appointment_id, Appointment.response)).all()
            versions = connection.execute(select(Escalation.id, Escalation.version)).all()
        answers = {row.appointment_id: str(row.response) for row in visits}
        return Standing((entries, answers), set(answers.values()), {row.id: row.version for row in versions})
