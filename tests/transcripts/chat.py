"""A clinic in a box: one patient's phone, the real services, a database, and a clock that is moved by hand."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from bot.config import Settings
from bot.core.intents import Context
from bot.core.journey import QuestionState
from bot.core.messages import Direction, MessageStatus
from bot.core.people import ConsentStatus
from bot.runtime import build_clinic
from bot.services.clinic import Clinic
from bot.services.gate import decide_and_store
from bot.services.outreach import OutreachRequest, Refusal, Started, start
from bot.services.plan import plan_due
from bot.services.receive import Inbound, receive
from bot.services.silence import wake
from bot.store.columns import new_id
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Escalation,
    Message,
    Patient,
    PatientContact,
    Question,
)

KEY = base64.urlsafe_b64encode(b"transcripts transcripts transcri").decode()


class QuietQueue:
    """A queue that nobody listens to: the chat sends by itself."""

    def deliver(self) -> None:
        """Nothing."""

    def ping(self) -> None:
        """Always there."""


def settings_for(database_url: str, zone: str) -> Settings:
    """Settings of a clinic that exists only here."""
    return Settings(
        database_url=database_url,
        redis_url="redis://127.0.0.1:1/0",
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=["token"],  # type: ignore[list-item]
        twilio_phone_number="+16015550199",
        public_url="http://127.0.0.1:8000",
        secret_key="a secret for transcripts",  # type: ignore[arg-type]
        data_keys=[KEY],  # type: ignore[list-item]
        clinic_name="Willow Clinic",
        clinic_phone="+16015550100",
        clinic_timezone=zone,
    )


@dataclass
class Chat:
    """One clinic, its patients' phones, and what was said."""

    clinic: Clinic
    now: datetime
    zone: ZoneInfo
    phones: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    """(kind, body) of everything that went out, in order."""
    _count: int = 0

    @classmethod
    def at(cls, database_url: str, now: datetime, zone: str) -> Chat:
        """An empty clinic whose clock shows `now`."""
        chat = cls(build_clinic(settings_for(database_url, zone)), now, ZoneInfo(zone))
        chat.clinic = replace(chat.clinic, clock=lambda: chat.now, queue=QuietQueue())
        return chat

    def patient(
        self,
        patient_id: str,
        name: str,
        language: str = "en",
        phone: str | None = None,
        consent: ConsentStatus = ConsentStatus.OPTED_IN,
    ) -> None:
        """A patient with a phone; a phone that is known already is shared."""
        number = phone or f"+1601555{len(self.phones) + 110:04d}"
        vault, now = self.clinic.vault, self.now
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(Patient).values(
                    patient_id=patient_id,
                    given_name=vault.seal("patients.given_name", patient_id, name),
                    language=language,
                    timezone=str(self.zone),
                    created_at=now,
                    updated_at=now,
                )
            )
            index = vault.index(number)
            contact = connection.execute(select(ContactPoint.id).where(ContactPoint.phone_index == index)).scalar()
            if contact is None:
                contact = new_id()
                sealed = vault.seal("contact_points.phone", contact, number)
                connection.execute(
                    insert(ContactPoint).values(
                        id=contact, phone=sealed, phone_index=index, channel="sms", created_at=now
                    )
                )
            connection.execute(
                insert(PatientContact).values(
                    patient_id=patient_id, contact_point_id=contact, consent=consent, created_at=now
                )
            )
        self.phones[patient_id] = number

    def visit(self, appointment_id: str, patient_id: str, starts: datetime, status: str = "booked") -> None:
        """A visit of that patient; `starts` is local when it is naive."""
        at = starts if starts.tzinfo else starts.replace(tzinfo=self.zone)
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(Appointment).values(
                    appointment_id=appointment_id,
                    patient_id=patient_id,
                    starts_at=at.astimezone(UTC),
                    timezone=str(self.zone),
                    status=status,
                    created_at=self.now,
                    updated_at=self.now,
                )
            )

    def move(self, appointment_id: str, starts: datetime) -> None:
        """The clinic moves the visit, as an import does."""
        with self.clinic.database.begin() as connection:
            connection.execute(
                update(Appointment)
                .where(Appointment.appointment_id == appointment_id)
                .values(
                    previous_starts_at=Appointment.starts_at,
                    starts_at=starts.replace(tzinfo=self.zone).astimezone(UTC),
                    version=Appointment.version + 1,
                    response="needs-action",
                )
            )
            self._void_questions(appointment_id)

    def cancel(self, appointment_id: str) -> None:
        """The clinic cancels the visit, as an import does."""
        with self.clinic.database.begin() as connection:
            connection.execute(
                update(Appointment)
                .where(Appointment.appointment_id == appointment_id)
                .values(status="cancelled", version=Appointment.version + 1)
            )
            self._void_questions(appointment_id)

    def _void_questions(self, appointment_id: str) -> None:
        with self.clinic.database.begin() as connection:
            for row in connection.execute(select(Question.id, Question.subjects)).all():
                if any(subject[0] == appointment_id for subject in row.subjects):
                    connection.execute(
                        update(Question).where(Question.id == row.id).values(state=QuestionState.VOID)
                    )

    def pass_time(self, span: timedelta) -> None:
        """Let time go by, the scheduler at work every half hour."""
        until = self.now + span
        while self.now < until:
            self.now = min(self.now + timedelta(minutes=30), until)
            self.work()

    def work(self) -> None:
        """What scheduler and worker do now."""
        plan_due(self.clinic, at=self.now)
        wake(self.clinic, self.now)
        self._deliver()

    def _deliver(self) -> None:
        with self.clinic.database.begin() as connection:
            due = list(
                connection.execute(
                    select(Message.id)
                    .where(Message.status == MessageStatus.PLANNED, Message.due_at <= self.now)
                    .order_by(Message.lane_rank, Message.due_at)
                ).scalars()
            )
            decisions = decide_and_store(connection, self.clinic, due, self.now)
            for message_id in due:
                if decisions[message_id].word == "send":
                    connection.execute(
                        update(Message).where(Message.id == message_id).values(status="delivered", sent_at=self.now)
                    )
                    connection.execute(
                        update(Question)
                        .where(Question.message_id == message_id, Question.state == QuestionState.PREPARED)
                        .values(state=QuestionState.OPEN, asked_at=self.now)
                    )
                    row = connection.execute(select(Message.kind, Message.body).where(Message.id == message_id)).one()
                    self.sent.append((row.kind, self.clinic.vault.open("messages.body", message_id, row.body)))

    def start(self, patient_id: str, kind: str, appointment_id: str | None = None, prompt: str | None = None) -> str:
        """The clinic starts one conversation; gives the gate's word."""
        request = OutreachRequest(
            patient_id=patient_id, kind=Context(kind), appointment_id=appointment_id, prompt=prompt
        )
        started = start(self.clinic, request, actor="api", now=self.now)
        assert isinstance(started, Started), started if isinstance(started, Refusal) else None
        self._deliver()
        return started.decision

    def text(self, patient_id: str, body: str, sid: str | None = None) -> list[str]:
        """The patient texts; gives what the webhook answers."""
        self._count += 1
        phone = self.phones.get(patient_id, patient_id)
        inbound = Inbound(message_sid=sid or f"SM{self._count:032d}", sender=phone, body=body)
        return [reply.body for reply in receive(self.clinic, inbound, self.now).texts]

    def responses(self) -> dict[str, str]:
        """Every visit's response."""
        with self.clinic.database.read() as connection:
            rows = connection.execute(select(Appointment.appointment_id, Appointment.response)).all()
        return {row.appointment_id: str(row.response) for row in rows}

    def escalations(self) -> list[tuple[str, str]]:
        """(priority, reason) of everything that is not resolved, the oldest first."""
        with self.clinic.database.read() as connection:
            rows = connection.execute(
                select(Escalation.priority, Escalation.reason)
                .where(Escalation.status != "resolved")
                .order_by(Escalation.created_at, Escalation.id)
            ).all()
        return [(str(row.priority), str(row.reason)) for row in rows]

    def consent(self, patient_id: str) -> str:
        """The patient's consent at the phone."""
        with self.clinic.database.read() as connection:
            row = connection.execute(
                select(PatientContact.consent, ContactPoint.consent.label("number"))
                .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
                .where(PatientContact.patient_id == patient_id)
            ).one()
        return "opted-out" if "opted-out" in (str(row.consent), str(row.number)) else str(row.consent)

    def language(self, patient_id: str) -> str:
        """The patient's language."""
        with self.clinic.database.read() as connection:
            return str(
                connection.execute(select(Patient.language).where(Patient.patient_id == patient_id)).scalar_one()
            )

    def inbound_count(self) -> int:
        """How many texts came in."""
        with self.clinic.database.read() as connection:
            return len(connection.execute(select(Message.id).where(Message.direction == Direction.INBOUND)).all())


def copy_of(database: Path, to: Path) -> str:
    """The URL of a fresh copy of a migrated database."""
    to.write_bytes(database.read_bytes())
    return f"sqlite:///{to}"
