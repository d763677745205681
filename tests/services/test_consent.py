"""The consent ledger in the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.core.people import Channel, ConsentBasis, ConsentStatus, NumberStatus, Relation, Scope
from bot.services import consent
from bot.store.database import Database, open_database
from bot.store.tables import ConsentEntry, ContactPoint, Patient, PatientContact
from bot.store.vault import Vault

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
IN, OUT = ConsentStatus.OPTED_IN, ConsentStatus.OPTED_OUT


@pytest.fixture
def vault(data_keys: str) -> Vault:
    return Vault([data_keys])


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Two patients on phone N1, one of them on N2 too; P2 has left N2."""
    made = open_database(database_url)
    links = [("P1", "N1", True), ("P2", "N1", True), ("P1", "N2", True), ("P2", "N2", False)]
    with made.begin() as connection:
        for patient in ("P1", "P2"):
            values = {"patient_id": patient, "language": "en", "created_at": NOW, "updated_at": NOW}
            connection.execute(insert(Patient).values(**values))
        for number in ("N1", "N2"):
            values = {"id": number, "phone": b"", "phone_index": number, "channel": Channel.SMS, "created_at": NOW}
            connection.execute(insert(ContactPoint).values(status=NumberStatus.ACTIVE, **values))
        for patient, number, active in links:
            values = {"patient_id": patient, "contact_point_id": number, "active": active, "created_at": NOW}
            connection.execute(insert(PatientContact).values(relation=Relation.SELF, scope=Scope.ALL, **values))
    yield made
    made.dispose()


def say(database: Database, vault: Vault, status: ConsentStatus, *, days: int = 0, **about: Any) -> None:
    values = {"contact_point_id": None, "patient_id": None, "basis": ConsentBasis.PATIENT, "actor": "patient"} | about
    with database.begin() as connection:
        consent.record(connection, status=status, at=NOW + timedelta(days=days), vault=vault, **values)


def links(database: Database) -> dict[tuple[str, str], tuple[str, str | None]]:
    query = select(
        PatientContact.patient_id, PatientContact.contact_point_id, PatientContact.consent, PatientContact.consent_basis
    )
    with database.read() as connection:
        return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(query)}


def number(database: Database, name: str) -> Any:
    with database.read() as connection:
        query = select(ContactPoint.consent, ContactPoint.consent_at).where(ContactPoint.id == name)
        return connection.execute(query).one()


def test_a_stop_is_for_the_number_and_for_everyone_on_it(database: Database, vault: Vault) -> None:
    say(database, vault, OUT, contact_point_id="N1", wording="STOP please", evidence="m1")
    assert number(database, "N1") == (OUT, NOW)
    assert links(database) == {
        ("P1", "N1"): ("opted-out", "patient"),
        ("P2", "N1"): ("opted-out", "patient"),
        ("P1", "N2"): ("unknown", None),
        ("P2", "N2"): ("unknown", None),
    }
    with database.read() as connection:
        entries = connection.execute(select(ConsentEntry.__table__)).all()
        assert consent.said_by(connection, ["P1", "P2"])["P2"].is_binding_opt_out
    assert sorted(str(entry.patient_id) for entry in entries) == ["None", "P1", "P2"]
    words = {vault.open("consent_entries.wording", entry.id, entry.wording) for entry in entries}
    assert words == {"STOP please"}


def test_a_start_undoes_it_and_the_ledger_keeps_both(database: Database, vault: Vault) -> None:
    say(database, vault, OUT, contact_point_id="N1")
    say(database, vault, IN, contact_point_id="N1", days=1)
    assert number(database, "N1") == (IN, NOW + timedelta(days=1))
    assert links(database)["P2", "N1"] == ("opted-in", "patient")
    with database.read() as connection:
        assert len(connection.execute(select(ConsentEntry.id)).all()) == 6


@pytest.mark.parametrize("basis", [ConsentBasis.IMPORT, ConsentBasis.ASSUMED, ConsentBasis.STAFF])
def test_nobody_else_undoes_it(database: Database, vault: Vault, basis: ConsentBasis) -> None:
    say(database, vault, OUT, contact_point_id="N1")
    say(database, vault, IN, contact_point_id="N1", basis=basis, days=1)
    say(database, vault, IN, contact_point_id="N1", patient_id="P1", basis=basis, days=2)
    assert number(database, "N1").consent is OUT
    assert links(database)["P1", "N1"] == ("opted-out", "patient")


def test_a_signed_form_is_about_one_patient(database: Database, vault: Vault) -> None:
    say(database, vault, OUT, contact_point_id="N1")
    say(database, vault, IN, patient_id="P1", basis=ConsentBasis.FORM, days=1)
    assert links(database)["P1", "N1"] == ("opted-in", "form")
    assert links(database)["P1", "N2"] == ("opted-in", "form")
    assert links(database)["P2", "N1"] == ("opted-out", "patient")
    assert number(database, "N1").consent is OUT


def test_one_programs_opt_out_is_kept_and_leaves_the_state(database: Database, vault: Vault) -> None:
    say(database, vault, IN, contact_point_id="N1")
    say(database, vault, OUT, contact_point_id="N1", program="recall", days=1)
    assert number(database, "N1").consent is IN
    with database.read() as connection:
        assert len(connection.execute(select(ConsentEntry.id).where(ConsentEntry.program == "recall")).all()) == 3


def test_it_must_be_about_somebody(database: Database, vault: Vault) -> None:
    with pytest.raises(ValueError, match="number, a patient"):
        say(database, vault, OUT)


def test_an_opt_out_holds_on_every_channel_of_the_phone_and_start_only_where_it_was_said(
    database: Database, vault: Vault
) -> None:
    with database.begin() as connection:
        values = {"id": "W1", "phone": b"", "phone_index": "N1", "channel": Channel.WHATSAPP, "created_at": NOW}
        connection.execute(insert(ContactPoint).values(status=NumberStatus.ACTIVE, **values))
    say(database, vault, OUT, contact_point_id="W1")
    assert (number(database, "W1").consent, number(database, "N1").consent) == (OUT, OUT)
    assert number(database, "N2").consent is not OUT
    assert links(database)["P1", "N1"] == (OUT, ConsentBasis.PATIENT)
    say(database, vault, IN, days=1, contact_point_id="W1")
    assert (number(database, "W1").consent, number(database, "N1").consent) == (IN, OUT)
