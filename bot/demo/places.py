"""The sample clinic's places: one has its patients check in by text, and says how to get in."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.demo.sample import PLACES, ZONE
from bot.services.clinic import Clinic
from bot.services.setting import locations

ACTOR: Final = "demo"
DIRECTIONS: Final = {
    "en": "Park behind the building; the entrance is step-free. Please bring your insurance card.",
    "es": "Puede estacionar detrás del edificio; la entrada no tiene escalones. Traiga su tarjeta del seguro.",
}


def add_places(clinic: Clinic, now: datetime) -> None:
    """Put them into an empty clinic."""
    checks_in = {"check_in": "yes", "speaks_en": "yes", "speaks_es": "yes"}
    checks_in |= {f"directions_{tag}": words for tag, words in DIRECTIONS.items()}
    for number, name in enumerate(PLACES):
        form = {"name": name, "text_name": name, "timezone": ZONE, **(checks_in if number == 0 else {})}
        faults = locations.save(clinic, form, location_id=None, actor_id=ACTOR, now=now)
        assert faults is None, faults
