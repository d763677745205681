"""Planning: visits become planned contacts, and contacts that are due become messages for the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.journey import TouchState
from bot.core.people import Visit
from bot.core.planning import History, Rules, plan_visit
from bot.services.clinic import Clinic
from bot.services.touching import make_messages
from bot.store.columns import AnyRow, new_id
from bot.store.queries import planning
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Touch

BATCH = 500


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """What one round of planning did."""

    visits: int = 0
    touches: int = 0
    messages: int = 0
    skipped: int = 0


def plan_due(clinic: Clinic, *, at: datetime) -> PlanCounts:
    """Plan every visit that changed, then queue every contact due at that moment. Raises DatabaseDown.

    `at` moves planning only: whether a message may go out is decided when it is sent, on the process's clock. Safe to
    run in several processes at once, and to be killed at any moment: each batch is one transaction.
    """
    counts: Counter[str] = Counter()
    while _plan_batch(clinic, at, counts):
        pass
    while _due_batch(clinic, at, counts):
        pass
    if counts["messages"]:
        clinic.queue.deliver()
    return PlanCounts(counts["visits"], counts["touches"], counts["messages"], counts["skipped"])


def _plan_batch(clinic: Clinic, at: datetime, counts: Counter[str]) -> bool:
    with clinic.database.begin() as connection:
        rows = planning.visits_to_plan(connection, BATCH)
        if not rows:
            return False
        ids = [row.appointment_id for row in rows]
        told = planning.told_of(connection, ids)
        planning.void_older(connection, [row.appointment_id for row in rows if row.planned_version], clinic.clock())
        touches = _touches(rows, told, _rule_book(connection, clinic), at, clinic.clock())
        if touches:
            connection.execute(insert_or_ignore(connection, Touch.__table__), touches)
        planning.mark_planned(connection, ids)
    counts["visits"] += len(rows)
    counts["touches"] += len(touches)
    return True


def _touches(
    rows: Sequence[AnyRow], told: frozenset[str], book: RuleBook, at: datetime, now: datetime
) -> list[dict[str, Any]]:
    touches = []
    for row in rows:
        visit = visit_of(row)
        history = History(told=row.appointment_id in told, previous_starts_at=row.previous_starts_at)
        for touch in plan_visit(visit, book.for_visit(visit), history, at):
            touches.append(
                {
                    "id": new_id(),
                    "key": f"appointment:{visit.appointment_id}:{visit.version}:{touch.step}:{touch.due_at:%Y%m%d%H%M}",
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


def _rule_book(connection: Connection, clinic: Clinic) -> RuleBook:
    special = {
        (row.service, row.location): Rules(tuple(row.days), row.booked_notice, row.same_day_note)
        for row in planning.rules(connection)
    }
    return RuleBook(Rules(tuple(clinic.settings.reminder_days)), special)


def _due_batch(clinic: Clinic, at: datetime, counts: Counter[str]) -> bool:
    with clinic.database.begin() as connection:
        planning.take_turn(connection)
        rows = planning.due(connection, at, BATCH)
        if not rows:
            return False
        made, skipped = make_messages(connection, clinic, rows, at)
    counts["messages"] += made
    counts["skipped"] += skipped
    return True
