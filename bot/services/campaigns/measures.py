"""How a campaign goes and what came of it: counts, answers, outcomes by arm with their differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.core.campaigns import RESPONSE_RATE, CampaignState, Goal, RecipientState
from bot.core.messages import MessageStatus
from bot.core.stats import Difference, newcombe
from bot.services.campaigns.plan import Plan
from bot.store.queries import campaign_measures as queries

ENOUGH: Final = 50
"""Fewer texts than this say nothing about how many answer."""
NEVER_CAME: Final = frozenset({MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.CANCELED})
ARRIVED: Final = frozenset({MessageStatus.DELIVERED, MessageStatus.READ})
STILL_OURS: Final = frozenset({MessageStatus.PLANNED, MessageStatus.CLAIMED, MessageStatus.UNKNOWN})
ANSWERS_WITHIN: Final = timedelta(hours=72)
OUTCOME_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ResponseRate:
    """How many of those who get a text answer it, and on how many texts that is based; 0: assumed."""

    rate: float
    texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a campaign has come."""

    state: CampaignState
    size: int
    waiting: int
    """In the line."""
    queued: int
    """Written down, not gone out yet; `held` of them because of the gate."""
    held: Mapping[str, int]
    sent: int
    delivered: int
    failed: int
    skipped: Mapping[str, int]
    """Nothing, and why: before a text was written, or by the gate's last word."""
    held_out: int
    segments: int
    replied: int
    opted_out: int

    @property
    def done(self) -> int:
        """Patients of whom all is decided."""
        return self.size - self.waiting - self.queued


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmOutcome:
    """What came of one arm: of all who were drawn for it, whether or not a text reached them."""

    arm: str
    is_held_out: bool
    drawn: int
    sent: int
    delivered: int
    replied: int
    opted_out: int
    reached_goal: int
    difference: Difference | None
    """Of the share that reached the goal to the hold-out's, or to the first arm's where there is none."""

    @property
    def share(self) -> float | None:
        """Of those drawn, who reached the goal."""
        return self.reached_goal / self.drawn if self.drawn else None


def usual_response_rate(connection: Connection, now: datetime) -> ResponseRate:
    """As the campaigns of the last three months say; where they say too little, as assumed."""
    texts, answered = queries.responses(connection, now, within=ANSWERS_WITHIN)
    if texts < ENOUGH:
        return ResponseRate(RESPONSE_RATE, 0)
    return ResponseRate(max(0.01, round(answered / texts, 3)), texts)


def progress(connection: Connection, plan: Plan) -> Progress:
    """How far it has come."""
    line = queries.by_state(connection, plan.id)
    texts = queries.by_status(connection, plan.id)
    states = Counter[RecipientState]()
    skipped, held = Counter[str](), Counter[str]()
    for row in line:
        states[row.state] += row.number
        if row.state is RecipientState.SKIPPED:
            skipped[row.reason or "unknown"] += row.number
    sent = delivered = failed = queued = segments = 0
    for row in texts:
        if row.status is MessageStatus.DROPPED:
            skipped[row.decision_reason or "unknown"] += row.number
            continue
        if row.status in STILL_OURS:
            queued += row.number
            if row.decision == "hold":
                held[row.decision_reason or "unknown"] += row.number
            continue
        sent += row.number
        segments += row.segments or 0
        delivered += row.number if row.status in ARRIVED else 0
        failed += row.number if row.status in NEVER_CAME else 0
    return Progress(
        state=plan.state,
        size=plan.size,
        waiting=states[RecipientState.WAITING],
        queued=queued,
        held=dict(held),
        sent=sent,
        delivered=delivered,
        failed=failed,
        skipped=dict(skipped.most_common()),
        held_out=states[RecipientState.HELD_OUT],
        segments=segments,
        replied=sum(queries.replied(connection, plan.id, within=ANSWERS_WITHIN).values()),
        opted_out=sum(queries.opted_out(connection, plan.id).values()),
    )


def outcomes(connection: Connection, plan: Plan) -> Sequence[ArmOutcome]:
    """What came of each arm. Whoever was drawn for an arm counts in it, so that the arms stay comparable."""
    drawn = queries.drawn(connection, plan.id)
    replied = queries.replied(connection, plan.id, within=ANSWERS_WITHIN)
    opted_out = queries.opted_out(connection, plan.id)
    never = sorted(STILL_OURS | {MessageStatus.DROPPED})
    went = queries.went(connection, plan.id, arrived=sorted(ARRIVED), never=never)
    goal = replied if plan.goal is Goal.REPLIED else queries.reached(connection, plan.id, plan.goal, OUTCOME_WITHIN)
    measure = next((arm.name for arm in plan.arms.values() if arm.is_held_out), next(iter(plan.arms)))
    found = []
    for arm in plan.arms.values():
        sent, delivered = went.get(arm.name, (0, 0))
        found.append(
            ArmOutcome(
                arm=arm.name,
                is_held_out=arm.is_held_out,
                drawn=drawn.get(arm.name, 0),
                sent=sent,
                delivered=delivered,
                replied=replied.get(arm.name, 0),
                opted_out=opted_out.get(arm.name, 0),
                reached_goal=goal.get(arm.name, 0),
                difference=_difference(arm.name, measure, goal, drawn),
            )
        )
    return found


def _difference(arm: str, measure: str, goal: Mapping[str, int], drawn: Mapping[str, int]) -> Difference | None:
    if arm == measure or not drawn.get(arm) or not drawn.get(measure):
        return None
    return newcombe((goal.get(arm, 0), drawn[arm]), (goal.get(measure, 0), drawn[measure]))
