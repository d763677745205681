"""What a text is filled in with: the clinic, the patient, the visit, and whether anybody reads now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import phonenumbers

from bot.config import Settings
from bot.core.hours import is_open, next_opening
from bot.core.people import Visit

# These texts say whether anybody reads now, so each has an `_open` and a `_closed` form.
TRUTHFUL: Final = frozenset(
    f"general/{name}" for name in ("emergency", "self_harm", "danger_neutral", "symptom", "question", "human")
)


def text_key(key: str, settings: Settings, now: datetime) -> str:
    """The template for `key`, by whether the clinic is open."""
    if key not in TRUTHFUL:
        return key
    return f"{key}_{'open' if is_open(now, settings.clinic_timezone, settings.office) else 'closed'}"


def values_for(
    settings: Settings,
    *,
    now: datetime,
    name: str = "",
    visits: Sequence[Visit] = (),
    **more: Any,
) -> Mapping[str, object]:
    """Everything a template may use; `visits` are the ones it is about, the first one being *the* visit."""
    zone = settings.clinic_timezone
    # By the minute, so that one answer serves every text of that minute.
    opens_at = _opens_at(now.replace(second=0, microsecond=0), zone, settings.office)
    values: dict[str, object] = {
        "clinic": settings.clinic_name,
        "phone": spoken_phone(settings.clinic_phone),
        "name": name,
        "opens_at": opens_at and opens_at.astimezone(ZoneInfo(zone)),
        "visits": [{"name": visit.name, "starts_at": local(visit)} for visit in visits],
        **more,
    }
    if visits:
        values.setdefault("starts_at", local(visits[0]))
        values.setdefault("location", visits[0].location)
    return values


@lru_cache(maxsize=64)
def _opens_at(now: datetime, zone: str, office: tuple[time, time]) -> datetime | None:
    """When somebody reads again; None while somebody does. Kept: one batch of texts has one `now`."""
    return None if is_open(now, zone, office) else next_opening(now, zone, office)


def local(visit: Visit) -> datetime:
    """When the visit starts, in its own zone."""
    return visit.starts_at.astimezone(ZoneInfo(visit.timezone))


@lru_cache(maxsize=64)
def spoken_phone(e164: str) -> str:
    """A number as people of its country write it: 601-555-0142."""
    number = phonenumbers.parse(e164, None)
    if number.country_code == 1:
        digits = str(number.national_number)
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
