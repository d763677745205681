"""FHIR Conditions as rows: the codes and words of what a patient has, and whether it still holds."""

from __future__ import annotations

from bot.gateways.fhir_resources import Cells, Surroundings, needed_patient
from bot.gateways.fhir_values import Json, dict_of, dicts_in, text

_GONE = ("refuted", "entered-in-error")


def condition(resource: Json, around: Surroundings) -> Cells | None:
    """A Condition with any code at all; one that is only suspected is none yet."""
    said = dict_of(resource.get("code"))
    names = [text(said.get("text"))]
    for coding in dicts_in(said.get("coding")):
        names += [text(coding.get("code")), text(coding.get("display"))]
    words = "|".join(name.replace("|", " ") for name in names if name)
    verified, stands = _code(resource.get("verificationStatus")), _code(resource.get("clinicalStatus"))
    if not words or verified in ("unconfirmed", "provisional", "differential"):
        return None
    return {
        "condition_id": text(resource.get("id")),
        "patient_id": needed_patient(resource.get("subject"), around),
        "condition": words,
        "status": verified if verified in _GONE else stands,
    }


def _code(concept: object) -> str:
    codings = dicts_in(dict_of(concept).get("coding"))
    return next((found for coding in codings if (found := text(coding.get("code")).casefold())), "")
