"""The clinic's places and service levels as texts and clocks need them: read rarely, and kept by each process."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import phonenumbers
import structlog

from bot.config import Settings, parse_hours
from bot.core.escalation import LEVELS, Level, Priority, respond_by
from bot.core.hours import Week, workdays
from bot.core.people import Visit
from bot.store.columns import AnyRow
from bot.store.database import Database, DatabaseDown
from bot.store.queries import places as queries
from bot.store.queries import reviews

log = structlog.get_logger(__name__)

KEPT_SECONDS: Final = 30.0
"""So long a change takes at most to reach every process; the one that makes it knows at once."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Monday first, as `locations.hours` has them."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the clinic: what texts call it, its number as people write it, and when somebody reads."""

    text_name: str
    phone: str
    """"" where it has none of its own."""
    week: Week
    check_in: bool = False
    """Whether its patients are told on the day how to check in, and asked to text when they are there."""
    directions: Mapping[str, str] = field(default_factory=dict)
    """Parking, entrance, what to bring, by language."""
    spoken: tuple[str, ...] = ()
    """Languages that staff speak there; empty: not said."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the clinic has set up; where it has not, what the environment says holds."""

    week: Week
    """Of the clinic as a whole: OFFICE_HOURS, Monday to Friday."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """By their name as visits have it."""
    levels: Mapping[Priority, Level] = field(default_factory=dict)
    """Only those that differ from the built-in ones."""
    approvals: Mapping[tuple[str, str], AnyRow] = field(default_factory=dict)
    """By language and text; read only where DRAFT_TRANSLATIONS asks for them."""

    def place_of(self, visits: Sequence[Visit]) -> Place | None:
        """The one place of all these visits; None where there are several, none, or one that is not set up."""
        names = {visit.location for visit in visits}
        return self.places.get(names.pop()) if len(names) == 1 else None

    def due(self, priority: Priority, now: datetime, week: Week | None = None) -> datetime:
        """By when something of that priority is to be answered; `week`: of the place that it is about."""
        level = self.levels.get(priority) or LEVELS[priority]
        return respond_by(level, priority, now, week or self.week)


class Known:
    """What was read last. One caller at a time reads anew; the others go on with what there is."""

    def __init__(self) -> None:
        self._held: SetUp | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    def read(self, database: Database, settings: Settings) -> SetUp:
        """The set-up, at most half a minute old; the last one known while the database does not answer."""
        held = self._held
        if held is not None and time.monotonic() - self._read_at < KEPT_SECONDS:
            return held
        if not self._lock.acquire(blocking=held is None):
            assert held is not None, "whoever has nothing waits for the lock"
            return held
        try:
            if self._held is not held and self._held is not None:
                return self._held  # Another thread has read it while this one waited.
            return self._anew(database, settings)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Something has been changed: read it anew next time."""
        self._read_at = -KEPT_SECONDS

    def _anew(self, database: Database, settings: Settings) -> SetUp:
        try:
            with database.read() as connection:
                locations, levels = queries.locations(connection), queries.service_levels(connection)
                approved = reviews.standing(connection) if settings.draft_translations == "english" else ()
        except DatabaseDown:
            return self._held or SetUp(office_of(settings))
        self._held = SetUp(
            office_of(settings),
            {row.name: place for row in locations if (place := _place(row, settings)) is not None},
            {row.priority: Level(timedelta(minutes=row.minutes), row.office_hours) for row in levels},
            {(row.language, row.text_key): row for row in approved},
        )
        self._read_at = time.monotonic()
        return self._held


def office_of(settings: Settings) -> Week:
    """When somebody reads, as the environment says."""
    return workdays(settings.clinic_timezone, settings.office)


def week_of(zone: str, hours: Mapping[str, str], holidays: Sequence[str], settings: Settings) -> Week:
    """A location's columns as hours; without any of its own it keeps those of the clinic. Raises ValueError."""
    ZoneInfo(zone)
    closed = frozenset(date.fromisoformat(day) for day in holidays)
    if not hours:
        return Week(zone, workdays(zone, settings.office).days, closed)
    return Week(zone, tuple(parse_hours(hours[day]) if day in hours else None for day in DAYS), closed)


@lru_cache(maxsize=256)
def spoken_phone(e164: str) -> str:
    """A number as people of its country write it: 601-555-0142."""
    number = phonenumbers.parse(e164, None)
    if number.country_code == 1:
        digits = str(number.national_number)
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _place(row: Any, settings: Settings) -> Place | None:
    try:
        phone = spoken_phone(row.phone) if row.phone else ""
        week = week_of(row.timezone, row.hours, row.holidays, settings)
        return Place(row.text_name, phone, week, row.check_in, dict(row.directions), tuple(row.spoken))
    except (ValueError, KeyError, phonenumbers.NumberParseException):
        # Written past the console. No text may fail for it: the clinic's own number and hours serve.
        log.warning("a location is malformed", location_id=row.id)
        return None
