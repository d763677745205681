"""Moving a loop on, where no text of the patient's is being answered: silence, and what somebody reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import Connection, insert, update

from bot.core.dialogue import advance
from bot.core.effects import (
    Answer,
    Arrived,
    Ask,
    ChangeConsent,
    CloseQuestion,
    Effect,
    Escalate,
    FreeSlot,
    MarkPatient,
    PauseJourneys,
    Record,
    Say,
    SetLanguage,
    Start,
    StopJourneys,
    TakeSlot,
    VoidTouches,
    WakeAt,
)
from bot.core.journey import END, Enrollment, Happened, Silence, Urgency
from bot.core.messages import Origin
from bot.journeys import discover
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.closing import close_with
from bot.services.escalations import Need, raise_to_person
from bot.services.loops.entering import enter, leave
from bot.services.loops.opening import BOT, Opening, open_loop, values_of
from bot.services.loops.telling import tell
from bot.store.batch import Batch
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import loops, planning, slots
from bot.store.tables import Enrollment as EnrollmentRow
from bot.store.tables import Finding

STOPPED = "stopped"
RESOLVED = "resolved"
"""What a loop hears when a person has closed its case."""
REOPENED = "reopened"
ASKED_FOR = "asked-for"
"""What a loop hears when the same is wanted once more."""


class NoSuchLoop(LookupError):
    """There is no enrollment of that id."""


@once_more
def happened(
    clinic: Clinic, enrollment_id: str, name: str, *, data: Mapping[str, str] | None = None, actor: str, now: datetime
) -> bool:
    """Somebody reports something about a loop; whether it moved. Raises NoSuchLoop, DatabaseDown."""
    with clinic.database.begin() as connection:
        row = loops.one(connection, enrollment_id, lock=True)
        if row is None:
            raise NoSuchLoop(enrollment_id)
        moved = report(connection, clinic, row, name, data=data or {}, actor=actor, now=now)
        detail = {"event": name, "from": row.step, "moved": moved}
        audit.record(
            connection,
            at=now,
            actor=actor,
            action="loop.reported",
            object_type="loop",
            object_id=enrollment_id,
            detail=detail,
        )
    if moved:
        clinic.queue.deliver()
    return moved


def report(
    connection: Connection,
    clinic: Clinic,
    row: AnyRow,
    name: str,
    *,
    data: Mapping[str, str],
    actor: str,
    now: datetime,
) -> bool:
    """The same, in the caller's transaction, for a row of `enrollments` that it has locked."""
    loop = loops.loop_of(row)
    event = Happened(name, loop, data)
    return take(connection, clinic, row, event, cause=name, actor=actor, now=now)


def tell_loop(
    connection: Connection,
    clinic: Clinic,
    case: AnyRow,
    name: str,
    data: Mapping[str, str] | None = None,
    *,
    actor: str,
    now: datetime,
) -> bool:
    """What has become of a case is reported to the loop that it is one thing with, if it is; whether that moved."""
    row = loops.one(connection, case.enrollment_id, lock=True) if case.enrollment_id is not None else None
    journey = discover().get(row.journey) if row is not None else None
    if row is None or journey is None or case.reason not in journey.joins:
        return False
    return report(connection, clinic, row, name, data=data or {}, actor=actor, now=now)


def take(
    connection: Connection,
    clinic: Clinic,
    row: AnyRow,
    event: Silence | Happened,
    *,
    cause: str,
    actor: str = BOT,
    now: datetime,
) -> bool:
    """Let the journey take one event and do all that it leads to; whether the loop moved."""
    journey = discover().get(row.journey)
    if journey is None:
        return False
    loop = loops.loop_of(row)
    outcome = advance(journey, loop, event, now)
    if outcome.moved:
        loops.moved(connection, outcome.enrollment, loop.step, cause=cause, actor=actor, now=now)
        # Contacts about visits are planned from the visits themselves.
        if journey.name != loops.VISITS and not outcome.stays:
            enter(connection, clinic, journey, outcome.enrollment, now)
        if isinstance(event, Happened) and actor != BOT:
            # Silence closes nothing: what a person was announced for stays in front of people.
            close_with(connection, clinic, journey, outcome.enrollment, actor=actor, now=now, reported=True)
    for effect in outcome.effects:
        _effect(connection, clinic, row, effect, now, reported=isinstance(event, Happened))
    return outcome.moved


