"""One step of a campaign: how many may go, who is next, what becomes of each. Run and forecast take the same steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Connection

from bot.core.campaigns import SLOT, LetGo, Room, room, slot_of
from bot.core.fuses import Guards
from bot.core.hours import is_quiet
from bot.services.campaigns.deciding import Decided, Goes, InLine, decide
from bot.services.campaigns.plan import Plan
from bot.services.clinic import Clinic
from bot.store.queries import gate

BATCH: Final = 500
"""Patients looked at in one transaction."""


class Line(Protocol):
    """Those who wait, and what has been let go: rows of the database, or a forecast's paper."""

    def let_go(self, now: datetime) -> LetGo:
        """What went today and in this hour, and the segments of this slot."""
        ...

    def next(self, zones: Collection[str], now: datetime, limit: int) -> Sequence[InLine]:
        """Who is next where it is day, in the order of their places; held ones once the slot after has begun."""
        ...

    def settle(self, decided: Sequence[Decided], now: datetime) -> None:
        """Write down what became of them."""
        ...


def step(
    connection: Connection, clinic: Clinic, plan: Plan, line: Line, now: datetime, *, limit: int = BATCH
) -> Counter[str]:
    """Let go as many as one batch and the slot allow. Gives how many were looked at, went, wait and never will."""
    counts: Counter[str] = Counter()
    if not has_begun(plan, now):
        return counts
    left = room_left(plan, line, now)
    if left.messages < 1 or _is_stopped(connection, plan):
        return counts
    awake = [zone for zone in plan.zones if not is_quiet(slot_of(now), zone, clinic.settings.quiet)]
    waiting = line.next(awake, now, min(limit, left.messages)) if awake else ()
    if not waiting:
        return counts
    decided = within(decide(connection, clinic, plan, waiting, now), left.segments)
    line.settle(decided, now)
    counts["looked"] = len(decided)
    counts.update(type(one).__name__.lower() for one in decided)
    return counts


def _is_stopped(connection: Connection, plan: Plan) -> bool:
    """Whether a fuse has blown that guards it, one of its texts, or the whole clinic."""
    guarded = {(Guards.CLINIC, ""), (Guards.CAMPAIGN, plan.id)}
    guarded |= {(Guards.TEMPLATE, arm.text_key) for arm in plan.arms.values() if arm.text_key is not None}
    return not guarded.isdisjoint(gate.blown_fuses(connection))


def has_begun(plan: Plan, now: datetime) -> bool:
    """Whether its time has come, and is not over: by whole slots, whenever in one it is asked."""
    slot = slot_of(now)
    return (plan.starts_at is None or plan.starts_at <= slot) and (plan.ends_at is None or slot + SLOT <= plan.ends_at)


def room_left(plan: Plan, line: Line, now: datetime) -> Room:
    """What may still be let go in this slot."""
    gone = line.let_go(now)
    whole = room(plan.pace, plan.week, slot_of(now), gone)
    segments = whole.segments - gone.segments_of_slot
    return Room(min(whole.messages, max(0, segments)), segments)


def within(decided: Sequence[Decided], segments: int) -> Sequence[Decided]:
    """As many of them, in their order, as the segments of the slot allow; the first always goes."""
    used = 0
    for number, one in enumerate(decided):
        used += one.written.segments if isinstance(one, Goes) else 0
        if used > segments and number:
            return decided[:number]
    return decided
