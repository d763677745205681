"""One budget for all programs: it is never overdrawn, and no text takes the place of one that ranks above it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.budget import A_DAY, A_WEEK, WEEK, Reserved, fits, place, places
from bot.core.hours import is_quiet, local_day
from bot.core.journey import Rank
from bot.core.messages import Origin
from bot.core.outreach import (
    Drop,
    Facts,
    GateReason,
    Hold,
    Lane,
    MessageFacts,
    PatientFacts,
    Send,
    decide,
)
from bot.core.people import ConsentStatus, NumberStatus, PatientStatus
from bot.journeys import discover, rank_of
from bot.services.gate import decide_all

ZONE = "America/New_York"
NIGHT = (time(20), time(8))
MONDAY_10 = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""Clocks go forward on the Sunday after."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RANKS = {
    "appointment/reminder_last": Rank.APPOINTMENT,
    "transition/day_2": Rank.TRANSITION,
    "recall/invite": Rank.RECALL,
    "education/tip": Rank.EDUCATION,
}
KINDS = tuple(RANKS)


@dataclass
class Planned:
    """One text to come."""

    id: str
    kind: str
    due_at: datetime


Sent = list[tuple[str, str, datetime]]


def message(planned: Planned) -> MessageFacts:
    return MessageFacts(
        message_id=planned.id, origin=Origin.OUTREACH, kind=planned.kind, planned_at=planned.due_at,
        lane=Lane.REMINDER, patient_id="p1", rank=RANKS[planned.kind],
    )  # fmt: skip


def facts(recent: Sequence[datetime], reserved: Sequence[Reserved]) -> Facts:
    return Facts(
        number_status=NumberStatus.ACTIVE, number_consent=ConsentStatus.OPTED_IN, zone=ZONE, quiet=NIGHT,
        patient=PatientFacts(status=PatientStatus.ACTIVE, paused=False, consent=ConsentStatus.OPTED_IN),
        recent=recent, reserved=reserved,
    )  # fmt: skip


def run(plan: Sequence[Planned], recent: Sequence[datetime], *, order: int = 0, days: int = 28) -> Sent:
    """What goes out, and when, with a gate that is asked every half an hour, in some order."""
    waiting = [Planned(one.id, one.kind, one.due_at) for one in plan]
    sent: Sent = []
    dice, now = random.Random(order), MONDAY_10
    while waiting and now < MONDAY_10 + days * DAY:
        due = [one for one in waiting if one.due_at <= now]
        dice.shuffle(due)
        gone = [*recent, *(at for _, _, at in sent)]
        known = {
            one.id: (
                message(one),
                facts(
                    [at for at in gone if at > now - WEEK],
                    [
                        Reserved(other.due_at, RANKS[other.kind], other.id)
                        for other in waiting
                        if other is not one and other.due_at < now + WEEK
                    ],
                ),
            )
            for one in due
        }
        for one in due:
            decision = known and decide_all(known, now)[one.id]
            if isinstance(decision, Send):
                sent.append((one.id, one.kind, now))
                waiting.remove(one)
            elif isinstance(decision, Hold):
                one.due_at = decision.until
        now += HOUR / 2
    return sent


MOMENTS = st.integers(0, 20 * 24).map(lambda hours: MONDAY_10 + hours * HOUR)
PLANS = st.lists(st.tuples(st.sampled_from(KINDS), MOMENTS), max_size=9).map(
    lambda found: [Planned(f"m{number}", kind, at) for number, (kind, at) in enumerate(found)]
)
BEFORE = st.lists(st.integers(1, 9 * 24), max_size=3, unique_by=lambda hours: hours // 24).map(
    lambda found: [MONDAY_10 - hours * HOUR for hours in found]
)


@settings(max_examples=60, deadline=None)
@given(PLANS, BEFORE, st.integers(0, 99))
def test_never_more_than_the_budget_and_never_at_night(
    plan: list[Planned], recent: list[datetime], order: int
) -> None:
    sent = [at for _, _, at in run(plan, recent, order=order)]
    days = [local_day(at, ZONE) for at in sent]
    assert all(days.count(day) <= A_DAY for day in days)
    for at in sent:
        assert sum(at - WEEK < other <= at for other in [*sent, *recent]) <= A_WEEK
        assert not is_quiet(at, ZONE, NIGHT)


@settings(max_examples=60, deadline=None)
@given(PLANS, BEFORE, st.sampled_from(KINDS), st.integers(0, 99))
@example([Planned("low", KINDS[3], MONDAY_10), Planned("high", KINDS[0], MONDAY_10 + 5 * HOUR)], [], KINDS[0], 0)
def test_nothing_takes_the_place_of_what_ranks_above_it(
    plan: list[Planned], recent: list[datetime], least: str, order: int
) -> None:
    above = [one for one in plan if RANKS[one.kind] <= RANKS[least]]
    alone = {(kind, at) for _, kind, at in run(above, recent, order=order)}
    among = {(kind, at) for _, kind, at in run(plan, recent, order=order) if RANKS[kind] <= RANKS[least]}
    assert among == alone


def test_a_lesson_leaves_the_day_to_a_reminder_that_is_due_later() -> None:
    lesson = message(Planned("m1", "education/tip", MONDAY_10))
    tonight = [Reserved(MONDAY_10 + 5 * HOUR, Rank.APPOINTMENT)]
    decision = decide(lesson, facts([], tonight), MONDAY_10)
    assert decision == Hold(datetime(2026, 3, 3, 13, tzinfo=UTC), GateReason.BUDGET_RESERVED)
    assert isinstance(decide(lesson, facts([], []), MONDAY_10), Send)


def test_a_lesson_leaves_the_week_its_third_text() -> None:
    lesson = message(Planned("m1", "education/tip", MONDAY_10))
    reminder = [Reserved(MONDAY_10 + 3 * DAY, Rank.APPOINTMENT)]
    recent = [MONDAY_10 - DAY, MONDAY_10 - 2 * DAY]
    decision = decide(lesson, facts(recent, reminder), MONDAY_10)
    assert isinstance(decision, Hold)
    assert decision.reason is GateReason.BUDGET_RESERVED
    assert decision.until > MONDAY_10 + 3 * DAY
    assert isinstance(decide(lesson, facts(recent[:1], reminder), MONDAY_10), Send)


def test_a_reminder_leaves_nothing_to_a_lesson() -> None:
    reminder = message(Planned("m1", "appointment/reminder_last", MONDAY_10))
    lessons = [Reserved(MONDAY_10 + HOUR, Rank.EDUCATION)]
    assert isinstance(decide(reminder, facts([], lessons), MONDAY_10), Send)


def test_what_would_come_too_late_is_dropped() -> None:
    lesson = message(Planned("m1", "education/tip", MONDAY_10))
    expiring = MessageFacts(
        message_id="m1", origin=lesson.origin, kind=lesson.kind, rank=Rank.EDUCATION, planned_at=lesson.planned_at,
        expires_at=MONDAY_10 + 8 * HOUR, patient_id="p1",
    )  # fmt: skip
    tonight = [Reserved(MONDAY_10 + 5 * HOUR, Rank.APPOINTMENT)]
    assert decide(expiring, facts([], tonight), MONDAY_10) == Drop(GateReason.BUDGET_RESERVED)


def test_every_journey_ranks_on_purpose() -> None:
    """Whoever adds one says here, too, whose texts it lets go first: safety > replies > these, in their order."""
    ranked = {
        Rank.APPOINTMENT: {"appointment", "interpreter", "no_show", "referral", "waitlist"},
        Rank.TRANSITION: {"transition", "transition_contact"},
        Rank.RECALL: {"checkin", "medication", "needs", "needs_screen", "phq2", "readings", "recall"},
        Rank.EDUCATION: {"education", "feedback", "outreach", "series", "survey"},
    }
    assert {journey.name: journey.rank for journey in discover().values()} == {
        name: rank for rank, names in ranked.items() for name in names
    }


def test_a_text_ranks_as_the_journey_that_uses_it() -> None:
    for journey in discover().values():
        for step in journey.steps.values():
            assert rank_of(step.text or journey.name) <= journey.rank
    assert rank_of("appointment/reminder_last") < rank_of("recall/invite") < rank_of("education/tip")
    assert rank_of("survey/phq2_interest") < rank_of("survey/ask") == rank_of("education/diabetes_1")
    assert rank_of("none/such") is Rank.EDUCATION


@given(BEFORE, MOMENTS)
def test_a_place_fits(recent: list[datetime], due: datetime) -> None:
    at = place(due, recent, ZONE, NIGHT)
    assert at >= due
    assert fits(at, recent, ZONE)
    assert not is_quiet(at, ZONE, NIGHT)


@given(st.lists(st.builds(Reserved, MOMENTS, st.sampled_from(Rank)), max_size=6), BEFORE)
def test_places_keep_the_budget(reserved: list[Reserved], recent: list[datetime]) -> None:
    taken = sorted(places(reserved, recent, MONDAY_10, ZONE, NIGHT))
    assert len(taken) == len(reserved)
    for at in taken:
        assert sum(at - WEEK < other <= at for other in [*taken, *recent]) <= A_WEEK