def _effect(
    connection: Connection, clinic: Clinic, row: AnyRow, effect: Effect, now: datetime, *, reported: bool
) -> None:
    loop = loops.loop_of(row)
    match effect:
        case Say() | Ask():
            origin = Origin.OUTREACH if isinstance(effect, Ask) or effect.origin is Origin.REPLY else effect.origin
            values = {**values_of(clinic, loop.data, row.id, row.details), **effect.values}
            # What is said because somebody did something was started on purpose; what silence leads to was not.
            tell(connection, clinic, row, effect.key, values, origin=origin, budget_exempt=reported, now=now)
        case Escalate():
            _escalate(connection, clinic, row, effect, now)
        case Record():
            keep(connection, clinic, loop, effect, now)
        case Start():
            start(connection, clinic, loop, effect, now)
        case StopJourneys():
            stop(connection, loop, effect, now)
        case VoidTouches():
            leave(connection, effect.subject_id, effect.reason, now)
        case WakeAt() | CloseQuestion():
            pass  # A step waits by its own times, and nothing has been answered.
        case FreeSlot():
            slots.give_back(connection, effect.slot_id, loop.id, now)
        case TakeSlot() | Answer() | Arrived() | ChangeConsent() | SetLanguage() | MarkPatient() | PauseJourneys():
            raise TypeError(f"{type(effect).__name__} is only for what a patient wrote")
        case _:
            assert_never(effect)


def _escalate(connection: Connection, clinic: Clinic, row: AnyRow, effect: Escalate, now: datetime) -> None:
    asked = loops.asked_last(connection, row.id)
    contact = planning.contacts(connection, [row.patient_id]).get(row.patient_id)
    place = asked or contact
    need = Need(
        reason=effect.reason,
        priority=effect.priority,
        conversation_id=place.conversation_id if place is not None else None,
        patient_id=row.patient_id,
        appointment_id=effect.appointment_id or row.appointment_id,
        enrollment_id=row.id,
        suggestion=effect.suggestion,
    )
    batch = Batch(connection)
    raise_to_person(batch, need, clinic=clinic, now=now)
    batch.flush()


def keep(
    connection: Connection,
    clinic: Clinic,
    loop: Enrollment,
    effect: Record,
    now: datetime,
) -> None:
    """Keep a value as a finding of this loop."""
    finding_id = new_id()
    values: dict[str, Any] = {
        "id": finding_id,
        "patient_id": loop.patient_id,
        "enrollment_id": loop.id,
        "name": effect.name,
        "value": clinic.vault.seal("findings.value", finding_id, effect.value),
        "at": now,
    }
    connection.execute(insert(Finding).values(**values))


def start(connection: Connection, clinic: Clinic, loop: Enrollment, effect: Start, now: datetime) -> str | None:
    """Open the loop that this one leads to; its id. None where one of its kind is open, which hears of it."""
    if discover()[effect.journey].joins:
        standing = loops.open_alike(connection, loop.patient_id, effect.journey, effect.kind)
        if standing is not None:
            report(connection, clinic, standing, ASKED_FOR, data={}, actor=BOT, now=now)
            return None
    opening = Opening(
        journey=effect.journey,
        patient_id=loop.patient_id,
        subject_id=effect.subject or f"{loop.id}:{effect.kind or effect.journey}",
        kind=effect.kind,
        priority=Urgency(effect.priority),
        data={"from": loop.id, **effect.data},
    )
    return open_loop(connection, clinic, opening, now)


def stop(connection: Connection, loop: Enrollment, effect: StopJourneys, now: datetime) -> int:
    """End the patient's other loops, silently; how many."""
    others = [
        row
        for row in loops.open_of(connection, loop.patient_id)
        if row.id != loop.id
        and (not effect.journeys or row.journey in effect.journeys)
        and (not effect.kinds or row.kind in effect.kinds)
    ]
    for row in others:
        end(connection, row, outcome=STOPPED, reason=effect.reason, actor=BOT, now=now)
    return len(others)


def end(connection: Connection, row: AnyRow, *, outcome: str, reason: str, actor: str, now: datetime) -> None:
    """End one loop where it stands; nothing of it goes out any more."""
    leave(connection, row.id, reason, now)
    values = {
        "step": END,
        "outcome": outcome,
        "ended_at": now,
        "wake_at": None,
        "office_step": None,
        "office_due_at": None,
        "version": row.version + 1,
        "updated_at": now,
    }
    connection.execute(update(EnrollmentRow).where(EnrollmentRow.id == row.id).values(**values))
    ended = Enrollment(row.id, row.journey, row.patient_id, row.subject_id, END)
    loops.remember(connection, ended, row.step, cause=reason, actor=actor, now=now)
