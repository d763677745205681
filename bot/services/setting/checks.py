"""What can be wrong with a field of the settings, and how fields are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from bot.config import parse_hours
from bot.core.phones import read_phone
from bot.services.places import DAYS

MOST_HOLIDAYS: Final = 100


@cache
def zones() -> frozenset[str]:
    """IANA's time zones; finding them takes a walk through a folder."""
    return frozenset(available_timezones())


class Fault(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"
    TOO_LONG = "too-long"
    TAKEN = "taken"
    TELLS = "tells"
    PHONE = "phone"
    ZONE = "zone"
    HALF = "half"
    ORDER = "order"
    DATES = "dates"
    DATE = "date"
    NUMBER = "number"
    PERSON = "person"
    NO_WAY = "no-way"
    CHOICE = "choice"
    URL = "url"
    LANGUAGE = "language"
    OFFERS = "offers"
    WORDS = "words"


Faults = dict[str, Fault]
"""By the field's name."""


class Fields:
    """A form being read: values by name, and what is wrong beside them."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form
        self.faults: Faults = {}

    def raw(self, name: str) -> str:
        """As typed, without space around it and with plain space in it."""
        return " ".join(self._form.get(name, "").split())

    def line(self, name: str, *, most: int, needed: bool = True) -> str:
        """One line of text."""
        text = self.raw(name)
        if needed and not text:
            self.faults[name] = Fault.MISSING
        elif len(text) > most or not text.isprintable():
            self.faults[name] = Fault.TOO_LONG
        return text

    def phone(self, name: str, country: str) -> str:
        """A number in E.164 form, or none."""
        text = self.raw(name)
        if not text:
            return ""
        found = read_phone(text, country=country)
        if found.e164 is None or found.remark is not None:
            self.faults[name] = Fault.PHONE
        return found.e164 or ""

    def number(self, name: str, *, least: int, most: int) -> int:
        """A whole number."""
        text = self.raw(name)
        if text.isascii() and text.isdigit() and len(text) < 7 and least <= int(text) <= most:
            return int(text)
        self.faults[name] = Fault.NUMBER if text else Fault.MISSING
        return least

    def choice(self, name: str, among: Sequence[str], fault: Fault = Fault.CHOICE) -> str:
        """One of these words."""
        text = self.raw(name)
        if text not in among:
            self.faults[name] = fault if text else Fault.MISSING
        return text

    def yes(self, name: str) -> bool:
        """Whether the box is ticked."""
        return bool(self._form.get(name))

    def zone(self, name: str) -> str:
        """An IANA time zone."""
        text = self.raw(name)
        if text not in zones():
            self.faults[name] = Fault.ZONE if text else Fault.MISSING
        return text

    def day(self, name: str, *, until: date) -> date | None:
        """A day that is not after `until`, or none."""
        text = self.raw(name)
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or day > until:
            self.faults[name] = Fault.DATE
        return day

    def hours(self) -> dict[str, str]:
        """Opening hours by day from `<day>_from` and `<day>_to`; a day without both is closed."""
        found: dict[str, str] = {}
        for day in DAYS:
            start, end = self.raw(f"{day}_from"), self.raw(f"{day}_to")
            if not start and not end:
                continue
            try:
                span = parse_hours(f"{start[:5]}-{end[:5]}")
            except ValueError:
                self.faults[day] = Fault.HALF
                continue
            if span[0] > span[1]:
                self.faults[day] = Fault.ORDER
            found[day] = f"{start[:5]}-{end[:5]}"
        return found

    def days(self, name: str) -> list[str]:
        """Dates, one a line or with commas between, sorted."""
        words = self._form.get(name, "").replace(",", " ").split()
        try:
            days = sorted({date.fromisoformat(word).isoformat() for word in words})
        except ValueError:
            self.faults[name] = Fault.DATES
            return []
        if len(days) > MOST_HOLIDAYS:
            self.faults[name] = Fault.TOO_LONG
        return days


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What a change changed, for the audit trail: `{field: [old, new]}`. Of sealed fields only that they did."""
    return {
        name: ["…", "…"] if isinstance(value, bytes) or isinstance(before.get(name), bytes) else [before[name], value]
        for name, value in after.items()
        if name in before and before[name] != value
    }
