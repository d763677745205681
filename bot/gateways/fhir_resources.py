"""FHIR R4 resources to the cells of a row, read defensively: any element may be missing or of another shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.people import ConsentStatus, Relation
from bot.gateways.fhir_values import (
    Json,
    codes_of,
    dict_of,
    dicts_in,
    extension,
    first_words,
    text,
    video,
    words_of,
    yes_or_no,
)

Cells = dict[str, str]

TIMEZONE = "http://hl7.org/fhir/StructureDefinition/timezone"
INTERPRETER = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
MOST_PHONES = 5

_NAME_ORDER = ("usual", "official", "", "nickname", "temp", "anonymous", "maiden", "old")
_PHONE_SYSTEMS = ("sms", "phone", "")
_USE_ORDER = ("mobile", "home", "", "temp", "work")
_LAST_RANK = 99

# HL7 v3 RoleCode and the words that exports put beside it.
_RELATIONS: dict[str, Relation] = {
    **dict.fromkeys(("prn", "mth", "fth", "nmth", "nfth", "parent", "mother", "father"), Relation.PARENT),
    **dict.fromkeys(("stpprn", "stpmth", "stpfth"), Relation.PARENT),
    **dict.fromkeys(("guard", "grd", "guardian", "powatt", "fostf", "fostm", "prnfost"), Relation.GUARDIAN),
    **dict.fromkeys(("child", "chldadopt", "son", "dau", "nchild", "sonc", "dauc", "daughter"), Relation.CHILD),
    **dict.fromkeys(("sps", "husb", "wife", "dompart", "spouse", "husband", "partner"), Relation.SPOUSE),
    **dict.fromkeys(("cgv", "caregiver", "careprovider", "e", "aide"), Relation.CAREGIVER),
}  # fmt: skip

# SNOMED CT: laboratory, imaging, surgery. An order for one of these sends nobody to another clinic.
_NO_REFERRALS = frozenset({"108252007", "363679005", "387713003", "laboratory", "imaging", "procedure"})
# FHIR Task.status as a report about the referral; drafts and errors report nothing.
_TASKS = {"rejected": "declined", "in-progress": "accepted", "on-hold": "info-requested", "completed": "attended"}
_TASKS |= {"requested": "sent", "failed": "cancelled"} | {one: one for one in ("received", "accepted", "cancelled")}
# HL7 v3 ActCode: stays from which somebody goes home.
_STAYS = frozenset({"imp", "acute", "nonac", "obsenc", "emer", "ss"})
# Consents about something else than being contacted.
_OTHER_CONSENTS = frozenset({"research", "adr"})
_PERMITS, _DENIES = frozenset({"optin", "optinr"}), frozenset({"optout", "optoute"})


class NotUsable(Exception):
    """A resource that cannot become a row; the message says why, without a value of it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a resource is read amid: full URLs of the file's entries, names of its locations, and today."""

    urls: Mapping[str, str]
    places: Mapping[str, str]
    today: date


Mapper = Callable[[Json, Surroundings], Cells | None]
"""The cells of one resource; None where it says nothing that is imported. Raises NotUsable."""


def patient(resource: Json, around: Surroundings) -> Cells:
    """A Patient."""
    given, family = _name(dicts_in(resource.get("name")), around.today)
    return {
        "patient_id": text(resource.get("id")),
        "given_name": given,
        "family_name": family,
        "birth_date": born if len(born := text(resource.get("birthDate"))) == len("1970-01-31") else "",
        **_phones(resource, around.today),
        "language": _language(resource),
        "timezone": extension(resource, TIMEZONE),
        "interpreter": yes_or_no(resource, INTERPRETER),
        "status": _patient_status(resource),
        "replaced_by": _survivor(resource, around),
    }


def related_person(resource: Json, around: Surroundings) -> Cells:
    """A RelatedPerson: somebody else's phone. Without a phone, or no longer related, whatever was theirs is not now."""
    phones = _phones(resource, around.today)
    is_over = resource.get("active") is False or _is_over(resource, around.today)
    return {
        "status": "inactive" if is_over or not phones else "active",
        "contact_id": text(resource.get("id")),
        "patient_id": needed_patient(resource.get("patient"), around),
        **phones,
        "relation": _relation(resource),
    }


