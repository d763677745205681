"""A row on its way in, before anybody has looked at its values: what readers of CSV and of FHIR both hand over."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What a row is about."""

    PATIENTS = "patients"
    APPOINTMENTS = "appointments"
    RECALLS = "recalls"
    DISCHARGES = "discharges"
    REFILLS = "refills"
    CONDITIONS = "conditions"
    TASKS = "tasks"
    REFERRALS = "referrals"
    WAITLIST = "waitlist"
    CONTACTS = "contacts"
    CONSENTS = "consents"


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row: the physical line (or the entry of a Bundle) where it starts, its cells by column name, or its fault."""

    line: int
    cells: Mapping[str, str]
    fault: str | None = None
    warning: str | None = None
    columns: frozenset[str] | None = None
    """The columns of which it says anything, where those are not all of its file's: a row that breaks off."""


class RowSource(Protocol):
    """A file of rows that can be gone through more than once."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it has; what it lacks is left as it is in the database."""
        ...

    @property
    def unit(self) -> str:
        """What `RawRow.line` counts: `line` or `entry`."""
        ...

    @property
    def remark(self) -> str | None:
        """A warning about the file as a whole."""
        ...

    def rows(self) -> Generator[RawRow]:
        """Every row, from the first."""
        ...


class Unreadable(Exception):
    """The file as a whole cannot be taken; the message is one line that says why and what to do."""
