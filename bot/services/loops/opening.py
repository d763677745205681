"""Opening a loop: one enrollment for each thing, however often it is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.journey import Enrollment, Urgency
from bot.core.series import PREGNANCY
from bot.core.when import local_time
from bot.journeys import discover
from bot.services.clinic import Clinic
from bot.services.loops.entering import enter
from bot.services.loops.preparing import prepared
from bot.store.columns import new_id
from bot.store.queries import life, loops
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Enrollment as EnrollmentRow

BOT = "bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A loop to be opened. `subject_id` is what it is about (a recall's id, say): one loop of a journey for each.

    `data` are words and ids; `details` is what texts and the office need to know of the patient, and is sealed. `step`:
    where to begin, in place of the journey's start.
    """

    journey: str
    patient_id: str
    subject_id: str = ""
    kind: str = ""
    priority: Urgency = Urgency.ROUTINE
    data: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    appointment_id: str | None = None
    owner_id: str | None = None
    due_on: date | None = None
    step: str | None = None
    begins: datetime | None = None
    """Not before then; None: at once."""


def open_loop(
    connection: Connection, clinic: Clinic, opening: Opening, now: datetime, *, actor: str = BOT
) -> str | None:
    """Open it in the caller's transaction and give its id; None where there is one about this already, or where
    it is about a pregnancy that has been lost.

    Raises KeyError for a journey that does not exist.
    """
    journey = discover()[opening.journey]
    if opening.kind in PREGNANCY and life.lost_lately(connection, opening.patient_id, now):
        return None
    opening = prepared(connection, clinic, opening, now)
    fresh = new_id()
    loop = Enrollment(
        id=fresh,
        journey=journey.name,
        patient_id=opening.patient_id,
        subject_id=opening.subject_id or fresh,
        step=opening.step or journey.start,
        data=opening.data,
        kind=opening.kind,
        priority=opening.priority,
    )
    details = json.dumps(dict(opening.details)) if opening.details else None
    row = {
        "id": fresh,
        "journey": loop.journey,
        "patient_id": loop.patient_id,
        "subject_id": loop.subject_id,
        "step": loop.step,
        "misses": 0,
        "data": dict(loop.data),
        "kind": loop.kind,
        "priority": loop.priority,
        "appointment_id": opening.appointment_id,
        "owner_id": opening.owner_id,
        "due_on": opening.due_on,
        "details": clinic.vault.maybe_seal("enrollments.details", fresh, details),
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    connection.execute(insert_or_ignore(connection, EnrollmentRow.__table__), row)
    if loops.one(connection, fresh) is None:
        return None
    loops.remember(connection, loop, "", cause="opened", actor=actor, now=now)
    enter(connection, clinic, journey, loop, now, since=max(opening.begins or now, now))
    return fresh


def values_of(clinic: Clinic, data: Mapping[str, str], enrollment_id: str, sealed: bytes | None) -> dict[str, Any]:
    """What the loop's texts are filled in with; a time in its data (`starts_at`, `zone`) is one for templates, too."""
    values: dict[str, Any] = {**data, **details_of(clinic, enrollment_id, sealed)}
    if "starts_at" in values:
        values["starts_at"] = local_time(values["starts_at"], values.get("zone") or clinic.settings.clinic_timezone)
    return values


def details_of(clinic: Clinic, enrollment_id: str, sealed: bytes | None) -> Mapping[str, str]:
    """What was kept sealed with the loop."""
    text = clinic.vault.maybe_open("enrollments.details", enrollment_id, sealed)
    return dict(json.loads(text)) if text else {}