def appointment(resource: Json, around: Surroundings) -> Cells:
    """An Appointment, with the patient's own participation."""
    participants = dicts_in(resource.get("participant"))
    patients = [one for one in participants if _is_about(one.get("actor"), "Patient", around)]
    if not patients:
        raise NotUsable("participant: reference: no patient among them")
    response = text(patients[0].get("status"))
    return {
        "appointment_id": text(resource.get("id")),
        "patient_id": reference(dict_of(patients[0].get("actor")), around),
        "starts_at": text(resource.get("start")),
        "duration_minutes": _minutes(resource),
        "location": _displays(participants, "Location", around),
        "clinician": _displays(participants, "Practitioner", around)
        or _displays(participants, "PractitionerRole", around),
        "service": first_words(resource.get("serviceType")) or words_of(resource.get("appointmentType")),
        "status": text(resource.get("status")),
        "response": response if response in ("accepted", "declined", "tentative") else "",
        "telehealth_url": video(resource),
    }


def referral(resource: Json, around: Surroundings) -> Cells | None:
    """A ServiceRequest that sends the patient to somebody else; an order for a test is none."""
    if any(codes_of(category) & _NO_REFERRALS for category in dicts_in(resource.get("category"))):
        return None
    performer = next(iter(dicts_in(resource.get("performer"))), {})
    return {
        "referral_id": text(resource.get("id")),
        "patient_id": needed_patient(resource.get("subject"), around),
        "specialty": words_of(resource.get("performerType"))
        or words_of(resource.get("code"))
        or first_words(resource.get("category")),
        "referred_to": text(performer.get("display")),
        "status": text(resource.get("status")),
        "requested_on": text(resource.get("authoredOn"))[:10],
        "urgency": text(resource.get("priority")),
    }


def task(resource: Json, around: Surroundings) -> Cells | None:
    """A Task about a ServiceRequest: where the other office is with it. A task about anything else is none of ours."""
    focus, stage = resource.get("focus"), _TASKS.get(text(resource.get("status")))
    if stage is None or not _is_about(focus, "ServiceRequest", around):
        return None
    return {"referral_id": reference(dict_of(focus), around), "stage": stage}


def discharge(resource: Json, around: Surroundings) -> Cells | None:
    """An Encounter from which the patient went home: over, and a stay in a hospital or an emergency room."""
    ended = text(dict_of(resource.get("period")).get("end"))
    stayed = {text(one.get("code")).casefold() for one in dicts_in(resource.get("class"))} & _STAYS
    if text(resource.get("status")) != "finished" or not ended or not stayed:
        return None
    return {
        "discharge_id": text(resource.get("id")),
        "patient_id": needed_patient(resource.get("subject"), around),
        "discharged_at": ended if "T" in ended else f"{ended}T12:00",
        "facility": text(dict_of(resource.get("serviceProvider")).get("display")),
    }


def consent(resource: Json, around: Surroundings) -> Cells | None:
    """A Consent to being contacted. Drafts, errors, and consents to research say nothing about that."""
    status, scope = text(resource.get("status")), resource.get("scope")
    if status not in ("active", "rejected", "inactive") or codes_of(scope) & _OTHER_CONSENTS:
        return None
    said = _agreed(resource) if status == "active" else ConsentStatus.OPTED_OUT
    if said is None:
        return None
    return {
        "patient_id": needed_patient(resource.get("patient"), around),
        "consent": str(said),
        # Of two consents of one patient the later counts, of two of one day the one in force.
        "order": f"{text(resource.get('dateTime'))[:10]} {status == 'active':d} {text(resource.get('dateTime'))}",
    }


def reference(value: Json, around: Surroundings) -> str:
    """The id that a Reference names; empty where it names none."""
    target = text(value.get("reference"))
    if target in around.urls:
        return around.urls[target].rpartition("/")[2]
    if target.startswith("urn:"):
        return target.rpartition(":")[2]
    if target.startswith("#"):
        return ""
    return target.partition("/_history/")[0].rpartition("/")[2]


def _is_over(value: Json, today: date) -> bool:
    end = text(dict_of(value.get("period")).get("end"))
    return bool(end) and end < today.isoformat()[: len(end[:10])]


def _is_to_come(value: Json, today: date) -> bool:
    start = text(dict_of(value.get("period")).get("start"))[:10]
    return start > today.isoformat()


