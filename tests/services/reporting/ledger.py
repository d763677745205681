"""A clinic whose days are written down row by row: who was written to, who came, who asked for help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.core.messages import Direction, MessageStatus, Origin
from bot.core.people import AppointmentStatus, Channel, ConsentBasis, ConsentStatus, Participation
from bot.services.clinic import Clinic
from bot.store.columns import new_id
from bot.store.tables import (
    Appointment,
    AppointmentChange,
    ConsentEntry,
    ContactPoint,
    Conversation,
    Cut,
    Enrollment,
    EnrollmentMove,
    Escalation,
    Figure,
    Grain,
    Message,
    Patient,
    PatientContact,
)

# A Monday, 9 in the morning in Chicago.
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)
DAY = date(2026, 11, 23)


class Ledger:
    """Writes rows as the rest of the system would have left them."""

    def __init__(self, clinic: Clinic) -> None:
        self.now = MONDAY + timedelta(hours=12)
        self.clinic = replace(clinic, clock=lambda: self.now)

    def add(self, table: Any, **values: Any) -> None:
        with self.clinic.database.begin() as connection:
            connection.execute(insert(table).values(**values))

    def patient(self, name: str, *, language: str = "en", born: str | None = "1961-04-17") -> str:
        vault, at = self.clinic.vault, MONDAY - timedelta(days=100)
        sealed = vault.maybe_seal("patients.birth_date", name, born)
        self.add(Patient, patient_id=name, language=language, birth_date=sealed, created_at=at, updated_at=at)
        phone = vault.seal("contact_points.phone", f"phone-{name}", "+16015550101")
        self.add(
            ContactPoint, id=f"phone-{name}", phone=phone, phone_index=vault.index(name), channel=Channel.SMS,
            created_at=at,
        )  # fmt: skip
        self.add(PatientContact, patient_id=name, contact_point_id=f"phone-{name}", created_at=at)
        self.add(Conversation, id=f"talk-{name}", contact_point_id=f"phone-{name}", created_at=at)
        return name

    def sent(self, patient: str, kind: str = "appointment/reminder_last", at: datetime = MONDAY, **more: Any) -> None:
        message = new_id()
        values: dict[str, Any] = {
            "status": MessageStatus.DELIVERED, "origin": Origin.OUTREACH, "sent_at": at, "segments": 1, **more,
        }  # fmt: skip
        self.add(
            Message, id=message, conversation_id=f"talk-{patient}", contact_point_id=f"phone-{patient}",
            patient_id=patient, direction=Direction.OUTBOUND, kind=kind, language="en", created_at=at, updated_at=at,
            body=self.clinic.vault.seal("messages.body", message, "See you"), **values,
        )  # fmt: skip

    def heard(self, patient: str, kind: str = "confirm", at: datetime = MONDAY) -> None:
        message = new_id()
        self.add(
            Message, id=message, conversation_id=f"talk-{patient}", contact_point_id=f"phone-{patient}",
            patient_id=patient, direction=Direction.INBOUND, kind=kind, language="en", created_at=at, updated_at=at,
            body=self.clinic.vault.seal("messages.body", message, "yes"), status=MessageStatus.RECEIVED,
        )  # fmt: skip

    def visit(self, number: str, patient: str, at: datetime = MONDAY, **more: Any) -> str:
        booked = {
            "status": AppointmentStatus.BOOKED, "response": Participation.NEEDS_ACTION, "location": "Main St",
            "service": "Primary care", "created_at": at - timedelta(days=30), **more,
        }  # fmt: skip
        self.add(
            Appointment, appointment_id=number, patient_id=patient, starts_at=at, timezone="America/Chicago",
            updated_at=at, **booked,
        )  # fmt: skip
        return number

    def changed(self, number: str, field: str, before: str, after: str, at: datetime) -> None:
        self.add(
            AppointmentChange, id=new_id(), appointment_id=number, at=at, actor="import", field=field, before=before,
            after=after,
        )  # fmt: skip

    def opted_out(self, patient: str, at: datetime, basis: ConsentBasis = ConsentBasis.PATIENT, **more: Any) -> None:
        self.add(
            ConsentEntry, id=new_id(), patient_id=patient, contact_point_id=f"phone-{patient}", at=at,
            status=ConsentStatus.OPTED_OUT, basis=basis, actor="patient", **more,
        )  # fmt: skip

    def case(self, patient: str, priority: Priority, at: datetime = MONDAY, **more: Any) -> None:
        taken = more.get("claimed_at")
        state = {"status": EscalationStatus.CLAIMED if taken else EscalationStatus.OPEN, **more}
        self.add(
            Escalation, id=new_id(), patient_id=patient, conversation_id=f"talk-{patient}", priority=priority,
            priority_rank=priority.rank, reason=Reason.QUESTION, respond_by=at + timedelta(minutes=30), created_at=at,
            updated_at=at, **state,
        )  # fmt: skip

    def loop(
        self, journey: str, patient: str, at: datetime, *moves: tuple[str, str, str, datetime], **more: Any
    ) -> str:
        """A loop with its moves: (from, to, cause, when)."""
        loop = new_id()
        values = {"step": "asked", "updated_at": at, "subject_id": loop, "data": {}, **more}
        self.add(Enrollment, id=loop, journey=journey, patient_id=patient, misses=0, created_at=at, **values)
        for before, after, cause, when in moves:
            self.add(
                EnrollmentMove, id=new_id(), enrollment_id=loop, at=when, from_step=before, to_step=after, cause=cause,
                actor="bot",
            )  # fmt: skip
        return loop

    def figures(self, measure: str, *, cut: Cut = Cut.TOTAL, grain: Grain = Grain.DAY) -> Sequence[Any]:
        with self.clinic.database.read() as connection:
            query = select(Figure.__table__).where(Figure.measure == measure, Figure.cut == cut, Figure.grain == grain)
            return connection.execute(query.order_by(Figure.day, Figure.part, Figure.age_band)).all()

    def total(self, measure: str, day: date = DAY) -> tuple[int, int]:
        """(numerator, denominator) of a day, all groups together."""
        rows = [row for row in self.figures(measure) if row.day == day]
        return sum(row.numerator for row in rows), sum(row.denominator for row in rows)

    def parts(self, measure: str) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for row in self.figures(measure, cut=Cut.PART):
            had = found.get(row.part, (0, 0))
            found[row.part] = (had[0] + row.numerator, had[1] + row.denominator)
        return found
