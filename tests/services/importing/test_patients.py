"""Patients from rows, and what a second import leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from bot.config import Settings
from bot.core.people import ConsentBasis, ConsentStatus
from bot.services import consent
from tests.services.importing.conftest import Desk

ANA = "P1,Ana,Lopez,1970-01-31,601-555-0142,es,America/New_York,yes"


def stop(desk: Desk, patient: str, status: ConsentStatus = ConsentStatus.OPTED_OUT) -> None:
    """The patient texts STOP, or START, from the number in use."""
    number = desk.one("SELECT contact_point_id FROM patient_contacts WHERE patient_id = :p AND active", p=patient)[0]
    with desk.clinic.database.begin() as connection:
        consent.record(
            connection,
            contact_point_id=number,
            patient_id=None,
            status=status,
            basis=ConsentBasis.PATIENT,
            actor="patient",
            at=desk.now,
            vault=desk.clinic.vault,
            wording="STOP",
        )


def test_a_patient_lands_sealed(desk: Desk) -> None:
    report = desk.patients(ANA)
    assert (report.added, report.rejected, report.warnings) == (1, 0, 0)
    row = desk.one("SELECT * FROM patients")
    assert (row.patient_id, row.language, row.timezone, row.status) == ("P1", "es", "America/New_York", "active")
    assert desk.opened("patients.given_name", "P1") == "Ana"
    assert desk.opened("patients.birth_date", "P1") == "1970-01-31"
    assert row.name_index == desk.clinic.vault.index("ana lopez")
    assert desk.phones("P1") == ["+16015550142"]
    assert desk.consent("P1") == "opted-in"
    entry = desk.one("SELECT status, basis, evidence, actor FROM consent_entries")
    assert tuple(entry) == ("opted-in", "import", report.import_id, "cli")


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.patients(ANA)
    before = desk.rows("SELECT * FROM patients"), desk.rows("SELECT * FROM consent_entries")
    desk.later(days=1)
    report = desk.patients(ANA)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 1)
    assert (desk.rows("SELECT * FROM patients"), desk.rows("SELECT * FROM consent_entries")) == before


def test_empty_consent_is_unknown_unless_the_clinic_states_that_it_holds_it(desk: Desk) -> None:
    row = "P1,Ana,Lopez,,601-555-0142,,,"
    desk.patients(row)
    assert desk.consent("P1") == "unknown"
    desk.patients(row, assume_consent=True)
    assert desk.consent("P1") == "opted-in"
    assert desk.one("SELECT basis FROM consent_entries").basis == "assumed"


def test_the_clinics_statement_does_not_undo_a_no_in_its_own_file(desk: Desk) -> None:
    desk.patients("P1,Ana,Lopez,,601-555-0142,,,no")
    desk.patients("P1,Ana,Lopez,,601-555-0142,,,", assume_consent=True)
    assert desk.consent("P1") == "opted-out"


@pytest.mark.parametrize("assume", [False, True])
def test_no_import_undoes_the_patients_own_opt_out(desk: Desk, assume: bool) -> None:
    desk.patients(ANA)
    stop(desk, "P1")
    desk.later(days=1)
    desk.patients(ANA.replace("Lopez", "Lopez-Diaz"), assume_consent=assume)
    assert desk.consent("P1") == "opted-out"
    assert desk.opened("patients.family_name", "P1") == "Lopez-Diaz"


def test_an_opt_out_goes_along_to_a_new_number(desk: Desk) -> None:
    desk.patients(ANA)
    stop(desk, "P1")
    desk.later(days=1)
    desk.patients(ANA.replace("0142", "0143"))
    assert desk.phones("P1") == ["+16015550143"]
    link = desk.one("SELECT consent, consent_basis FROM patient_contacts WHERE active")
    assert tuple(link) == ("opted-out", "patient")
    desk.later(days=1)
    stop(desk, "P1", ConsentStatus.OPTED_IN)
    assert desk.consent("P1") == "opted-in"


def test_a_new_patient_on_a_number_that_opted_out_is_opted_out(desk: Desk) -> None:
    desk.patients(ANA)
    stop(desk, "P1")
    desk.patients("P2,Luis,Lopez,,601-555-0142,,,yes")
    assert desk.consent("P2") == "opted-out"


def test_after_the_patients_start_an_old_no_in_the_file_is_not_news(desk: Desk) -> None:
    row = "P1,Ana,Lopez,,601-555-0142,,,no"
    desk.patients(row)
    desk.later(days=1)
    stop(desk, "P1", ConsentStatus.OPTED_IN)
    desk.later(days=1)
    desk.patients(row.replace("Ana", "Anna"))
    assert desk.consent("P1") == "opted-in"


def test_a_no_that_the_file_has_never_said_before_silences(desk: Desk) -> None:
    desk.patients(ANA)
    desk.later(days=1)
    stop(desk, "P1", ConsentStatus.OPTED_IN)
    desk.later(days=1)
    desk.patients(ANA.replace(",yes", ",no"))
    assert desk.consent("P1") == "opted-out"


def test_a_changed_phone_takes_the_place_of_the_old_one(desk: Desk) -> None:
    desk.patients(ANA)
    desk.patients(ANA.replace("0142", "0143"))
    assert desk.phones("P1") == ["+16015550143"]
    desk.patients(ANA)
    assert desk.phones("P1") == ["+16015550142"]
    assert len(desk.rows("SELECT * FROM contact_points")) == 2


def test_one_phone_for_a_household(desk: Desk) -> None:
    desk.patients(ANA, "P2,Luis,Lopez,,(601) 555-0142,es,,yes")
    assert len(desk.rows("SELECT * FROM contact_points")) == 1
    assert desk.phones("P2") == ["+16015550142"]


def test_a_patient_without_a_usable_phone_is_kept_with_a_warning(desk: Desk) -> None:
    report = desk.patients("P1,Ana,Lopez,,,es,,yes", "P2,Luis,Diaz,,6.01556E+09,,,yes")
    assert (report.added, report.rejected, report.warnings) == (2, 0, 2)
    assert [str(fault) for fault in report.faults] == [
        "line 2: phone: phone number: empty; cannot be texted (warning)",
        "line 3: phone: phone number: damaged by a spreadsheet: digits are lost; cannot be texted (warning)",
    ]
    assert desk.phones("P1") == []


def test_a_damaged_cell_keeps_the_old_number_and_an_empty_one_gives_it_up(desk: Desk) -> None:
    desk.patients(ANA)
    desk.patients(ANA.replace("601-555-0142", "6.01556E+09").replace(",yes", ",no"))
    assert desk.phones("P1") == ["+16015550142"]
    assert desk.consent("P1") == "opted-out"
    desk.patients(ANA.replace("601-555-0142", ""))
    assert desk.phones("P1") == []


def test_a_row_that_breaks_off_leaves_the_rest_as_it_is(desk: Desk) -> None:
    desk.patients(ANA)
    report = desk.patients("P1,Anna,Lopez")
    assert (report.changed, report.rejected) == (1, 0)
    assert "cells: 3" in str(report.faults[0])
    assert (desk.phones("P1"), desk.consent("P1")) == (["+16015550142"], "opted-in")
    assert desk.opened("patients.given_name", "P1") == "Anna"


def test_who_stands_for_a_test_is_kept_and_never_texted(desk: Desk) -> None:
    report = desk.patients("P1,ZZTEST,Patient,,601-555-0142,,,yes", "P2,Zzedine,Diaz,,601-555-0143,,,yes")
    assert [fault.line for fault in report.faults] == [2]
    stored = desk.rows("SELECT status FROM patients ORDER BY patient_id")
    assert [row.status for row in stored] == ["inactive", "active"]


def test_a_new_number_ends_wrong_number_and_nothing_ends_death(desk: Desk) -> None:
    desk.patients(ANA, "P2,Luis,Diaz,,601-555-0144,,,yes")
    with desk.clinic.database.begin() as connection:
        connection.exec_driver_sql("UPDATE patients SET status = 'wrong-number' WHERE patient_id = 'P1'")
        connection.exec_driver_sql("UPDATE patients SET status = 'deceased' WHERE patient_id = 'P2'")
    desk.patients(ANA.replace("Ana", "Anna"))
    assert desk.one("SELECT status FROM patients WHERE patient_id = 'P1'").status == "wrong-number"
    desk.patients(ANA.replace("0142", "0143"), "P2,Luis,Diaz,,601-555-0145,,,yes")
    assert desk.one("SELECT status FROM patients WHERE patient_id = 'P1'").status == "active"
    assert desk.one("SELECT status FROM patients WHERE patient_id = 'P2'").status == "deceased"


def test_the_language_that_the_patient_chose_stays(desk: Desk) -> None:
    desk.patients(ANA)
    with desk.clinic.database.begin() as connection:
        connection.exec_driver_sql("UPDATE patients SET language = 'ar', language_basis = 'patient'")
    desk.patients(ANA.replace(",es,", ",en,"))
    assert desk.one("SELECT language FROM patients").language == "ar"


@pytest.mark.parametrize(
    ("given", "family", "as_stored"),
    [
        ("Ana", "Lopez", ("Ana", "Lopez")),
        ('"LOPEZ, ANA M"', "", ("Ana", "Lopez")),
        ("", '"LOPEZ, ANA M."', ("Ana", "Lopez")),
        ('"Lopez, Ana María"', "Lopez", ("Ana María", "Lopez")),
        ('"O\'NEIL, MARY-ANN"', "", ("Mary-Ann", "O'Neil")),
        ("John", '"Smith, Jr"', ("John", "Smith, Jr")),
        ("MARY ANN", "O'BRIEN", ("Mary Ann", "O'Brien")),
        ("TJ", "LOPEZ", ("TJ", "LOPEZ")),
        ("Ana", "LOPEZ", ("Ana", "LOPEZ")),
        ("  Ana\u0000 ", " López\n", ("Ana", "López")),
        ("", "", (None, None)),
    ],
)
def test_names(desk: Desk, given: str, family: str, as_stored: tuple[str | None, str | None]) -> None:
    desk.patients(f'P1,{given},"{family.strip(chr(34))}",,601-555-0142,,,')
    stored = desk.opened("patients.given_name", "P1"), desk.opened("patients.family_name", "P1")
    assert stored == as_stored


def test_what_cannot_be_read_is_told_without_being_repeated(desk: Desk) -> None:
    report = desk.patients(
        ",Ana,Lopez,,601-555-0142,,,yes",
        "P2,Ana,Lopez,31/31/1990,601-555-0142,,,yes",
        "P3,Ana,Lopez,2090-01-01,601-555-0142,,,yes",
        "P4,Ana,Lopez,01/31/70,601-555-0142,Klingon,Mars/Base,maybe",
        f"{'x' * 200},Ana,Lopez,,601-555-0142,,,",
        "1.23457E+11,Ana,Lopez,,601-555-0142,,,",
    )
    assert (report.added, report.rejected, report.warnings) == (1, 5, 3)
    told = [str(fault) for fault in report.faults]
    assert told[0] == "line 2: patient_id: id: missing"
    assert told[1] == "line 3: birth_date: date: no such day"
    assert "line 4: birth_date" in told[2]
    assert "line 6: patient_id: id: longer" in told[6]
    assert told[7] == "line 7: patient_id: id: damaged by a spreadsheet: digits are lost"
    assert not any(secret in line for line in told for secret in ("Ana", "Lopez", "555", "1990", "Klingon", "maybe"))
    assert desk.opened("patients.birth_date", "P4") == "1970-01-31"
    assert desk.one("SELECT language, timezone FROM patients").language == "en"


def test_of_two_rows_with_one_id_the_last_counts(desk: Desk) -> None:
    rows = (ANA, "P2,Luis,Diaz,,601-555-0144,,,yes", ANA.replace("Ana", "Anna"))
    report = desk.patients(*rows)
    assert (report.rows, report.added, report.warnings) == (3, 2, 1)
    assert str(report.faults[0]) == "line 2: patient_id: the same id again in line 4, which counts (warning)"
    assert desk.opened("patients.given_name", "P1") == "Anna"
    assert desk.patients(*rows).unchanged == 2


def test_who_needs_an_interpreter_is_said_or_not(desk: Desk) -> None:
    def said(cell: str) -> Any:
        desk.load("patients", f"patient_id,phone,interpreter\nP1,601-555-0142,{cell}\n")
        return desk.one("SELECT interpreter FROM patients").interpreter

    assert [said(cell) for cell in ("yes", "No", "")] == [True, False, None]
    report = desk.load("patients", "patient_id,phone,interpreter\nP1,601-555-0142,perhaps\n")
    assert "neither yes nor no" in str(report.faults[0])
    said("Y")
    desk.patients(ANA)
    assert desk.one("SELECT interpreter FROM patients").interpreter, "a file without the column leaves it"


def test_columns_that_the_file_lacks_stay_as_they_are(desk: Desk) -> None:
    desk.patients(ANA)
    report = desk.load("patients", "Patient ID;Phone;Room\nP1;601-555-0143;12\n")
    assert report.changed == 1
    assert desk.opened("patients.given_name", "P1") == "Ana"
    assert desk.one("SELECT language, timezone FROM patients")[:] == ("es", "America/New_York")
    assert desk.phones("P1") == ["+16015550143"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("clinic_phone", "country"),
    [("+16015550100", "US"), ("+447700900100", "GB"), ("+525512345678", "MX"), ("+80012345678", "US")],
)
def test_the_clinics_country_is_its_phones(settings: Settings, clinic_phone: str, country: str) -> None:
    assert settings.model_copy(update={"clinic_phone": clinic_phone}).country == country
