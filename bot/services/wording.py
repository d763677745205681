"""What a text is filled in with: the clinic, the patient, the visit, and whether anybody reads now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.core.hours import Week, next_reading, reads
from bot.core.people import Visit
from bot.services.clinic import Clinic
from bot.services.places import Place, spoken_phone
from bot.services.visit_texts import values_of as visit_values

# These texts say whether anybody reads now, so each has an `_open` and a `_closed` form.
TRUTHFUL: Final = frozenset(
    f"general/{name}" for name in ("emergency", "self_harm", "danger_neutral", "symptom", "question", "human")
)


def text_key(key: str, clinic: Clinic, now: datetime, *, near: Sequence[Visit] = ()) -> str:
    """The template for `key`, by whether somebody reads now at the place of the visits `near`, or in the clinic."""
    if key not in TRUTHFUL:
        return key
    return f"{key}_{'open' if reads(now, _week(clinic, _place(clinic, near))) else 'closed'}"


def values_for(
    clinic: Clinic,
    *,
    now: datetime,
    name: str = "",
    visits: Sequence[Visit] = (),
    near: Sequence[Visit] = (),
    **more: Any,
) -> Mapping[str, object]:
    """Everything a template may use; `visits` are the ones it is about, the first one being *the* visit.

    What is said about one place has that place's name, number and hours. `near`: visits that tell the place where the
    text itself is about none.
    """
    place = _place(clinic, visits or near)
    week = _week(clinic, place)
    starts = [local(visit) for visit in visits]
    # By the minute, so that one answer serves every text of that minute.
    opens_at = _opens_at(now.replace(second=0, microsecond=0), week)
    values: dict[str, object] = {
        "clinic": clinic.settings.clinic_name,
        "phone": _phone(clinic, place),
        "name": name,
        "opens_at": opens_at and opens_at.astimezone(ZoneInfo(week.zone)),
        "visits": [{"name": visit.name, "starts_at": start} for visit, start in zip(visits, starts, strict=True)],
        **more,
    }
    if len(visits) == 1:
        values = {**visit_values(clinic, visits[0]), **values}
    if visits:
        values.setdefault("starts_at", starts[0])
        values.setdefault("location", _called(clinic, visits[0]))
    return values


def phone_for(clinic: Clinic, visits: Sequence[Visit]) -> str:
    """The number to call about these visits: of their one place, or the clinic's."""
    return _phone(clinic, _place(clinic, visits))


def _phone(clinic: Clinic, place: Place | None) -> str:
    return place.phone if place is not None and place.phone else spoken_phone(clinic.settings.clinic_phone)


def _place(clinic: Clinic, visits: Sequence[Visit]) -> Place | None:
    return clinic.set_up().place_of(visits)


def _week(clinic: Clinic, place: Place | None) -> Week:
    return place.week if place is not None else clinic.set_up().week


def _called(clinic: Clinic, visit: Visit) -> str:
    place = clinic.set_up().places.get(visit.location)
    return place.text_name if place is not None else visit.location


@lru_cache(maxsize=64)
def _opens_at(now: datetime, week: Week) -> datetime | None:
    """When somebody reads again; None while somebody does. Kept: one batch of texts has one `now`."""
    return None if reads(now, week) else next_reading(now, week)


def local(visit: Visit) -> datetime:
    """When the visit starts, in its own zone."""
    return visit.starts_at.astimezone(ZoneInfo(visit.timezone))
