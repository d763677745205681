"""What a loop is given on its way: a series its lessons, a need the places that may help, a reading its text."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from bot.core.hours import local_day
from bot.core.reading_kinds import READINGS
from bot.core.resources import Place
from bot.journeys.needs import RESOURCES, SAID, SAID_PLACES
from bot.journeys.readings import GAP, LEFT, MEASURE
from bot.services.clinic import Clinic
from bot.services.resources import for_patient

if TYPE_CHECKING:
    from bot.services.loops.opening import Opening

SERIES: Final = "series"
NEEDS: Final = "needs"


def prepared(connection: Connection, clinic: Clinic, opening: Opening, now: datetime) -> Opening:
    """The same, with all that its journey goes by."""
    if opening.journey == READINGS:
        return replace(opening, data={LEFT: "0", GAP: "1", **opening.data, MEASURE: opening.kind})
    if opening.journey == SERIES:
        return replace(opening, data={**clinic.series.data_for(opening.kind), **opening.data})
    if opening.journey == NEEDS and opening.step in (None, SAID) and "places" not in opening.details:
        today = local_day(now, clinic.settings.clinic_timezone)
        found = for_patient(connection, clinic, opening.patient_id, opening.kind, today)
        if not found:
            return replace(opening, step=opening.step or "office")
        told = {**opening.details, "places": ", ".join(map(_told, found))}
        data = {**opening.data, RESOURCES: ",".join(one.id for one in found)}
        return replace(opening, details=told, data=data, step=SAID_PLACES if opening.step == SAID else None)
    return opening


def _told(place: Place) -> str:
    return f"{place.name} {place.phone}"
