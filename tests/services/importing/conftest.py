"""A clinic with an empty database, and short words for loading rows and looking at what became of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from sqlalchemy import text

from bot.config import Settings, load
from bot.core.rows import Kind
from bot.runtime import build_clinic
from bot.services.clinic import Clinic
from bot.services.importing import ImportReport, run_import
from bot.store.database import open_database
from bot.store.vault import Vault

START = datetime(2026, 11, 23, 15, tzinfo=UTC)


@dataclass
class Desk:
    """Somebody at the clinic who imports files, at a time that passes only when told to."""

    clinic: Clinic
    now: datetime = START

    def load(self, kind: str, lines: str | bytes, **options: Any) -> ImportReport:
        """Import this text, its first line the header."""
        body = lines if isinstance(lines, bytes) else lines.encode()
        options = {"file_name": "rows.csv", "actor": "cli", "dry_run": False} | options
        return run_import(self.clinic, Kind(kind), io.BytesIO(body), **options)

    def patients(self, *rows: str, **options: Any) -> ImportReport:
        """Import patients: id, given, family, born, phone, language, zone, consent."""
        header = "patient_id,given_name,family_name,birth_date,phone,language,timezone,consent"
        return self.load("patients", "\n".join((header, *rows)), **options)

    def visits(self, *rows: str, **options: Any) -> ImportReport:
        """Import appointments: id, patient, start, minutes, zone, location, clinician, service, status."""
        header = "appointment_id,patient_id,starts_at,duration_minutes,timezone,location,clinician,service,status"
        return self.load("appointments", "\n".join((header, *rows)), **options)

    def later(self, **parts: float) -> None:
        """Let time pass."""
        self.now += timedelta(**parts)

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Rows of the database."""
        with self.clinic.database.read() as connection:
            return list(connection.execute(text(query), values))

    def one(self, query: str, **values: Any) -> Any:
        """The only row there is."""
        (row,) = self.rows(query, **values)
        return row

    def opened(self, place: str, row: str) -> str | None:
        """A sealed value of a patient or appointment."""
        table, column = place.split(".")
        key = {"patients": "patient_id", "appointments": "appointment_id", "referrals": "referral_id"}[table]
        sealed = self.one(f"SELECT {column} FROM {table} WHERE {key} = :row", row=row)[0]
        return self.clinic.vault.maybe_open(place, row, sealed)

    def phones(self, patient: str) -> list[str]:
        """The numbers on which this patient may be reached, those in use only."""
        found = self.rows(
            "SELECT p.id, p.phone FROM contact_points p JOIN patient_contacts c ON c.contact_point_id = p.id "
            "WHERE c.patient_id = :patient AND c.active ORDER BY c.rank, p.id",
            patient=patient,
        )
        return [self.clinic.vault.open("contact_points.phone", row.id, row.phone) for row in found]

    def consent(self, patient: str) -> str:
        """The patient's consent at the one number in use."""
        return str(
            self.one("SELECT consent FROM patient_contacts WHERE patient_id = :patient AND active", patient=patient)[0]
        )


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    """A desk at a clinic in Chicago."""
    vault = Vault([key.get_secret_value() for key in settings.data_keys])
    database = open_database(settings.database_url)
    made = Desk(replace(_any_clinic(), settings=settings, database=database, vault=vault))
    made.clinic = replace(made.clinic, clock=lambda: made.now)
    yield made
    database.dispose()


@lru_cache(maxsize=1)
def _any_clinic() -> Clinic:
    # Catalogues and lexicons take a second to load and have no part in imports: once is enough.
    return build_clinic(load())
