"""Preparing for a visit: which texts a service calls for, and when; only protocols that a clinician has signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.journey import PlannedTouch
from bot.core.people import Visit

PREFIX: Final = "prep_"
"""How the steps of the appointment journey that prepare are named, and so their templates."""
LEAST_USE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Preparing:
    """One text of a protocol: `days` before the visit at the time `at`, or `hours` before it."""

    text: str
    days: int = 0
    at: time | None = None
    hours: int = 0

    @property
    def step(self) -> str:
        """Its name in the appointment journey: `prep_fasting`."""
        return f"{PREFIX}{self.text}"


@dataclass(frozen=True, slots=True)
class Protocol:
    """What the patients of some services are to do beforehand, and who has signed it."""

    name: str
    services: frozenset[str]
    """Folded; a visit's service has to be one of them, word for word."""
    steps: tuple[Preparing, ...]
    reviewed_by: str = ""
    reviewed_on: date | None = None

    @property
    def is_signed(self) -> bool:
        """Whether it may be sent: a clinician's name and a date stand under it."""
        return bool(self.reviewed_by) and self.reviewed_on is not None


def for_service(protocols: Iterable[Protocol], service: str) -> Protocol | None:
    """The signed protocol for exactly that service; None where there is none."""
    wanted = fold(service)
    return next((one for one in protocols if one.is_signed and wanted in one.services), None)


def fold(service: str) -> str:
    """A service's name as it is compared."""
    return " ".join(service.casefold().split())


def plan(visit: Visit, protocol: Protocol, now: datetime) -> tuple[PlannedTouch, ...]:
    """The texts of the protocol that are still ahead for this visit. One whose time has passed is of no use any more,
    but for the first: whoever is booked late is told at once."""
    due = [(step, _due_at(visit, step)) for step in protocol.steps]
    touches = []
    for index, (step, at) in enumerate(due):
        following = due[index + 1][1] if index + 1 < len(due) else visit.starts_at
        if following - now < LEAST_USE:
            continue
        touches.append(PlannedTouch(step.step, max(at, now), following))
    return tuple(touches)


def _due_at(visit: Visit, step: Preparing) -> datetime:
    if step.hours:
        return visit.starts_at - timedelta(hours=step.hours)
    zone = ZoneInfo(visit.timezone)
    day = visit.starts_at.astimezone(zone).date() - timedelta(days=step.days)
    return datetime.combine(day, step.at or time(10), zone).astimezone(UTC)


def parse(tables: Mapping[str, object]) -> tuple[Protocol, ...]:
    """Protocols as `locales/protocols.toml` has them. Raises ValueError that names the protocol at fault."""
    return tuple(_protocol(name, table) for name, table in tables.items() if isinstance(table, dict))


def _protocol(name: str, table: Mapping[str, object]) -> Protocol:
    services, steps = table.get("services"), table.get("steps")
    if not isinstance(services, list) or not isinstance(steps, list):
        raise ValueError(f"protocol {name}: needs `services` and `steps`")
    try:
        parsed = tuple(Preparing(**step) for step in steps)
    except TypeError as error:
        raise ValueError(f"protocol {name}: a step has text, days, at (a time without quotes) and hours") from error
    reviewed_on = table.get("reviewed_on")
    return Protocol(
        name=name,
        services=frozenset(fold(str(service)) for service in services),
        steps=parsed,
        reviewed_by=str(table.get("reviewed_by") or ""),
        reviewed_on=reviewed_on if isinstance(reviewed_on, date) else None,
    )
