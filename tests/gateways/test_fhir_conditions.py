"""FHIR Conditions: which there are, by which codes and words, and which are none."""

from __future__ import annotations

from bot.core.rows import Kind
from tests.gateways.test_fhir import bundle, cells, rows


def test_a_condition_is_read_by_its_codes_and_words() -> None:
    has = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"code": "E11.9", "display": "Type 2 | diabetes"}], "text": "Diabetes"},
    }
    assert cells(bundle(has), Kind.CONDITIONS) == {
        "condition_id": "c1",
        "patient_id": "p1",
        "condition": "Diabetes|E11.9|Type 2   diabetes",
        "status": "active",
    }
    wrong = has | {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    assert cells(bundle(wrong), Kind.CONDITIONS)["status"] == "entered-in-error"
    assert rows(bundle(has | {"verificationStatus": {"coding": [{"code": "provisional"}]}}), Kind.CONDITIONS) == []
    assert rows(bundle({**has, "code": {}}), Kind.CONDITIONS) == []
