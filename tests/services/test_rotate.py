"""Rotation brings every sealed value under the newest key, may be killed anywhere, and leaves what it cannot read."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import LargeBinary, insert, select, update

from bot.config import Settings
from bot.runtime import build_clinic
from bot.services.clinic import Clinic
from bot.services.rotate import UNSEALED, rotate, rows_to_look_at, sealed_columns
from bot.store.columns import new_id
from bot.store.tables import ContactPoint, Patient, Table
from bot.store.vault import Vault

NOW = datetime(2026, 12, 1, tzinfo=UTC)
PATIENTS = 25


def key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def clinic(settings: Settings) -> Clinic:
    """A clinic under an old key, with some patients and their phones."""
    made = replace(build_clinic(settings), vault=Vault(["A" * 43]))
    with made.database.begin() as connection:
        for number in range(PATIENTS):
            patient_id, point, phone = f"P{number:02}", new_id(), f"+1601555{100 + number:04}"
            name = made.vault.seal("patients.given_name", patient_id, "Ana")
            times = {"created_at": NOW, "updated_at": NOW}
            connection.execute(
                insert(Patient).values(
                    patient_id=patient_id, given_name=name, name_index=made.vault.index("ana"), language="en", **times
                )
            )
            connection.execute(
                insert(ContactPoint).values(
                    id=point,
                    phone=made.vault.seal("contact_points.phone", point, phone),
                    phone_index=made.vault.index(phone),
                    channel="sms",
                    created_at=NOW,
                )
            )
    return made


def read_all(clinic: Clinic) -> set[tuple[str, bool]]:
    """(start of the value, whether its blind index fits) of every name and phone, by this clinic's keys alone."""
    with clinic.database.read() as connection:
        patients = connection.execute(select(Patient.patient_id, Patient.given_name, Patient.name_index)).all()
        points = connection.execute(select(ContactPoint.id, ContactPoint.phone, ContactPoint.phone_index)).all()
    names = [
        (clinic.vault.open("patients.given_name", row, sealed).casefold(), index) for row, sealed, index in patients
    ]
    phones = [(clinic.vault.open("contact_points.phone", row, sealed), index) for row, sealed, index in points]
    return {(text[:8], clinic.vault.index(text) == index) for text, index in names + phones}


def test_after_rotation_the_old_key_is_not_needed(clinic: Clinic) -> None:
    new = key()
    rotating = replace(clinic, vault=Vault([new, "A" * 43]))
    assert rows_to_look_at(rotating) == 2 * PATIENTS
    # Killed after three batches, then run again.
    steps = rotate(rotating, batch=10)
    first = sum(next(steps).resealed for _ in range(3))
    steps.close()
    second = sum(step.resealed for step in rotate(rotating, batch=10))
    assert 0 < first < 2 * PATIENTS
    assert first + second == 2 * PATIENTS
    assert sum(step.resealed for step in rotate(rotating)) == 0
    assert read_all(replace(clinic, vault=Vault([new]))) == {("ana", True), ("+1601555", True)}
    clinic.database.dispose()


def test_what_no_key_opens_is_named_and_left(clinic: Clinic) -> None:
    with clinic.database.begin() as connection:
        connection.execute(update(Patient).where(Patient.patient_id == "P07").values(given_name=b"x" * 60))
    steps = list(rotate(replace(clinic, vault=Vault([key(), "A" * 43]))))
    assert [what for step in steps for what in step.unreadable] == [
        "patients.given_name of row P07: its key is not among DATA_KEYS"
    ]
    assert sum(step.resealed for step in steps) == 2 * PATIENTS - 1
    clinic.database.dispose()


def test_every_column_of_bytes_is_a_sealed_one() -> None:
    """So that a new sealed column is rotated without anybody thinking of it; each table has a key of one part."""
    every = {
        (table.name, column.name)
        for table in Table.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    sealed = {(table.name, column.name) for table, columns in sealed_columns().items() for column in columns}
    assert sealed == every - UNSEALED
    assert every > UNSEALED
    assert all(len(table.primary_key.columns) == 1 for table in sealed_columns())
