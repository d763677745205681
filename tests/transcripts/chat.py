"""A clinic in a box: patients' phones, the real services, a database, a carrier, and a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select, update

from bot.config import Settings
from bot.core.intents import Context
from bot.core.messages import Direction, MessageStatus
from bot.core.people import ConsentStatus
from bot.core.provider import OutgoingText
from bot.core.rows import Kind
from bot.gateways.rate import LocalRate
from bot.runtime import build_clinic
from bot.services import waitlist
from bot.services.clinic import Clinic
from bot.services.deliver import deliver
from bot.services.importing.run import run_import
from bot.services.loops.moving import happened
from bot.services.loops.opening import Opening, open_loop
from bot.services.outreach import OutreachRequest, Started, start
from bot.services.plan import plan_due
from bot.services.receive import Inbound, Media, receive
from bot.services.setting import locations
from bot.services.silence import wake
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Conversation,
    Enrollment,
    Escalation,
    Message,
    Patient,
    PatientContact,
)
from tests.services.sending import Carrier
from tests.transcripts.around import QuietQueue, signed
from tests.transcripts.recorded import recorded
from tests.transcripts.rounds import STEP, next_round

KEY = base64.urlsafe_b64encode(b"transcripts transcripts transcri").decode()


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

# Asked in every round, and made once: that costs more than asking.
DUE = select(Message.id).where(Message.status == MessageStatus.PLANNED, Message.due_at <= bindparam("now")).limit(1)


@dataclass(frozen=True)
class Sent:
    """One text that reached a phone."""

    at: datetime
    phone: str
    kind: str
    body: str
    origin: str


@dataclass
class Chat:
    """One clinic, its patients' phones, and what was said."""

    clinic: Clinic
    now: datetime
    zone: ZoneInfo
    phones: dict[str, str] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    """Everything that the clinic started and that went out, in order."""
    carrier: Carrier = field(default_factory=Carrier)
    signed: bool = False
    """Whether a clinician has signed every lesson."""
    _count: int = 0

    @classmethod
    def at(cls, database_url: str, now: datetime, zone: str = "America/Chicago") -> Chat:
        """An empty clinic whose clock shows `now`."""
        chat = cls(build_clinic(settings_for(database_url, zone)), now, ZoneInfo(zone))
        chat._wind_up()
        return chat

    def _wind_up(self) -> None:
        self.clinic = replace(self.clinic, clock=lambda: self.now, queue=QuietQueue())
        if self.signed:
            self.clinic = replace(self.clinic, series=signed(self.clinic.series))

    def sign(self) -> None:
        """A clinician signs every lesson."""
        self.signed = True
        self._wind_up()

    def reload(self) -> None:
        """Forget everything that is not in the database."""
        self.clinic.database.dispose()
        self.clinic = build_clinic(self.clinic.settings)
        self._wind_up()

    # --- the clinic's own system

    def _import(self, kind: Kind, header: str, row: Sequence[str]) -> None:
        file = BytesIO(f"{header}\n{','.join(row)}\n".encode())
        report = run_import(self.clinic, kind, file, file_name="rows.csv", actor="test", dry_run=False)
        assert not [fault for fault in report.faults if not fault.warning], report.faults

    def patient(
        self, patient_id: str, name: str, language: str = "en", phone: str | None = None, consent: str = "yes"
    ) -> None:
        """A patient with a phone; a phone that is known already is shared."""
        number = phone or f"+1601555{len(set(self.phones.values())) + 110:04d}"
        header = "patient_id,given_name,language,phone,timezone,consent"
        self._import(Kind.PATIENTS, header, (patient_id, name, language, number, str(self.zone), consent))
        self.phones[patient_id] = number

    def visit(
        self, appointment_id: str, patient_id: str, starts: datetime, status: str = "booked", **more: str | None
    ) -> None:
        """A visit as the clinic's system has it now: new, moved or cancelled. `starts` is local when it is naive."""
        at = starts if starts.tzinfo else starts.replace(tzinfo=self.zone)
        said = {name: value for name, value in more.items() if value}
        header = ",".join(("appointment_id,patient_id,starts_at,timezone,status", *said))
        row = (appointment_id, patient_id, at.isoformat(), str(self.zone), status, *said.values())
        self._import(Kind.APPOINTMENTS, header, row)

    def checks_in(self, place: str, words: dict[str, str]) -> None:
        """A place has its patients check in by text, with these words on how to get in."""
        form = {"name": place, "text_name": place, "timezone": str(self.zone), "check_in": "yes"}
        form |= {f"directions_{tag}": said for tag, said in words.items()}
        assert locations.save(self.clinic, form, location_id=None, actor_id="test", now=self.now) is None

    def move(self, appointment_id: str, starts: datetime) -> None:
        """The clinic moves the visit."""
        self.visit(appointment_id, self._patient_of(appointment_id), starts)

    def cancel(self, appointment_id: str) -> None:
        """The clinic cancels the visit."""
        self.close(appointment_id, "cancelled")

    def close(self, appointment_id: str, status: str) -> None:
        """The chart says of the visit what became of it."""
        query = select(Appointment.starts_at).where(Appointment.appointment_id == appointment_id)
        with self.clinic.database.read() as connection:
            starts = connection.execute(query).scalar_one()
        self.visit(appointment_id, self._patient_of(appointment_id), starts, status)

    def _patient_of(self, appointment_id: str) -> str:
        query = select(Appointment.patient_id).where(Appointment.appointment_id == appointment_id)
        with self.clinic.database.read() as connection:
            return str(connection.execute(query).scalar_one())

    def hold(self, patient_id: str, user: str | None) -> None:
        """A coordinator takes the conversation (None: hands it back)."""
        index = self.clinic.vault.index(self.phones[patient_id])
        numbers = select(ContactPoint.id).where(ContactPoint.phone_index == index)
        theirs = update(Conversation).where(Conversation.contact_point_id.in_(numbers))
        with self.clinic.database.begin() as connection:
            connection.execute(theirs.values(held_by=user))

    # --- time

    def pass_time(self, span: timedelta) -> None:
        """Let time go by, the scheduler at work every half hour."""
        self.until(self.now + span)

    def until(self, moment: datetime) -> None:
        """The same until then."""
        step = STEP  # What has just been done is taken up in the next round; later ones come when there is something.
        while self.now < moment:
            self.now = min(self.now + step, moment)
            self.work()
            step = next_round(self.clinic, self.now)

    def work(self) -> None:
        """What scheduler and worker do now."""
        waitlist.settle_booked(self.clinic, self.now)
        waitlist.offer(self.clinic, self.now)
        plan_due(self.clinic, at=self.now)
        wake(self.clinic, self.now)
        self.deliver()

    def deliver(self) -> None:
        """What a worker does now."""
        if not self._is_due():
            return
        before = len(self.carrier.sent)
        asyncio.run(deliver(self.clinic, self.carrier, LocalRate(10_000.0)))
        fresh = sorted(self.carrier.sent[before:], key=lambda text: (text.to, text.body))
        self.sent.extend(self._seen(text) for text in fresh)

    def _is_due(self) -> bool:
        with self.clinic.database.read() as connection:
            return connection.execute(DUE, {"now": self.now}).first() is not None

    def _seen(self, text: OutgoingText) -> Sent:
        with self.clinic.database.read() as connection:
            row = connection.execute(select(Message.kind, Message.origin).where(Message.id == text.message_id)).one()
        return Sent(self.now, text.to, row.kind, text.body, str(row.origin))

    # --- what is said

    def start(
        self,
        patient_id: str,
        kind: str,
        appointment_id: str | None = None,
        prompt: str | None = None,
        slot: datetime | None = None,
    ) -> str:
        """The clinic starts one conversation; gives the gate's word."""
        about = {"appointment_id": appointment_id, "prompt": prompt, "slot": slot}
        request = OutreachRequest(patient_id=patient_id, kind=Context(kind), **about)  # type: ignore[arg-type]
        started = start(self.clinic, request, actor="api", now=self.now)
        assert isinstance(started, Started), started
        self.deliver()
        return started.decision

    def text(
        self,
        patient_id: str,
        body: str,
        sid: str | None = None,
        media: Sequence[Media] = (),
        opt_out_type: str | None = None,
    ) -> list[str]:
        """The patient (or any number) texts; gives what the webhook answers."""
        self._count += 1
        phone = self.phones.get(patient_id, patient_id)
        inbound = Inbound(
            message_sid=sid or f"SMin{self._count:030d}",
            sender=phone,
            body=body,
            media=tuple(media),
            opt_out_type=opt_out_type,
        )
        return [reply.body for reply in receive(self.clinic, inbound, self.now).texts]

    # --- loops

    def open(self, journey: str, patient_id: str, kind: str = "", **more: Any) -> str:
        """A loop of that journey begins for the patient; gives its id."""
        opening = Opening(journey=journey, patient_id=patient_id, kind=kind, **more)
        with self.clinic.database.begin() as connection:
            opened = open_loop(connection, self.clinic, opening, self.now)
        assert opened is not None
        self.work()
        return opened

    def report(self, enrollment_id: str, name: str, **data: str) -> bool:
        """Staff report something about a loop; whether it moved."""
        moved = happened(self.clinic, enrollment_id, name, data=data, actor="staff", now=self.now)
        self.work()
        return moved

    def loop(self, journey: str, patient_id: str) -> Any:
        """The patient's newest enrollment on that journey, as stored."""
        theirs = select(Enrollment.__table__).where(Enrollment.journey == journey, Enrollment.patient_id == patient_id)
        with self.clinic.database.read() as connection:
            return connection.execute(theirs.order_by(Enrollment.created_at.desc(), Enrollment.id.desc())).first()

    # --- what was recorded

    def responses(self) -> dict[str, str]:
        """Every visit's response."""
        with self.clinic.database.read() as connection:
            rows = connection.execute(select(Appointment.appointment_id, Appointment.response))
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
        silent = ConsentStatus.OPTED_OUT in (row.consent, row.number)
        return str(ConsentStatus.OPTED_OUT if silent else row.consent)

    def language(self, patient_id: str) -> str:
        """The patient's language."""
        with self.clinic.database.read() as connection:
            return connection.execute(select(Patient.language).where(Patient.patient_id == patient_id)).scalar_one()

    def inbound_count(self) -> int:
        """How many texts came in."""
        with self.clinic.database.read() as connection:
            texts = select(func.count()).select_from(Message).where(Message.direction == Direction.INBOUND)
            return connection.execute(texts).scalar_one()

    def records(self) -> dict[str, str]:
        """All that a nurse would look up, by what it is about: answers, open cases, consent, values kept."""
        texts = {f"texts to {patient_id}": self.consent(patient_id) for patient_id in self.phones}
        return {**recorded(self.clinic), **texts}


def utc(local: datetime, zone: ZoneInfo) -> datetime:
    """A local time in UTC."""
    return local.replace(tzinfo=zone).astimezone(UTC)
