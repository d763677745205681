"""Questions on needs and mood, and help nearby: whatever is answered, each ends or is owed by somebody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.dialogue import advance
from bot.core.effects import Ask, Escalate, Record, Say, Start
from bot.core.intents import Details, Intent, Understanding
from bot.core.journey import Enrollment, Happened, Journey, OwedBy, Question, QuestionState, Replied, Silence
from bot.journeys import needs, needs_screen, phq2
from bot.journeys.needs_screen import DOMAINS

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def begin(journey: Journey, kind: str = "") -> Enrollment:
    return Enrollment("E1", journey.name, "P1", "E1", journey.start, kind=kind)


def reply(journey: Journey, loop: Enrollment, intent: Intent, number: float | None = None) -> Replied:
    step = journey.steps[loop.step]
    question = Question(
        "Q1", journey.name, loop.step, step.context, (), (), QuestionState.OPEN, NOW, NOW, enrollment=loop
    )
    return Replied(Understanding((intent,), 1.0, auto=True, details=Details(number=number)), question)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([phq2.JOURNEY, needs_screen.JOURNEY, needs.JOURNEY]), st.data())
def test_every_walk_ends_or_is_owed(journey: Journey, data: st.DataObject) -> None:
    loop = begin(journey, kind=data.draw(st.sampled_from(["transport", "cost", "food"])))
    for _turn in range(60):
        step = journey.steps[loop.step]
        if loop.outcome is not None or step.owed_by is OwedBy.OFFICE:
            break
        if step.on and data.draw(st.integers(0, 4)):
            intent = data.draw(st.sampled_from(sorted(step.on)))
            outcome = advance(journey, loop, reply(journey, loop, intent, float(data.draw(st.integers(0, 4)))), NOW)
            assert any(isinstance(effect, Say | Ask) for effect in outcome.effects), "every answer is answered"
        else:
            outcome = advance(journey, loop, Silence(loop), NOW)
            assert not any(isinstance(effect, Ask) for effect in outcome.effects)
        loop = outcome.enrollment
    assert (
        loop.outcome is not None
        or journey.steps[loop.step].owed_by is OwedBy.OFFICE
        or loop.step in ("interest", "down")
    )
    if loop.outcome is not None or loop.step == "positive":
        assert not loop.data.get("first"), "no mark is left where it is not sealed"


@given(st.integers(0, 3), st.integers(0, 3))
def test_a_sum_of_three_is_for_a_person_the_same_day(first: int, second: int) -> None:
    loop = begin(phq2.JOURNEY)
    loop = advance(phq2.JOURNEY, loop, reply(phq2.JOURNEY, loop, Intent.CONFIRM), NOW).enrollment
    loop = advance(phq2.JOURNEY, loop, reply(phq2.JOURNEY, loop, Intent.NUMERIC_ANSWER, float(first)), NOW).enrollment
    outcome = advance(phq2.JOURNEY, loop, reply(phq2.JOURNEY, loop, Intent.NUMERIC_ANSWER, float(second)), NOW)
    alarms = [str(one.priority) for one in outcome.effects if isinstance(one, Escalate)]
    assert alarms == (["urgent"] if first + second >= 3 else [])
    kept = {one.name: one.value for one in outcome.effects if isinstance(one, Record)}
    assert kept == {"phq2-2": str(second), "phq2": str(first + second)}


@given(st.lists(st.booleans(), min_size=4, max_size=4), st.booleans())
def test_help_is_looked_for_only_after_a_second_yes(answers: list[bool], share: bool) -> None:
    journey = needs_screen.JOURNEY
    loop = begin(journey)
    loop = advance(journey, loop, reply(journey, loop, Intent.CONFIRM), NOW).enrollment
    for yes in answers:
        intent = Intent.CONFIRM if yes else Intent.DECLINE
        outcome = advance(journey, loop, reply(journey, loop, intent), NOW)
        assert not any(isinstance(effect, Start) for effect in outcome.effects)
        loop = outcome.enrollment
    assert loop.step == ("share" if any(answers) else "answered")
    if any(answers):
        outcome = advance(journey, loop, reply(journey, loop, Intent.CONFIRM if share else Intent.DECLINE), NOW)
        wanted = [kind for (_domain, kind), yes in zip(DOMAINS.items(), answers, strict=True) if yes]
        started = [effect.kind for effect in outcome.effects if isinstance(effect, Start)]
        assert started == (wanted if share else [])
        assert outcome.enrollment.data["needs"] == ""


@pytest.mark.parametrize(("kind", "to"), [("transport", "rebook-the-ride"), ("food", "offered")])
def test_only_a_ride_hears_of_the_visit(kind: str, to: str) -> None:
    loop = begin(needs.JOURNEY, kind)
    assert advance(needs.JOURNEY, loop, Happened("visit-moved", loop), NOW).enrollment.step == to


def test_what_did_not_help_goes_to_a_person() -> None:
    loop = Enrollment("E1", "needs", "P1", "E1", "asked", kind="cost")
    outcome = advance(needs.JOURNEY, loop, reply(needs.JOURNEY, loop, Intent.DECLINE), NOW)
    assert outcome.enrollment.step == "office"
    assert [str(one.reason) for one in outcome.effects if isinstance(one, Escalate)] == ["financial"]
