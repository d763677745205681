"""Values of FHIR R4 JSON, read defensively: any element may be missing or of another shape."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

VIRTUAL_SERVICE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService"
"""What R5 has as an element of its own, as R4 systems carry it."""


def text(value: object) -> str:
    """A JSON string, or a number as a string; empty for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def dict_of(value: object) -> Json:
    """The object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def dicts_in(value: object) -> list[Json]:
    """The objects in a list; an object that stands where a list should is taken for one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def codes_of(concept: object) -> set[str]:
    """A CodeableConcept's codes and text, folded."""
    found = {text(coding.get("code")).casefold() for coding in dicts_in(dict_of(concept).get("coding"))}
    return {*found, text(dict_of(concept).get("text")).casefold()} - {""}


def words_of(concept: object) -> str:
    """What a CodeableConcept is called: its text, else the first display, else the first code."""
    coding = dicts_in(dict_of(concept).get("coding"))
    displays = [text(code.get("display")) for code in coding] + [text(code.get("code")) for code in coding]
    return text(dict_of(concept).get("text")) or next(filter(None, displays), "")


def first_words(concepts: object) -> str:
    """What the first of these concepts that has words is called."""
    return next(filter(None, map(words_of, dicts_in(concepts))), "")


def extension(resource: Json, url: str) -> str:
    """The code or string of the extension with that URL; empty where there is none."""
    for one in dicts_in(resource.get("extension")):
        if one.get("url") == url:
            return text(one.get("valueCode")) or text(one.get("valueString"))
    return ""


def yes_or_no(resource: Json, url: str) -> str:
    """The boolean of the extension with that URL as yes or no; empty where there is none."""
    said = [one.get("valueBoolean") for one in dicts_in(resource.get("extension")) if one.get("url") == url]
    return {True: "yes", False: "no"}.get(said[0], "") if said and isinstance(said[0], bool) else ""


def video(resource: Json) -> str:
    """Where a visit by video is joined: the first address of a virtual service that a browser opens safely."""
    services = dicts_in(resource.get("virtualService"))
    services += [one for one in dicts_in(resource.get("extension")) if one.get("url") == VIRTUAL_SERVICE]
    return next((link for service in services for link in _addresses(service) if link.startswith("https://")), "")


def _addresses(service: Json) -> list[str]:
    inside = [one for one in dicts_in(service.get("extension")) if text(one.get("url")).startswith("address")]
    points = [dict_of(service.get("addressContactPoint")), *(dict_of(one.get("valueContactPoint")) for one in inside)]
    plain = [one.get(name) for one in inside for name in ("valueUrl", "valueUri", "valueString")]
    return [text(found) for found in (service.get("addressUrl"), *plain, *(point.get("value") for point in points))]
