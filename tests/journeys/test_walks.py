"""Random walks over loops: whatever comes, nothing raises, and the loop is ended, waits or is owed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.dialogue import advance, miss
from bot.core.effects import Ask
from bot.core.intents import Details, Intent, Understanding
from bot.core.journey import Enrollment, Event, Happened, Journey, OwedBy, Question, QuestionState, Replied, Silence
from bot.journeys import discover

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
LOOPS = sorted(set(discover()) & {"recall", "referral", "transition", "transition_contact", "medication"})
WORDS = (
    "",
    "yes",
    "I already had it",
    "they never called",
    "the insurance said no",
    "I went",
    "en dos semanas",
    "药房没有药",
)

replies = st.tuples(st.sampled_from(list(Intent)), st.none() | st.integers(1, 4), st.sampled_from(WORDS))
things = st.lists(st.none() | st.integers(0, 30) | replies, max_size=14)


def event_of(journey: Journey, loop: Enrollment, thing: object) -> Event:
    if thing is None:
        return Silence(loop)
    if isinstance(thing, int):
        names = sorted(
            {*journey.events, *(name for step in journey.steps.values() for name in step.events), "unheard-of"}
        )
        return Happened(names[thing % len(names)], loop)
    intent, option, words = thing  # type: ignore[misc]
    step = journey.step(loop.step) or journey.steps[journey.start]
    question = Question(
        "q", journey.name, step.name, step.context, step.options, (), QuestionState.OPEN, NOW, NOW, enrollment=loop
    )
    understood = Understanding((intent,), 1.0, auto=True, details=Details(option=option, number=option))
    return Replied(understood, question, words=words)


def is_safe(journey: Journey, loop: Enrollment) -> bool:
    """Ended, or something leads on by itself, so that nobody is stuck."""
    step = journey.step(loop.step)
    if loop.outcome is not None or step is None or step.closes is not None:
        return loop.outcome is not None
    return step.silence_after is not None and step.on_silence is not None


@pytest.mark.parametrize("name", LOOPS)
@settings(max_examples=60, deadline=None)
@given(things)
def test_nothing_raises_and_nobody_is_stuck(name: str, walk: list[object]) -> None:
    journey = discover()[name]
    loop = Enrollment("e", name, "P1", "S1", journey.start)
    for thing in walk:
        event = event_of(journey, loop, thing)
        outcome = advance(journey, loop, event, NOW)
        if isinstance(event, Replied) and outcome.acted_on is None:
            outcome = miss(journey, loop, event)
        asked = [effect for effect in outcome.effects if isinstance(effect, Ask)]
        assert all(journey.step(ask.step) is not None for ask in asked)
        loop = outcome.enrollment
        assert is_safe(journey, loop), loop.step


@pytest.mark.parametrize("name", LOOPS)
def test_silence_alone_ends_it_or_brings_it_to_the_office(name: str) -> None:
    journey = discover()[name]
    loop = Enrollment("e", name, "P1", "S1", journey.start)
    for _ in range(30):
        step = journey.step(loop.step)
        if loop.outcome is not None or (step is not None and step.owed_by is OwedBy.OFFICE):
            return
        loop = advance(journey, loop, Silence(loop), NOW).enrollment
    pytest.fail(f"still in {loop.step}")
