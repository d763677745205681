"""What FHIR says about people beside the patient: other holders of phones, and records merged into one."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from bot.core.people import ConsentBasis, ConsentStatus
from bot.core.rows import Kind
from bot.gateways.fhir import FhirFile
from bot.services.consent import record
from bot.services.importing import ImportReport, run_rows
from tests.services.importing.conftest import Desk

KINDS = (Kind.PATIENTS, Kind.CONTACTS, Kind.CONSENTS, Kind.APPOINTMENTS, Kind.REFERRALS)


def load(desk: Desk, *resources: dict[str, Any]) -> dict[Kind, ImportReport]:
    """Import these resources as `bot import fhir` does."""
    entries = [{"resource": resource} for resource in resources]
    file = FhirFile(io.BytesIO(json.dumps({"resourceType": "Bundle", "entry": entries}).encode()))
    options: dict[str, Any] = {"file_name": "b.json", "actor": "cli", "dry_run": False}
    return {kind: run_rows(desk.clinic, kind, file.of(kind), **options) for kind in KINDS}


def phone(line: int) -> list[dict[str, str]]:
    return [{"system": "phone", "value": f"601-555-01{line}"}]


def patient(name: str, line: int | None = None, *, into: str | None = None) -> dict[str, Any]:
    link = [{"other": {"reference": f"Patient/{into}"}, "type": "replaced-by"}] if into else []
    return {"resourceType": "Patient", "id": name, "telecom": phone(line) if line else [], "link": link}


def relative(name: str, line: int | None, *, code: str = "MTH", active: bool = True) -> dict[str, Any]:
    relation = [{"coding": [{"code": code}]}]
    about = {"reference": "Patient/p1"}
    made = {"resourceType": "RelatedPerson", "id": name, "patient": about, "relationship": relation, "active": active}
    return made | {"telecom": phone(line) if line else []}


def visit(name: str, of: str) -> dict[str, Any]:
    start, who = "2026-12-01T14:30:00-06:00", [{"actor": {"reference": f"Patient/{of}"}, "status": "needs-action"}]
    return {"resourceType": "Appointment", "id": name, "status": "booked", "start": start, "participant": who}


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.added, report.changed, report.unchanged


def test_a_relatives_new_number_takes_the_place_of_the_old_one(desk: Desk) -> None:
    load(desk, patient("p1", 40), relative("r1", 41))
    assert desk.phones("p1") == ["+16015550140", "+16015550141"]
    assert counts(load(desk, relative("r1", 42))[Kind.CONTACTS]) == (0, 1, 0)
    assert desk.phones("p1") == ["+16015550140", "+16015550142"]
    assert counts(load(desk, relative("r1", 42))[Kind.CONTACTS]) == (0, 0, 1)


@pytest.mark.parametrize("now", [relative("r1", 41, active=False), relative("r1", None)])
def test_who_is_no_relative_any_more_is_not_texted(desk: Desk, now: dict[str, Any]) -> None:
    load(desk, patient("p1", 40), relative("r1", 41))
    assert counts(load(desk, now)[Kind.CONTACTS]) == (0, 1, 0)
    assert desk.phones("p1") == ["+16015550140"]
    assert counts(load(desk, now)[Kind.CONTACTS]) == (0, 0, 1)
    load(desk, relative("r1", 41))
    assert desk.phones("p1") == ["+16015550140", "+16015550141"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_phone_of_two_relatives_stays_while_one_of_them_has_it(desk: Desk, order: int) -> None:
    both = [relative("r1", 41), relative("r2", 41, code="FTH")]
    load(desk, patient("p1", 40), *both[::order])
    after = [relative("r1", 42), relative("r2", 41, code="FTH")]
    load(desk, *after[::order])
    assert sorted(desk.phones("p1")) == ["+16015550140", "+16015550141", "+16015550142"]
    load(desk, relative("r2", None))
    assert sorted(desk.phones("p1")) == ["+16015550140", "+16015550142"]


def test_the_patients_own_number_is_never_given_up_for_a_relative(desk: Desk) -> None:
    load(desk, patient("p1", 40), relative("r1", 40))
    load(desk, relative("r1", 41))
    assert sorted(desk.phones("p1")) == ["+16015550140", "+16015550141"]


def test_a_number_that_the_patient_gave_up_may_stay_a_relatives(desk: Desk) -> None:
    load(desk, patient("p1", 40), relative("r1", 40))
    load(desk, patient("p1", 41), relative("r1", 40))
    query = "SELECT relation FROM patient_contacts WHERE active ORDER BY rank"
    assert [row.relation for row in desk.rows(query)] == ["self", "parent"]
    load(desk, relative("r1", None))
    assert desk.phones("p1") == ["+16015550141"]


def test_a_guardian_who_is_one_no_longer_hears_less(desk: Desk) -> None:
    load(desk, patient("p1"), relative("r1", 41, code="GUARD"))
    query = "SELECT relation, scope FROM patient_contacts WHERE patient_id = 'p1'"
    assert desk.one(query)[:] == ("guardian", "all")
    assert counts(load(desk, relative("r1", 41, code="NBOR"))[Kind.CONTACTS]) == (0, 1, 0)
    assert desk.one(query)[:] == ("other", "logistics")


def test_a_merged_record_leaves_its_visits_to_the_one_that_stays(desk: Desk) -> None:
    load(desk, patient("p1", 41), patient("p2", 42), visit("a1", "p1"), visit("a2", "p2"))
    desk.load("recalls", "recall_id,patient_id,measure,due_date\nR1,p1,colon,2026-12-31\n")
    load(desk, patient("p1", 41, into="p2"))
    query = "SELECT appointment_id, patient_id, version, response FROM appointments ORDER BY appointment_id"
    moved = [("a1", "p2", 1, "needs-action"), ("a2", "p2", 1, "needs-action")]
    assert [row[:] for row in desk.rows(query)] == moved
    assert desk.one("SELECT patient_id FROM recalls").patient_id == "p2"
    assert desk.one("SELECT field, before, after FROM appointment_changes")[:] == ("patient_id", "p1", "p2")
    assert (desk.phones("p1"), desk.phones("p2")) == ([], ["+16015550142"])
    assert desk.one("SELECT status FROM patients WHERE patient_id = 'p1'").status == "inactive"
    # The other system goes on naming the old record.
    load(desk, patient("p1", 41, into="p2"), visit("a1", "p1"), visit("a3", "p1"))
    assert [row[:] for row in desk.rows(query)] == [*moved, ("a3", "p2", 1, "needs-action")]
    assert counts(load(desk, visit("a1", "p1"))[Kind.APPOINTMENTS]) == (0, 0, 1)


def test_the_record_that_stays_may_come_later_and_be_merged_itself(desk: Desk) -> None:
    load(desk, patient("p1", 41), visit("a1", "p1"))
    load(desk, patient("p1", 41, into="p2"))
    query = "SELECT patient_id FROM appointments"
    assert desk.one(query).patient_id == "p1"
    load(desk, patient("p2", 42, into="p3"))
    assert desk.one(query).patient_id == "p1"
    load(desk, patient("p3", 43))
    assert desk.one(query).patient_id == "p3"


def test_records_merged_in_a_circle_stay_as_they_are(desk: Desk) -> None:
    load(desk, patient("p1", 41, into="p2"), patient("p2", 42, into="p1"), visit("a1", "p1"))
    assert desk.one("SELECT patient_id FROM appointments").patient_id == "p1"


def test_an_opt_out_goes_along_to_the_record_that_stays(desk: Desk) -> None:
    desk.patients("p1,Ana,Lopez,,601-555-0141,,,yes", "p2,Ana,Lopez,,601-555-0142,,,yes")
    with desk.clinic.database.begin() as connection:
        number = connection.exec_driver_sql("SELECT contact_point_id FROM patient_contacts WHERE patient_id = 'p1'")
        stop(desk, connection, number.scalar_one())
    load(desk, patient("p1", 41, into="p2"))
    assert desk.consent("p2") == "opted-out"


def stop(desk: Desk, connection: Any, number: str) -> None:
    """The holder of the number texts STOP."""
    record(
        connection,
        contact_point_id=number,
        patient_id=None,
        status=ConsentStatus.OPTED_OUT,
        basis=ConsentBasis.PATIENT,
        actor="patient",
        at=desk.now,
        vault=desk.clinic.vault,
    )
