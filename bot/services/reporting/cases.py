"""Behind a number: whose visits or cases of a day it counts, for whoever may open their records anyway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from bot.core import reports
from bot.core.people import AppointmentStatus, Participation
from bot.services.clinic import Clinic
from bot.services.inbox_list import name_of
from bot.services.reporting.roll_up import span_of
from bot.services.reporting.visits import ASKING_KINDS, NEVER_BOOKED
from bot.store.columns import AnyRow
from bot.store.queries import report_facts as facts

MOST: Final = 200
"""So many are listed."""
LISTED: Final = frozenset({reports.NO_SHOW.name, reports.CONFIRMATION.name, reports.BREACH.name})
"""Measures whose numerator, or what is missing in it, somebody may want to do something about."""


@dataclass(frozen=True, slots=True)
class Case:
    """One visit that was missed or not confirmed, or one case that was answered late."""

    patient_id: str | None
    name: str
    at: datetime
    what: str
    """A visit's service; the reason of what was brought to a person."""
    escalation_id: str | None = None


def cases(
    clinic: Clinic, connection: Connection, measure: str, day: date, *, places: Sequence[str], now: datetime
) -> list[Case]:
    """Those of a day at these places (none: everywhere), the first of the day first."""
    since, until = span_of(clinic, day)
    if measure == reports.BREACH.name:
        found = _late(connection, since, until, now)
    else:
        found = _visits(connection, measure, since, until)
    rows = sorted((row for row in found if not places or row.location in places), key=_at)[:MOST]
    ids = sorted({row.patient_id for row in rows if row.patient_id is not None})
    names = {row.patient_id: name_of(clinic.vault, row) for row in facts.names(connection, ids)}
    return [_case(row, names.get(row.patient_id, "")) for row in rows]


def _case(row: AnyRow, name: str) -> Case:
    if hasattr(row, "respond_by"):
        return Case(row.patient_id, name, row.created_at, row.reason, row.id)
    return Case(row.patient_id, name, row.starts_at, row.service)


def _visits(connection: Connection, measure: str, since: datetime, until: datetime) -> Iterator[AnyRow]:
    rows = [
        row
        for row in facts.visits(connection, since, until)
        if since <= row.starts_at < until and row.status not in NEVER_BOOKED
    ]
    if measure == reports.NO_SHOW.name:
        return (row for row in rows if row.status is AppointmentStatus.NOSHOW)
    asked = facts.asked(connection, [row.appointment_id for row in rows], asking=ASKING_KINDS)
    return (row for row in rows if row.appointment_id in asked and row.response is not Participation.ACCEPTED)


def _late(connection: Connection, since: datetime, until: datetime, now: datetime) -> Iterator[AnyRow]:
    for row in facts.brought(connection, since, until):
        answered = min((at for at in (row.claimed_at, row.resolved_at) if at is not None), default=now)
        if row.respond_by < answered:
            yield row


def _at(row: AnyRow) -> datetime:
    at: datetime = row.starts_at if hasattr(row, "starts_at") else row.created_at
    return at
