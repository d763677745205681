"""A clinic with patients whose texts are due, and a carrier that answers as told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from bot.config import Settings
from bot.core.messages import MessageStatus, Origin
from bot.core.outreach import Lane
from bot.core.people import AppointmentStatus, Channel, ConsentBasis, ConsentStatus
from bot.core.provider import Accepted, ListedMessage, OutgoingText, ProviderAnswer, ProviderUnavailable
from bot.gateways.rate import LocalRate
from bot.runtime import build_clinic
from bot.services.clinic import Clinic
from bot.services.deliver import Delivered, deliver
from bot.services.outbox import Draft, put
from bot.services.reconcile import Reconciled, reconcile
from bot.store.columns import AnyRow, new_id
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Conversation,
    Decision,
    Escalation,
    Message,
    Patient,
    PatientContact,
)

NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)
"""A Monday, 12:00 at the clinic."""


class SilentQueue:
    """Counts hints."""

    def __init__(self) -> None:
        self.hints: Counter[str] = Counter()

    def deliver(self) -> None:
        self.hints["deliver"] += 1

    def reconcile(self) -> None:
        self.hints["reconcile"] += 1

    def work(self) -> None:
        self.hints["work"] += 1

    def ping(self) -> None:
        return None


@dataclass
class Carrier:
    """The provider: takes every text, unless `answer` says otherwise; `holds` is what its list shows."""

    answer: Callable[[OutgoingText], ProviderAnswer] | None = None
    sent: list[OutgoingText] = field(default_factory=list)
    holds: list[ListedMessage] = field(default_factory=list)
    down: bool = False
    seconds: float = 0.0

    async def send(self, text: OutgoingText) -> ProviderAnswer:
        self.sent.append(text)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return self.answer(text) if self.answer else self.take(text)

    def take(self, text: OutgoingText) -> Accepted:
        sid = f"SM{len(self.holds):032x}"
        self.holds.insert(0, ListedMessage(sid, text.to, text.body, "queued", None, "outbound-api"))
        return Accepted(sid, "queued", 1)

    async def list_to(self, to: str, *, limit: int = 50) -> Sequence[ListedMessage]:
        if self.down:
            raise ProviderUnavailable("down")
        return [item for item in self.holds if item.to == to][:limit]

    async def check(self) -> str | None:
        return None

    async def aclose(self) -> None:
        return None


class Scene:
    """The clinic, its clock, and short ways to fill and read its tables."""

    def __init__(self, settings: Settings) -> None:
        self.now = NOON
        self.queue = SilentQueue()
        self.clinic: Clinic = replace(build_clinic(settings), queue=self.queue, clock=lambda: self.now)
        self.carrier = Carrier()

    def patient(self, number: int = 1, *, phone: str | None = None, **changes: Any) -> str:
        """A patient who agreed to texts, with a phone and its conversation; the phone's id is `phone-<number>`."""
        patient_id, contact_id = f"p{number}", phone or f"phone-{number}"
        vault = self.clinic.vault
        link = {"consent": ConsentStatus.OPTED_IN, "consent_basis": ConsentBasis.IMPORT}
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(Patient).values(
                    patient_id=patient_id, language="en", created_at=NOON, updated_at=NOON, **changes
                )
            )
            if phone is None:
                words = f"+1601555{100 + number:04d}"
                connection.execute(
                    insert(ContactPoint).values(
                        id=contact_id,
                        phone=vault.seal("contact_points.phone", contact_id, words),
                        phone_index=vault.index(words),
                        channel=Channel.SMS,
                        created_at=NOON,
                    )
                )
                connection.execute(
                    insert(Conversation).values(id=f"talk-{number}", contact_point_id=contact_id, created_at=NOON)
                )
            connection.execute(
                insert(PatientContact).values(
                    patient_id=patient_id, contact_point_id=contact_id, created_at=NOON, **link
                )
            )
        return patient_id

    def visit(self, number: int = 1, *, patient: str = "p1", **changes: Any) -> str:
        """A booked visit tomorrow."""
        values = {"starts_at": NOON + timedelta(hours=23), "status": AppointmentStatus.BOOKED, **changes}
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(Appointment).values(
                    appointment_id=f"a{number}",
                    patient_id=patient,
                    timezone="America/Chicago",
                    created_at=NOON,
                    updated_at=NOON,
                    **values,
                )
            )
        return f"a{number}"

    def text(self, number: int = 1, body: str = "You have a visit tomorrow.", **changes: Any) -> str:
        """A message to that patient, due now."""
        draft: dict[str, Any] = {
            "conversation_id": f"talk-{number}",
            "contact_point_id": f"phone-{number}",
            "body": body,
            "kind": "appointment/reminder_last",
            "origin": Origin.OUTREACH,
            "patient_id": f"p{number}",
            "lane": Lane.REMINDER,
            "expires_at": self.now + timedelta(hours=22),
            **changes,
        }
        with self.clinic.database.begin() as connection:
            return put(connection, Draft(**draft), vault=self.clinic.vault, now=self.now)

    def deliver(self, *, rate: float = 10_000.0, **options: Any) -> Delivered:
        """One run of the dispatcher."""
        return asyncio.run(deliver(self.clinic, self.carrier, LocalRate(rate), **options))

    def reconcile(self, **options: Any) -> Reconciled:
        """One look at what is unknown, without the wait in real time."""
        return asyncio.run(reconcile(self.clinic, self.carrier, **{"still_seconds": 0.0, **options}))

    def message(self, message_id: str) -> AnyRow:
        """The row as it is."""
        with self.clinic.database.read() as connection:
            return connection.execute(select(Message.__table__).where(Message.id == message_id)).one()

    def status(self, message_id: str) -> MessageStatus:
        """Where it stands."""
        return MessageStatus(self.message(message_id).status)

    def decisions(self, message_id: str) -> list[tuple[str, str]]:
        """What the gate said to it, in order."""
        with self.clinic.database.read() as connection:
            rows = connection.execute(
                select(Decision.decision, Decision.reason)
                .where(Decision.message_id == message_id)
                .order_by(Decision.id)
            )
            return [(row.decision, row.reason) for row in rows]

    def escalations(self) -> list[tuple[str, str]]:
        """Reason and priority of each."""
        with self.clinic.database.read() as connection:
            rows = connection.execute(select(Escalation.reason, Escalation.priority).order_by(Escalation.id))
            return [(str(row.reason), str(row.priority)) for row in rows]

    def set(self, table: Any, where: Any, **values: Any) -> None:
        """Change a row."""
        with self.clinic.database.begin() as connection:
            connection.execute(update(table).where(where).values(**values))

    def count(self, table: Any, where: Any) -> int:
        """How many rows there are."""
        with self.clinic.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table).where(where)).scalar_one())

    def fresh_id(self) -> str:
        """An id nobody has."""
        return new_id()
