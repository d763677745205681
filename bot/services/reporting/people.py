"""To which groups the people of a day belong: where they are seen, what they speak, how old they are on that day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection

from bot.core.figures import Group
from bot.core.reports import UNKNOWN_AGE, age_band
from bot.store.queries import report_facts as facts
from bot.store.vault import Undecryptable, Vault


class People:
    """The patients met so far. A birth date is opened here, becomes a band, and is kept nowhere."""

    def __init__(self, connection: Connection, vault: Vault, on: date) -> None:
        self._connection, self._vault, self._on = connection, vault, on
        self._known: dict[str, Group] = {}

    def meet(self, patient_ids: Iterable[str | None]) -> None:
        """Look up those who are not known yet."""
        fresh = sorted({one for one in patient_ids if one is not None} - self._known.keys())
        for row in facts.people(self._connection, fresh):
            band = age_band(self._born(row.patient_id, row.birth_date), self._on)
            self._known[row.patient_id] = Group(row.location or "", row.language, band)

    def group(self, patient_id: str | None, *, location: str | None = None, language: str | None = None) -> Group:
        """Theirs; the place of the visit where it is about one. Whoever is not known has no age and no place."""
        known = self._known.get(patient_id) if patient_id is not None else None
        if known is None:
            return Group(location or "", language or "", UNKNOWN_AGE)
        return known._replace(location=location) if location else known

    def _born(self, patient_id: str, sealed: bytes | None) -> date | None:
        try:
            text = self._vault.maybe_open("patients.birth_date", patient_id, sealed)
            return date.fromisoformat(text) if text else None
        except (Undecryptable, ValueError):
            return None  # What cannot be read stands under no age; `bot keys rotate` and imports tell of it.
