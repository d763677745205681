"""Planning: visits become planned contacts, and contacts that are due become messages for the gate."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import structlog
from sqlalchemy import Connection

from bot.core.journey import PlannedTouch, TouchState
from bot.core.people import Visit
from bot.core.planning import History, Rules, plan_visit
from bot.services.clinic import Clinic
from bot.services.loops import touching
from bot.services.loops.feeding import feed
from bot.services.touching import make_messages
from bot.store.columns import AnyRow, new_id
from bot.store.database import DatabaseDown, once_more
from bot.store.queries import loops, planning
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Touch

log = structlog.get_logger()

BATCH = 500
_LONGEST_SUBJECT = 64


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """What one round of planning did."""

    visits: int = 0
    touches: int = 0
    messages: int = 0
    skipped: int = 0
    opened: int = 0
    """Loops that imported rows called for."""
    failed: int = 0
    """Visits and contacts that were left aside because of an error."""


class _AtFault(Exception):
    """A batch failed; these are its rows."""

    def __init__(self, ids: Sequence[str], error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.ids, self.error = ids, error


_Batch: TypeAlias = Callable[[Clinic, datetime, "Counter[str]", int, Sequence[str]], bool]


def plan_due(clinic: Clinic, *, at: datetime) -> PlanCounts:
    """Plan every visit that changed, then queue every contact due at that moment. Raises DatabaseDown.

    `at` moves planning only: whether a message may go out is decided when it is sent, on the process's clock. Safe to
    run in several processes at once, and to be killed at any moment: each batch is one transaction.
    """
    counts: Counter[str] = Counter()
    counts["opened"] = feed(clinic, at)
    for batch in (_plan_batch, _due_batch, _loop_batch):
        _all_of(batch, clinic, at, counts)
    if counts["messages"]:
        clinic.queue.deliver()
    return PlanCounts(**counts)


def _all_of(batch: _Batch, clinic: Clinic, at: datetime, counts: Counter[str]) -> None:
    """Batch after batch. Where one fails its rows go singly, so that one that cannot be planned keeps no other back."""
    but: list[str] = []
    singly = 0
    while True:
        try:
            if not batch(clinic, at, counts, 1 if singly else BATCH, but):
                return
            singly = max(0, singly - 1)
        except _AtFault as fault:
            if not fault.ids:
                raise fault.error from None
            if not singly:
                singly = BATCH
                continue
            log.error("planning failed", error=str(fault), ids=list(fault.ids))
            counts["failed"] += 1
            but += fault.ids


@once_more
def _plan_batch(clinic: Clinic, at: datetime, counts: Counter[str], limit: int, but: Sequence[str]) -> bool:
    ids: list[str] = []
    try:
        with clinic.database.begin() as connection:
            rows = planning.visits_to_plan(connection, limit, but=but)
            ids = [row.appointment_id for row in rows]
            if not rows:
                return False
            told = planning.told_of(connection, ids)
            planning.void_older(connection, [row.appointment_id for row in rows if row.planned_version], clinic.clock())
            # A visit calls for what is still ahead of it now, however far ahead somebody plans.
            touches = touches_of(rows, told, rule_book(connection, clinic), min(at, clinic.clock()), clinic.clock())
            if touches:
                connection.execute(insert_or_ignore(connection, Touch.__table__), touches)
            planning.mark_planned(connection, ids)
    except DatabaseDown:
        raise
    except Exception as error:
        raise _AtFault(ids, error) from error
    counts["visits"] += len(rows)
    counts["touches"] += len(touches)
    return True


def touches_of(
    rows: Sequence[AnyRow], told: frozenset[str], book: RuleBook, at: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Every contact that these visits call for from `at` on, as rows of `touches`."""
    touches = []
    for row in rows:
        visit = visit_of(row)
        history = History(told=row.appointment_id in told, previous_starts_at=row.previous_starts_at)
        for touch in plan_visit(visit, book.for_visit(visit), history, at):
            touches.append(
                {
                    "id": new_id(),
                    "key": _key(visit, touch),
                    "journey": "appointment",
                    "step": touch.step,
                    "patient_id": visit.patient_id,
                    "subject_id": visit.appointment_id,
                    "subject_version": visit.version,
                    "due_at": touch.due_at,
                    "expires_at": touch.expires_at,
                    "state": TouchState.PLANNED,
                    "created_at": now,
                    "updated_at": now,
                }
            )
    return touches


def _key(visit: Visit, touch: PlannedTouch) -> str:
    """Which contact this is. A long id is shortened to its digest: one that does not fit would end all planning."""
    end = f"{visit.version}:{touch.step}:{touch.due_at:%Y%m%d%H%M}"
    subject = visit.appointment_id
    if len(subject) > _LONGEST_SUBJECT:
        subject = hashlib.sha256(subject.encode()).hexdigest()
    return f"appointment:{subject}:{end}"


def visit_of(row: AnyRow, name: str = "") -> Visit:
    """A row of the planning queries as the core's value."""
    return Visit(
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        status=row.status,
        response=row.response,
        version=row.version,
        name=name,
        location=row.location,
        service=row.service,
    )


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The clinic's rules: the one for service and location wins over the one for either, that over the default."""

    default: Rules
    special: dict[tuple[str | None, str | None], Rules]

    def for_visit(self, visit: Visit) -> Rules:
        """The rules for this visit."""
        for key in ((visit.service, visit.location), (visit.service, None), (None, visit.location)):
            if key in self.special:
                return self.special[key]
        return self.default


def rule_book(connection: Connection, clinic: Clinic) -> RuleBook:
    """The clinic's rules as they are now."""
    special = {
        (row.service, row.location): Rules(tuple(row.days), row.booked_notice, row.same_day_note)
        for row in planning.rules(connection)
    }
    return RuleBook(Rules(tuple(clinic.settings.reminder_days)), special)


@once_more
def _due_batch(clinic: Clinic, at: datetime, counts: Counter[str], limit: int, but: Sequence[str]) -> bool:
    ids: list[str] = []
    try:
        with clinic.database.begin() as connection:
            planning.take_turn(connection)
            rows = planning.due(connection, at, limit, now=clinic.clock(), but=but)
            ids = [row.touch_id for row in rows]
            if not rows:
                return False
            made, skipped = make_messages(connection, clinic, rows, at)
    except DatabaseDown:
        raise
    except Exception as error:
        raise _AtFault(ids, error) from error
    counts["messages"] += made
    counts["skipped"] += skipped
    return True


@once_more
def _loop_batch(clinic: Clinic, at: datetime, counts: Counter[str], limit: int, but: Sequence[str]) -> bool:
    ids: list[str] = []
    try:
        with clinic.database.begin() as connection:
            rows = loops.due(connection, at, limit, but=but)
            ids = [row.touch_id for row in rows]
            if not rows:
                return False
            made, skipped = touching.make_messages(connection, clinic, rows, at)
    except DatabaseDown:
        raise
    except Exception as error:
        raise _AtFault(ids, error) from error
    counts["messages"] += made
    counts["skipped"] += skipped
    return True
