"""Findings as FHIR R4: Observations with LOINC codes where there are such, and the PHQ-2 as its questionnaire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from bot.core.reading_kinds import Measure, coded, coding, observed

LOINC: Final = "http://loinc.org"
CATEGORIES: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
LOCAL: Final = "urn:tendril:finding"
CODES: Final = {
    "phq2": ("55758-7", "Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]"),
    "phq2-1": ("44250-9", "Little interest or pleasure in doing things in last 2 weeks"),
    "phq2-2": ("44255-8", "Feeling down, depressed, or hopeless in last 2 weeks"),
    "need-food": ("88122-7", "Worried whether food would run out in the past 12 months"),
    "need-housing": ("71802-3", "Housing status"),
    "need-transport": ("93030-5", "Lack of transportation has kept you from appointments or daily living"),
    "need-utilities": ("96779-4", "Utility company threatened to shut off services in past 12 months"),
}
SURVEYS: Final = frozenset({"phq2-1", "phq2-2", "phq2", "score"})
PHQ2_ITEMS: Final = ("phq2-1", "phq2-2")


def observation(finding_id: str, patient_id: str, name: str, value: str, at: datetime) -> dict[str, Any]:
    """One finding as an Observation."""
    measure = coded(name)
    if measure is not None:
        return _reading(finding_id, patient_id, measure, value, at)
    code, display = CODES.get(name, (name, name))
    category = "survey" if name in SURVEYS or name.startswith(("need", "lesson", "checkin")) else "vital-signs"
    return {
        "resourceType": "Observation",
        "id": finding_id,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORIES, "code": category}]}],
        "code": {"coding": [{"system": LOINC if name in CODES else LOCAL, "code": code, "display": display}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": at.isoformat(),
        **_value(value),
    }


def _reading(finding_id: str, patient_id: str, measure: Measure, value: str, at: datetime) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": finding_id,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORIES, "code": measure.category}]}],
        "code": {"coding": [coding(code, display) for code, display in measure.codes]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": at.isoformat(),
        **observed(measure, value),
    }


def _value(value: str) -> dict[str, Any]:
    if value.isdigit():
        return {"valueInteger": int(value)}
    if value in ("yes", "no"):
        return {"valueBoolean": value == "yes"}
    try:
        return {"valueQuantity": {"value": float(value)}}
    except ValueError:
        return {"valueString": value}


def questionnaire_response(
    enrollment_id: str, patient_id: str, marks: dict[str, str], at: datetime
) -> dict[str, Any] | None:
    """Both marks of a PHQ-2 as one QuestionnaireResponse; None where one is missing."""
    if any(name not in marks for name in PHQ2_ITEMS):
        return None
    items = [
        {
            "linkId": CODES[name][0],
            "text": CODES[name][1],
            "answer": [{"valueInteger": int(marks[name])}],
        }
        for name in PHQ2_ITEMS
    ]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": enrollment_id,
        "questionnaire": "http://loinc.org/q/55757-9",
        "status": "completed",
        "subject": {"reference": f"Patient/{patient_id}"},
        "authored": at.isoformat(),
        "item": items,
    }
