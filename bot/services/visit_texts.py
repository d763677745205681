"""Which text a contact about a visit is told in: by video with its link, and on the day how to check in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.core.people import Visit
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow

DAY_OF: Final = "same_day"
"""The contact of the day itself, whatever it says."""
BY_VIDEO: Final[Mapping[str, str]] = {
    "booked": "booked_video",
    "reminder_last": "reminder_last_video",
    DAY_OF: "video",
}
"""The texts that carry the link, where the visit is joined by one."""
ASKED_TO_CALL: Final = ("reminder_last", "moved")
"""Of the contacts about a visit that may not be told there, those in whose place one is asked to call."""


def link_of(clinic: Clinic, appointment_id: str, sealed: bytes | None) -> str:
    """Where the visit is joined; empty where the patient comes."""
    return clinic.vault.maybe_open("appointments.telehealth_url", appointment_id, sealed) or ""


def visit_of(row: AnyRow, name: str = "", link: str = "") -> Visit:
    """A row of the planning queries as the core's value."""
    return Visit(
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        status=row.status,
        response=row.response,
        version=row.version,
        name=name,
        location=row.location,
        service=row.service,
        is_video=row.telehealth_url is not None,
        link=link,
    )


def template_for(clinic: Clinic, step: str, visit: Visit) -> str:
    """The name of the text for this contact."""
    if visit.link:
        return BY_VIDEO.get(step, step)
    return "arrival" if step == DAY_OF and checks_in(clinic, visit) else step


def kind_of(step: str, template: str) -> str:
    """What the text is to the gate and in reports: the contact, but on the day what it says."""
    return f"appointment/{template if step == DAY_OF else step}"


def checks_in(clinic: Clinic, visit: Visit) -> bool:
    """Whether the visit's place has its patients told on the day how to check in."""
    place = clinic.set_up().places.get(visit.location)
    return place is not None and place.check_in


def values_of(clinic: Clinic, visit: Visit) -> dict[str, Any]:
    """What texts about this one visit may use beside its time: the link, or how to get in."""
    if visit.link:
        return {"link": visit.link, "location": ""}
    place = clinic.set_up().places.get(visit.location)
    return {"directions": place.directions} if place is not None and place.directions else {}
