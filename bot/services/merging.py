"""What the fields of a canned reply stand for in one conversation, in the words of the patient's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.people import Relation, Visit
from bot.services.canned import Field
from bot.services.clinic import Clinic
from bot.services.inbox_thread import Thread, VisitLine
from bot.services.wording import phone_for


def values_for(clinic: Clinic, thread: Thread, language: str, now: datetime) -> Mapping[Field, str]:
    """What is known; what is not is left out, and then a text that needs it cannot be used."""
    visit = next((visit for visit in thread.visits if visit.status.is_ahead and visit.starts_at > now), None)
    # The number of the place where they come next; of the clinic, where that has none or nothing lies ahead.
    phone = phone_for(clinic, [_visit(thread, visit)] if visit is not None else [])
    values = {Field.CLINIC: clinic.settings.clinic_name, Field.PHONE: phone}
    patient = thread.patient
    # Whoever holds the phone for somebody else is not to be called by that name.
    if patient is not None and patient.given_name and patient.relation is Relation.SELF:
        values[Field.GIVEN_NAME] = patient.given_name
    if visit is not None:
        local = visit.starts_at.astimezone(ZoneInfo(visit.timezone))
        text = clinic.texts.render("general/visit_when", language=language, values={"starts_at": local})
        values[Field.VISIT] = text.text
    return values


def _visit(thread: Thread, line: VisitLine) -> Visit:
    return Visit(
        appointment_id=line.appointment_id,
        patient_id=thread.patient.patient_id if thread.patient is not None else "",
        starts_at=line.starts_at,
        timezone=line.timezone,
        status=line.status,
        response=line.response,
        location=line.location,
    )
