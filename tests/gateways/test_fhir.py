"""FHIR R4 files to rows."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.rows import Kind, RawRow, Unreadable
from bot.gateways.fhir import FhirFile

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "name": [
        {"use": "maiden", "family": "Diaz", "given": ["Ana"]},
        {"use": "official", "family": "Lopez", "given": ["Ana", "María", "J."]},
    ],
    "telecom": [
        {"system": "phone", "use": "home", "value": "601-555-0141", "rank": 1},
        {"system": "phone", "use": "mobile", "value": "601-555-0142", "rank": 2},
        {"system": "phone", "use": "mobile", "value": "601-555-0143", "rank": 1, "period": {"end": "2020-01-01"}},
        {"system": "phone", "use": "old", "value": "601-555-0144"},
        {"system": "email", "value": "ana@clinic.example"},
    ],
    "birthDate": "1970-01-31",
    "communication": [
        {"language": {"coding": [{"code": "en"}]}},
        {"language": {"coding": [{"code": "es"}]}, "preferred": True},
    ],
}
APPOINTMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "id": "a1",
    "status": "booked",
    "start": "2026-12-01T14:30:00-06:00",
    "end": "2026-12-01T15:15:00-06:00",
    "serviceType": [{"coding": [{"code": "1", "display": "Checkup"}]}],
    "participant": [
        {"actor": {"reference": "Practitioner/d1", "display": "Dr Smith"}, "status": "accepted"},
        {"actor": {"reference": "Location/l1"}, "status": "accepted"},
        {"actor": {"reference": "Patient/p1"}, "status": "declined"},
    ],
}


def bundle(*resources: Any, urls: tuple[str, ...] = ()) -> FhirFile:
    entries = [{"resource": resource} for resource in resources]
    for entry, url in zip(entries, urls, strict=False):
        entry["fullUrl"] = url
    return FhirFile(io.BytesIO(json.dumps({"resourceType": "Bundle", "entry": entries}, indent=1).encode()))


def ndjson(*lines: Any) -> FhirFile:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return FhirFile(io.BytesIO(text.encode()))


def rows(file: FhirFile, kind: Kind) -> list[RawRow]:
    return list(file.of(kind).rows())


def cells(file: FhirFile, kind: Kind) -> dict[str, str]:
    (row,) = rows(file, kind)
    assert row.fault is None
    return dict(row.cells)


def test_a_patient() -> None:
    assert cells(bundle(PATIENT), Kind.PATIENTS) == {
        "patient_id": "p1",
        "given_name": "Ana María",
        "family_name": "Lopez",
        "birth_date": "1970-01-31",
        "phone": "601-555-0142",
        "phone_2": "601-555-0141",
        "language": "es",
        "timezone": "",
        "interpreter": "",
        "status": "active",
        "replaced_by": "",
    }


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"deceasedBoolean": True}, "deceased"),
        ({"deceasedDateTime": "2026-01-01"}, "deceased"),
        ({"deceasedBoolean": False}, "active"),
        ({"active": False}, "inactive"),
        ({"link": [{"type": "replaced-by", "other": {"reference": "Patient/p2"}}]}, "inactive"),
        ({"link": [{"type": "replaces", "other": {"reference": "Patient/p2"}}]}, "active"),
    ],
)
def test_whether_the_patient_lives_and_is_still_on_file(more: dict[str, Any], status: str) -> None:
    assert cells(bundle(PATIENT | more), Kind.PATIENTS)["status"] == status


def test_a_visit_with_what_the_patient_answered() -> None:
    place = {"resourceType": "Location", "id": "l1", "name": "Main St"}
    assert cells(bundle(APPOINTMENT, place), Kind.APPOINTMENTS) == {
        "appointment_id": "a1",
        "patient_id": "p1",
        "starts_at": "2026-12-01T14:30:00-06:00",
        "duration_minutes": "45",
        "location": "Main St",
        "clinician": "Dr Smith",
        "service": "Checkup",
        "status": "booked",
        "response": "declined",
        "telehealth_url": "",
    }


@pytest.mark.parametrize(
    "more",
    [
        {"virtualService": [{"addressUrl": "https://video.example/room"}]},
        {"virtualService": {"addressContactPoint": {"system": "url", "value": "https://video.example/room"}}},
        {
            "extension": [
                {"url": "https://ehr.example/other", "valueString": "https://other.example"},
                {
                    "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService",
                    "extension": [
                        {"url": "address[x]", "valueContactPoint": {"system": "phone", "value": "601-555-0150"}},
                        {"url": "address[x]", "valueUrl": "https://video.example/room"},
                    ],
                },
            ]
        },
    ],
)
def test_a_virtual_service_is_a_link(more: dict[str, Any]) -> None:
    assert cells(bundle(APPOINTMENT | more), Kind.APPOINTMENTS)["telehealth_url"] == "https://video.example/room"


@pytest.mark.parametrize("service", [None, "x", [7], {"addressUrl": "http://video.example"}, {"addressUrl": {"a": 1}}])
def test_what_no_browser_opens_safely_is_no_link(service: Any) -> None:
    found = cells(bundle(APPOINTMENT | {"virtualService": service}), Kind.APPOINTMENTS)
    assert found["telehealth_url"] == ""


@pytest.mark.parametrize(("said", "read"), [(True, "yes"), (False, "no"), ("true", "")])
def test_whether_an_interpreter_is_needed(said: Any, read: str) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
    asking = PATIENT | {"extension": [{"url": url, "valueBoolean": said}]}
    assert cells(bundle(asking), Kind.PATIENTS)["interpreter"] == read


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "https://ehr.example/fhir/Patient/p1",
        "Patient/p1/_history/3",
        "urn:uuid:0f",
        "https://x.example/1",
    ],
)
def test_references_lead_to_the_patients_id(reference: str) -> None:
    visit = APPOINTMENT | {"participant": [{"actor": {"reference": reference, "type": "Patient"}}]}
    urls = ("", reference if "Patient/" not in reference else "")
    assert cells(bundle(visit, PATIENT, urls=urls), Kind.APPOINTMENTS)["patient_id"] == "p1"


def test_a_visit_of_nobody_is_a_fault() -> None:
    (row,) = rows(bundle(APPOINTMENT | {"participant": APPOINTMENT["participant"][:2]}), Kind.APPOINTMENTS)
    assert row.line == 1
    assert "no patient" in (row.fault or "")


def test_an_entry_without_an_id_is_known_by_its_url() -> None:
    nameless = {key: value for key, value in PATIENT.items() if key != "id"}
    assert cells(bundle(nameless, urls=("urn:uuid:4f2a",)), Kind.PATIENTS)["patient_id"] == "4f2a"


def test_somebody_elses_phone() -> None:
    mother = {
        "resourceType": "RelatedPerson",
        "id": "r1",
        "patient": {"reference": "Patient/p1"},
        "relationship": [{"coding": [{"code": "MTH"}]}],
        "telecom": [{"system": "sms", "value": "601-555-0145"}],
    }
    found = cells(bundle(mother), Kind.CONTACTS)
    assert (found["patient_id"], found["phone"], found["relation"]) == ("p1", "601-555-0145", "parent")
    assert found["status"] == "active"
    assert cells(bundle(mother | {"active": False}), Kind.CONTACTS)["status"] == "inactive"
    assert cells(bundle(mother | {"telecom": []}), Kind.CONTACTS)["status"] == "inactive"


def agreement(**parts: Any) -> dict[str, Any]:
    return {"resourceType": "Consent", "status": "active", "patient": {"reference": "Patient/p1"}} | parts


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (agreement(provision={"type": "permit"}), "opted-in"),
        (agreement(provision={"type": "deny"}), "opted-out"),
        (agreement(policyRule={"coding": [{"code": "OPTIN"}]}), "opted-in"),
        (agreement(policyRule={"coding": [{"code": "OPTOUT"}]}), "opted-out"),
        (agreement(status="rejected", provision={"type": "permit"}), "opted-out"),
        (agreement(status="inactive"), "opted-out"),
        (agreement(), None),
        (agreement(status="draft", provision={"type": "permit"}), None),
        (agreement(status="entered-in-error", provision={"type": "permit"}), None),
        (agreement(scope={"coding": [{"code": "research"}]}, provision={"type": "permit"}), None),
    ],
)
def test_consent(resource: dict[str, Any], said: str | None) -> None:
    found = rows(bundle(resource), Kind.CONSENTS)
    assert [row.cells["consent"] for row in found] == ([said] if said else [])


def test_of_several_consents_the_latest_counts_and_what_is_in_force_before_what_is_not() -> None:
    permit = agreement(provision={"type": "permit"}, dateTime="2026-05-01")
    deny = agreement(provision={"type": "deny"}, dateTime="2026-06-01")
    assert cells(bundle(deny, permit), Kind.CONSENTS)["consent"] == "opted-out"
    ended = permit | {"status": "inactive"}
    assert cells(bundle(permit, ended), Kind.CONSENTS)["consent"] == "opted-in"


def test_a_referral_is_no_laboratory_order() -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "performerType": {"text": "Cardiology"},
        "performer": [{"display": "Dr Heart"}],
        "authoredOn": "2026-11-01T10:00:00Z",
    }
    found = cells(bundle(order), Kind.REFERRALS)
    assert (found["specialty"], found["referred_to"], found["requested_on"]) == ("Cardiology", "Dr Heart", "2026-11-01")
    assert rows(bundle(order | {"category": [{"coding": [{"code": "108252007"}]}]}), Kind.REFERRALS) == []


def test_a_task_says_where_a_referral_stands() -> None:
    task = {"resourceType": "Task", "id": "t1", "status": "rejected", "focus": {"reference": "ServiceRequest/s1"}}
    assert cells(bundle(task), Kind.TASKS) == {"referral_id": "s1", "stage": "declined"}
    assert rows(bundle(task | {"focus": {"reference": "MedicationRequest/m1"}}), Kind.TASKS) == []
    assert rows(bundle(task | {"status": "draft"}), Kind.TASKS) == []


def test_only_a_stay_that_is_over_is_a_discharge() -> None:
    stay = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-11-18T08:00:00Z", "end": "2026-11-20T15:00:00Z"},
        "serviceProvider": {"display": "St. Mary's"},
    }
    assert cells(bundle(stay), Kind.DISCHARGES) == {
        "discharge_id": "e1",
        "patient_id": "p1",
        "discharged_at": "2026-11-20T15:00:00Z",
        "facility": "St. Mary's",
    }
    assert rows(bundle(stay | {"class": {"code": "AMB"}}), Kind.DISCHARGES) == []
    assert rows(bundle(stay | {"status": "in-progress"}), Kind.DISCHARGES) == []


def test_ndjson_line_by_line() -> None:
    file = ndjson(PATIENT, "", "{broken", "[]", {"resourceType": "Observation"}, APPOINTMENT)
    found = rows(file, Kind.PATIENTS)
    assert [(row.line, bool(row.fault)) for row in found] == [(3, True), (4, True), (1, False)]
    assert cells(file, Kind.APPOINTMENTS)["patient_id"] == "p1"
    assert file.skipped() == {"Observation": 1}
    assert (file.unit, bundle(PATIENT).unit) == ("line", "entry")


def test_the_first_line_may_be_the_broken_one() -> None:
    found = rows(ndjson('{"resourceType": "Patient", "id":', PATIENT), Kind.PATIENTS)
    assert [(row.line, bool(row.fault)) for row in found] == [(1, True), (2, False)]


def test_bundles_line_by_line() -> None:
    visit = {"resourceType": "Bundle", "entry": [{"resource": APPOINTMENT}]}
    file = ndjson({"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {}]}, visit)
    assert [(row.line, bool(row.fault)) for row in rows(file, Kind.PATIENTS)] == [(1, True), (1, False)]
    assert cells(file, Kind.APPOINTMENTS)["appointment_id"] == "a1"
    assert cells(ndjson(PATIENT, visit), Kind.APPOINTMENTS)["appointment_id"] == "a1"
    assert file.skipped() == {}


def test_a_number_that_is_not_in_use_yet() -> None:
    later = {"system": "phone", "use": "mobile", "value": "601-555-0145", "period": {"start": "2090-01-01"}}
    assert cells(bundle(PATIENT | {"telecom": [later, *PATIENT["telecom"]]}), Kind.PATIENTS)["phone"] == "601-555-0142"


@pytest.mark.parametrize("body", [json.dumps(PATIENT), json.dumps([PATIENT]), json.dumps(PATIENT, indent=2)])
def test_single_resources_and_lists(body: str) -> None:
    assert cells(FhirFile(io.BytesIO(b"\xef\xbb\xbf" + body.encode())), Kind.PATIENTS)["patient_id"] == "p1"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b'{"resourceType": "Bundle",\n "entry": [', "line 2, column"),
        (b"patient_id,phone\nP1,601-555-0142\n", "line 1, column 1"),
        (b'"a string"', "neither a Bundle"),
        (b"\xff\xfe\x00", "not JSON"),
        (json.dumps({"resourceType": "Patient", "id": "p1"}).encode("utf-16"), "not JSON in UTF-8"),
    ],
)
def test_files_that_are_no_fhir(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why) as caught:
        FhirFile(io.BytesIO(body))
    assert "555" not in str(caught.value)


ELEMENTS = """
id name given family telecom value system use period end rank communication language coding code text participant actor
reference status start patient subject relationship category provision type scope extension link
"""
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["Patient/p1", "", "phone", "2026-01-01"])
)
scraps = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ELEMENTS.split()), inner, max_size=5),
    max_leaves=12,
)


@given(
    kind=st.sampled_from(["Patient", "Appointment", "RelatedPerson", "Consent", "ServiceRequest"]),
    body=st.dictionaries(st.sampled_from(ELEMENTS.split()), scraps),
)
def test_elements_of_any_shape_give_rows_of_text_or_faults(kind: str, body: dict[str, Any]) -> None:
    file = bundle(body | {"resourceType": kind}, body)
    for imported in (Kind.PATIENTS, Kind.CONTACTS, Kind.CONSENTS, Kind.APPOINTMENTS, Kind.REFERRALS):
        for row in file.of(imported).rows():
            assert row.fault or all(isinstance(value, str) for value in row.cells.values())
