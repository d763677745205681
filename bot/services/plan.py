"""Planning: visits become planned contacts, and contacts that are due become messages for the gate."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from bot.core import preparation
from bot.core.journey import PlannedTouch, TouchState
from bot.core.people import Participation, Visit
from bot.core.planning import History, Rules, plan_visit
from bot.services import waitlist
from bot.services.batches import AtFault, Told, Worked, WorkOff
from bot.services.clinic import Clinic
from bot.services.loops import touching as loop_touching
from bot.services.loops.feeding import feed
from bot.services.loops.ripples import spread
from bot.services.touching import make_messages, take_together
from bot.services.visit_texts import visit_of
from bot.store.bulk import put_many
from bot.store.columns import AnyRow, new_id
from bot.store.database import DatabaseDown, once_more
from bot.store.queries import loops, planning, turns
from bot.store.tables import Touch

BATCH = 2_000
LANES = 2
"""Batches in work at a time, where the database can: while it writes one, the next is made."""
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
    faults: int = 0
    """What the lint found in the texts made of visits' contacts; the log names it."""
    failed: int = 0
    """Visits and contacts that were left aside because of an error."""


def plan_due(clinic: Clinic, *, at: datetime, told: Told = lambda _counts: None, seldom: bool = False) -> PlanCounts:
    """Plan every visit that changed, then queue every contact due at that moment. Raises DatabaseDown.

    `at` moves planning only: whether a message may go out is decided when it is sent, on the process's clock. Safe to
    run in several processes at once, and to be killed at any moment: each batch is one transaction. `told` is called
    with the counts so far after each of them. `seldom`: for whoever comes round every second,
    so that new loops are looked for no oftener than makes sense.
    """
    counts: Counter[str] = Counter()
    if not seldom or _look_now(clinic, at):
        counts["opened"] = feed(clinic, at)
    lanes = LANES if clinic.database.dialect == "postgresql" else 1
    WorkOff(partial(_plan_batch, clinic, at), BATCH, lanes, counts, told).run()
    _let_others_finish(clinic)
    for batch, most in ((_due_batch, lanes), (_loop_batch, 1)):
        WorkOff(partial(batch, clinic, at), BATCH, most, counts, told).run()
    if counts["messages"]:
        clinic.queue.deliver()
    return PlanCounts(**counts)


def _let_others_finish(clinic: Clinic) -> None:
    """Whoever plans beside us has skipped ours, as we have theirs: a household may be in two batches."""
    if clinic.database.dialect == "postgresql":
        with clinic.database.begin() as connection:
            turns.wait_for_planners(connection)


def _look_now(clinic: Clinic, at: datetime) -> bool:
    with clinic.database.read() as connection:
        return clinic.looks.due(connection, at)


@once_more
def _plan_batch(clinic: Clinic, at: datetime, limit: int, but: Collection[str]) -> Worked | None:
    ids: list[str] = []
    try:
        with clinic.database.begin() as connection:
            turns.plan_beside(connection)
            rows = planning.visits_to_plan(connection, limit, but=but)
            ids = [row.appointment_id for row in rows]
            if not rows:
                return None
            told = planning.told_of(connection, ids)
            planning.void_older(connection, [row.appointment_id for row in rows if row.planned_version], clinic.clock())
            known = [row for row in rows if row.planned_version]
            waitlist.called_off(connection, known, clinic.clock())
            spread(connection, clinic, known, clinic.clock())
            # A visit calls for what is still ahead of it now, however far ahead somebody plans.
            touches = touches_of(rows, told, rule_book(connection, clinic), min(at, clinic.clock()), clinic.clock())
            put_many(connection, Touch.__table__, touches, or_ignore=True)
            planning.mark_planned(connection, ids)
    except DatabaseDown:
        raise
    except Exception as error:
        raise AtFault(ids, error) from error
    return Worked(len(rows), Counter(visits=len(rows), touches=len(touches)))


def touches_of(
    rows: Sequence[AnyRow], told: frozenset[str], book: RuleBook, at: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Every contact that these visits call for from `at` on, as rows of `touches`."""
    touches = []
    for row in rows:
        visit = visit_of(row)
        history = History(told=row.appointment_id in told, previous_starts_at=row.previous_starts_at)
        for touch in (*plan_visit(visit, book.for_visit(visit), history, at), *book.preparing(visit, at)):
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


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The clinic's rules: the one for service and location wins over the one for either, that over the default."""

    default: Rules
    special: dict[tuple[str | None, str | None], Rules]

    protocols: tuple[preparation.Protocol, ...] = ()
    check_in: frozenset[str] = frozenset()
    """The places that have patients told on the day how to check in."""

    def preparing(self, visit: Visit, now: datetime) -> tuple[PlannedTouch, ...]:
        """What this visit's service has the patient do beforehand."""
        if not visit.is_open(now) or visit.response in (Participation.DECLINED, Participation.TENTATIVE):
            return ()
        protocol = preparation.for_service(self.protocols, visit.service)
        return preparation.plan(visit, protocol, now) if protocol is not None else ()

    def for_visit(self, visit: Visit) -> Rules:
        """The rules for this visit."""
        rules = self._for(visit)
        return replace(rules, check_in=True) if visit.location in self.check_in else rules

    def _for(self, visit: Visit) -> Rules:
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
    check_in = frozenset(name for name, place in clinic.set_up().places.items() if place.check_in)
    return RuleBook(Rules(tuple(clinic.settings.reminder_days)), special, clinic.protocols, check_in)


def _due_batch(clinic: Clinic, at: datetime, limit: int, but: Collection[str]) -> Worked | None:
    try:
        return _make_due(clinic, at, limit, but, alone=False)
    except AtFault as fault:
        if len(fault.ids) != 1:
            raise
        # The fault may be somebody else's on the same phone, who then keeps nobody back.
        return _make_due(clinic, at, limit, but, alone=True)


@once_more
def _make_due(clinic: Clinic, at: datetime, limit: int, but: Collection[str], *, alone: bool) -> Worked | None:
    ids: list[str] = []
    try:
        with clinic.database.begin() as connection:
            with _turn(clinic):
                rows = planning.due(connection, at, 1 if alone else limit, now=clinic.clock(), but=but)
                ids = [row.touch_id for row in rows]
                if not rows:
                    return None
                together = take_together(connection, rows, at, alone=alone)
            counts = make_messages(connection, clinic, together, at)
    except DatabaseDown:
        raise
    except Exception as error:
        raise AtFault(ids, error) from error
    return Worked(len(rows), counts)


@once_more
def _loop_batch(clinic: Clinic, at: datetime, limit: int, but: Collection[str]) -> Worked | None:
    ids: list[str] = []
    try:
        with clinic.database.begin() as connection:
            rows = loops.due(connection, at, limit, but=list(but))
            ids = [row.touch_id for row in rows]
            if not rows:
                return None
            made, skipped = loop_touching.make_messages(connection, clinic, rows, at)
    except DatabaseDown:
        raise
    except Exception as error:
        raise AtFault(ids, error) from error
    return Worked(len(rows), Counter(messages=made, skipped=skipped))


@contextmanager
def _turn(clinic: Clinic) -> Iterator[None]:
    """Nobody else chooses what to make next. What has been chosen is locked row by row, so the turn may end then."""
    if clinic.database.dialect != "postgresql":
        yield  # There only one transaction writes at a time.
        return
    with clinic.database.begin() as connection:
        turns.take_turn(connection)
        yield
