"""A clinic with patients who have written, coordinators who sign in, and a clock that can be moved."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from bot.core.people import AppointmentStatus, Channel, ConsentBasis, ConsentStatus
from bot.services import consent
from bot.services.clinic import Clinic
from bot.services.importing import naming
from bot.services.lately import Lately
from bot.services.receive import Inbound, receive
from bot.store.columns import new_id
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Conversation,
    Escalation,
    Patient,
    PatientContact,
    Role,
    User,
)

# A Monday, 10 in the morning in Chicago.
MORNING = datetime(2026, 11, 23, 16, tzinfo=UTC)
PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Desk:
    """Fills a clinic's tables the way patients and imports do."""

    def __init__(self, clinic: Clinic, *, now: Callable[[], datetime] | None = None) -> None:
        self.now = MORNING
        # Where the clock stands still, nothing that was read would ever grow old.
        lately = Lately(seconds=0) if now is None else Lately()
        self.clinic = replace(clinic, clock=now or (lambda: self.now), lately=lately)
        self.secret = ""
        self._texts = 0

    def wait(self, **length: float) -> None:
        """Let that much time pass."""
        self.now += timedelta(**length)

    def user(self, name: str = "Ana Ruiz", role: Role = Role.COORDINATOR) -> str:
        """A console account; its address is the name's first word at clinic.test."""
        user_id = new_id()
        email = f"{name.split()[0].lower()}@clinic.test"
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(User).values(
                    id=user_id,
                    email=email,
                    name=name,
                    role=role,
                    password_hash=CHEAP.hash(PASSWORD),
                    created_at=self.clinic.clock(),
                )
            )
        return user_id

    def patient(self, number: int, given: str, family: str, *, language: str = "en", phone: int | None = None) -> str:
        """A patient who agreed to texts, with the phone +1 601 555 01<phone or number>."""
        patient_id, now, vault = f"P-{number:03}", self.clinic.clock(), self.clinic.vault
        contact_id = f"phone-{phone or number}"
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(Patient).values(
                    patient_id=patient_id,
                    given_name=vault.seal("patients.given_name", patient_id, given),
                    family_name=vault.seal("patients.family_name", patient_id, family),
                    birth_date=vault.seal("patients.birth_date", patient_id, "1961-04-17"),
                    name_index=vault.index(f"{given} {family}".casefold()),
                    language=language,
                    created_at=now,
                    updated_at=now,
                )
            )
            naming.add(connection, {patient_id: (given, family)}, vault)
            if connection.execute(select(ContactPoint.id).where(ContactPoint.id == contact_id)).first() is None:
                connection.execute(
                    insert(ContactPoint).values(
                        id=contact_id,
                        phone=vault.seal("contact_points.phone", contact_id, self.phone(phone or number)),
                        phone_index=vault.index(self.phone(phone or number)),
                        channel=Channel.SMS,
                        created_at=now,
                    )
                )
                conversation = {"id": f"talk-{phone or number}", "contact_point_id": contact_id, "created_at": now}
                connection.execute(insert(Conversation).values(**conversation))
            connection.execute(
                insert(PatientContact).values(patient_id=patient_id, contact_point_id=contact_id, created_at=now)
            )
            consent.record(
                connection,
                contact_point_id=contact_id,
                patient_id=patient_id,
                status=ConsentStatus.OPTED_IN,
                basis=ConsentBasis.IMPORT,
                actor="import",
                at=now,
                vault=vault,
            )
        return patient_id

    @staticmethod
    def phone(number: int) -> str:
        """A phone kept for fiction."""
        return f"+160155501{number:02}"

    def visit(self, number: int, patient_id: str, **ahead: float) -> str:
        """A booked visit so far ahead."""
        now = self.clinic.clock()
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(Appointment).values(
                    appointment_id=f"V-{number}",
                    patient_id=patient_id,
                    starts_at=now + timedelta(**(ahead or {"days": 2})),
                    timezone="America/Chicago",
                    location="Main St",
                    service="Primary care",
                    status=AppointmentStatus.BOOKED,
                    created_at=now,
                    updated_at=now,
                )
            )
        return f"V-{number}"

    def text(self, number: int, words: str) -> str:
        """The phone of that number writes; gives its conversation."""
        self._texts += 1
        inbound = Inbound(message_sid=f"SM{self._texts:032x}", sender=self.phone(number), body=words)
        receive(self.clinic, inbound, self.clinic.clock())
        with self.clinic.database.read() as connection:
            index = self.clinic.vault.indexes(self.phone(number))
            query = select(Conversation.id).join(ContactPoint).where(ContactPoint.phone_index.in_(index))
            return str(connection.execute(query).scalar_one())

    def escalations(self, conversation_id: str) -> list[str]:
        """Ids of what stands open in a conversation, the most urgent first."""
        with self.clinic.database.read() as connection:
            query = select(Escalation.id).where(Escalation.conversation_id == conversation_id)
            return list(connection.execute(query.order_by(Escalation.priority_rank, Escalation.id)).scalars())

    def change(self, table: Any, *where: Any, **values: Any) -> None:
        """Set columns, as something outside the console would."""
        with self.clinic.database.begin() as connection:
            connection.execute(update(table).where(*where).values(**values))

    def row(self, table: Any, *where: Any) -> Any:
        """The one row that is so."""
        with self.clinic.database.read() as connection:
            return connection.execute(select(table.__table__).where(*where)).one()


class Browser:
    """Somebody at the console: posts forms with the token of the page they came from."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def sign_in(self, name: str = "Ana", password: str = PASSWORD, **form: str) -> TestResponse:
        """Sign in as that person."""
        form = {"email": f"{name.lower()}@clinic.test", "password": password, **form}
        return self.post("/console/sign-in", form)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **options)

    def post(self, path: str, form: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data={**(form or {}), "csrf_token": self.token()}, **options)

    def token(self) -> str:
        """The token that forms carry now."""
        for path in ("/console/sign-in", "/console/account", "/console/second-factor"):
            found = TOKEN.search(self.client.get(path).text)
            if found:
                return found[1]
        raise AssertionError("no form has a token")