def _name(names: list[Json], today: date) -> tuple[str, str]:
    def place(name: Json) -> tuple[bool, int]:
        use = text(name.get("use"))
        return _is_over(name, today), _NAME_ORDER.index(use) if use in _NAME_ORDER else len(_NAME_ORDER)

    for name in sorted(names, key=place):
        parts = name.get("given")
        # A single letter is a middle initial; a second given name is part of how people are called.
        given = [text(part) for part in parts] if isinstance(parts, list) else [text(parts)]
        called = " ".join(part for number, part in enumerate(given) if number == 0 or len(part.strip(".")) > 1)
        family = text(name.get("family"))
        if called.strip() or family:
            return called.strip(), family
        if whole := text(name.get("text")):
            first, _, rest = whole.partition(" ")
            return (whole, "") if "," in whole else (first, rest.strip())
    return "", ""


def _phones(resource: Json, today: date) -> Cells:
    """Numbers to try in order: what is made for texts before what may be, then by rank."""
    usable = [
        point
        for point in dicts_in(resource.get("telecom"))
        if text(point.get("system")) in _PHONE_SYSTEMS
        and text(point.get("use")) != "old"
        and text(point.get("value"))
        and not _is_over(point, today)
        and not _is_to_come(point, today)
    ]

    def place(point: Json) -> tuple[bool, bool, int, int]:
        use, rank = text(point.get("use")), point.get("rank")
        return (
            text(point.get("system")) != "sms",
            use != "mobile",
            rank if isinstance(rank, int) else _LAST_RANK,
            _USE_ORDER.index(use) if use in _USE_ORDER else len(_USE_ORDER),
        )

    values = [text(point.get("value")) for point in sorted(usable, key=place)][:MOST_PHONES]
    return {f"phone_{number}" if number > 1 else "phone": value for number, value in enumerate(values, start=1)}


def _language(resource: Json) -> str:
    spoken = dicts_in(resource.get("communication"))
    for said in sorted(spoken, key=lambda one: one.get("preferred") is not True):
        concept = said.get("language")
        codes = [text(coding.get("code")) for coding in dicts_in(dict_of(concept).get("coding"))]
        if found := next(filter(None, codes), "") or text(dict_of(concept).get("text")):
            return found
    return ""


def _patient_status(resource: Json) -> str:
    if resource.get("deceasedBoolean") is True or text(resource.get("deceasedDateTime")):
        return "deceased"
    return "inactive" if _replacements(resource) or resource.get("active") is False else "active"


def _replacements(resource: Json) -> list[Json]:
    return [other for other in dicts_in(resource.get("link")) if text(other.get("type")) == "replaced-by"]


def _survivor(resource: Json, around: Surroundings) -> str:
    """The record that this one was merged into."""
    named = (reference(dict_of(link.get("other")), around) for link in _replacements(resource))
    return next(filter(None, named), "")


def _relation(resource: Json) -> str:
    for concept in dicts_in(resource.get("relationship")):
        for code in sorted(codes_of(concept) | {words_of(concept).casefold()}):
            if code in _RELATIONS:
                return _RELATIONS[code]
    return Relation.OTHER


def needed_patient(value: object, around: Surroundings) -> str:
    """The id of the patient that a Reference names. Raises NotUsable."""
    if found := reference(dict_of(value), around):
        return found
    raise NotUsable("patient: reference: missing")


def _is_about(value: object, kind: str, around: Surroundings) -> bool:
    actor = dict_of(value)
    target = text(actor.get("reference"))
    full = around.urls.get(target, target)
    return f"{kind}/" in full.partition("/_history/")[0] or text(actor.get("type")) == kind


def _displays(participants: list[Json], kind: str, around: Surroundings) -> str:
    for one in participants:
        actor = dict_of(one.get("actor"))
        if _is_about(actor, kind, around):
            found = text(actor.get("display")) or around.places.get(reference(actor, around), "")
            if found:
                return found
    return ""


def _minutes(resource: Json) -> str:
    minutes = resource.get("minutesDuration")
    if isinstance(minutes, int | float) and not isinstance(minutes, bool):
        return str(int(minutes))
    try:
        start, end = (datetime.fromisoformat(text(resource.get(name))) for name in ("start", "end"))
        return str(int((end - start).total_seconds() // 60))
    except (ValueError, TypeError, OverflowError):
        return ""


def _agreed(resource: Json) -> ConsentStatus | None:
    """What a Consent in force says: by its provision, else by the policy it follows."""
    policy, provision = codes_of(resource.get("policyRule")), text(dict_of(resource.get("provision")).get("type"))
    if provision == "deny" or (policy & _DENIES and not provision):
        return ConsentStatus.OPTED_OUT
    return ConsentStatus.OPTED_IN if provision == "permit" or policy & _PERMITS else None
