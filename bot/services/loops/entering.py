"""Entering a step: what went before is put away, its text is planned, and the clock of silence starts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.core.journey import END, Enrollment, Journey, OwedBy, TouchState, waits
from bot.core.when import due_at
from bot.services.clinic import Clinic
from bot.services.gate import drop
from bot.store.columns import new_id
from bot.store.queries import loops
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Touch

LEFT = "loop-moved-on"
"""Why a planned contact or a waiting text is of no use any more."""


def enter(
    connection: Connection,
    clinic: Clinic,
    journey: Journey,
    loop: Enrollment,
    now: datetime,
    *,
    since: datetime | None = None,
) -> None:
    """The loop stands in its step from now on, or from `since`. In the caller's transaction."""
    leave(connection, loop.id, LEFT, now)
    step = journey.step(loop.step) if loop.step != END else None
    if step is None or step.closes is not None:
        _wait(connection, loop.id, None, None, None)
        if step is None or step.sends is None:
            return
    asks_from = since or now
    if step.sends is not None:
        asks_from = due_at(step.sends, loop, zone_of(connection, clinic, loop.patient_id), asks_from)
        _plan(connection, loop, asks_from, asks_from + step.sends.life, now)
    if step.closes is not None:
        return
    wake = asks_from + waits(step.silence_after, loop) if step.silence_after is not None else None
    owes = (step.office or step.name) if step.owed_by is OwedBy.OFFICE else None
    _wait(connection, loop.id, wake, owes, wake if owes else None)


def leave(connection: Connection, enrollment_id: str, reason: str, now: datetime) -> None:
    """Nothing more goes out of what this loop has planned."""
    waiting = loops.silence(connection, enrollment_id, reason, now)
    if waiting:
        drop(connection, dict.fromkeys(waiting, reason), now)


def zone_of(connection: Connection, clinic: Clinic, patient_id: str) -> str:
    """Where the patient's wall clock is: on file, or the clinic's."""
    return loops.zone_of(connection, patient_id) or clinic.settings.clinic_timezone


def _plan(connection: Connection, loop: Enrollment, at: datetime, until: datetime, now: datetime) -> None:
    row = {
        "id": new_id(),
        # The version tells one time in a step from the next.
        "key": f"{loop.journey}:{loop.id}:{loop.version}:{loop.step}",
        "journey": loop.journey,
        "step": loop.step,
        "patient_id": loop.patient_id,
        "subject_id": loop.id,
        "subject_version": loop.version,
        "due_at": at,
        "expires_at": until,
        "state": TouchState.PLANNED,
        "created_at": now,
        "updated_at": now,
    }
    connection.execute(insert_or_ignore(connection, Touch.__table__), row)


def _wait(
    connection: Connection, enrollment_id: str, wake: datetime | None, owes: str | None, by: datetime | None
) -> None:
    connection.execute(loops.WAITS, {"which": enrollment_id, "wake": wake, "owes": owes, "by": by})
