"""The engine: answers, misses, silence, corrections; never an error, never a guess acted on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dialogue import advance, miss
from bot.core.effects import Ask, CloseQuestion, Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Evidence, Intent, Understanding
from bot.core.journey import END, Enrollment, Question, Replied, Silence
from bot.core.understanding.readings import BEYOND
from bot.journeys import discover
from bot.journeys.checkin import ALARM
from tests.core.conversing import NOW, a_question, a_visit, an_enrollment, means

JOURNEYS = discover()
VISIT = a_visit()


def enrolled(journey: str, step: str, **data: str) -> Enrollment:
    return Enrollment(id="E", journey=journey, patient_id="P1", subject_id="S", step=step, data=data)


def asked(journey: str, enrollment: Enrollment, prompt: str | None = None) -> Question:
    step = JOURNEYS[journey].steps[JOURNEYS[journey].start]
    return a_question(
        VISIT, journey=journey, step=step.name, context=step.context, enrollment=enrollment, prompt=prompt
    )


def replied(understanding: Understanding, journey: str = "appointment", step: str = "asked", **data: str) -> Replied:
    enrollment = enrolled(journey, step, **data)
    return Replied(understanding, asked(journey, enrollment), (VISIT,))


def test_an_answer_closes_the_question_and_moves_on() -> None:
    outcome = advance(JOURNEYS["appointment"], an_enrollment(misses=1), replied(means(Intent.CONFIRM)), NOW)
    assert outcome.acted_on is Intent.CONFIRM
    assert (outcome.enrollment.step, outcome.enrollment.misses) == ("confirmed", 0)
    assert CloseQuestion() in outcome.effects


@pytest.mark.parametrize("journey", sorted(JOURNEYS))
@pytest.mark.parametrize("step", [END, "a step of the past"])
def test_after_the_end_an_answer_still_means_what_its_question_asked(journey: str, step: str) -> None:
    start = JOURNEYS[journey].steps[JOURNEYS[journey].start]
    sample = JOURNEYS[journey].samples[0]
    loop = replace(enrolled(journey, step), kind=sample.get("kind", ""))
    for intent in start.on:
        told = means(intent, number=float(sample.get("number", 1)))
        event = Replied(told, asked(journey, loop), (VISIT,))
        assert advance(JOURNEYS[journey], loop, event, NOW).acted_on is intent


def test_what_the_bot_would_not_act_on_by_itself_is_not_acted_on() -> None:
    guessed = means(Intent.CONFIRM, auto=False)
    assert advance(JOURNEYS["appointment"], an_enrollment(), replied(guessed), NOW).acted_on is None
    beside = means(Intent.QUESTION, Intent.CONFIRM, auto=False)
    assert advance(JOURNEYS["appointment"], an_enrollment(), replied(beside), NOW).acted_on is Intent.CONFIRM
    doubtful = Understanding((Intent.QUESTION, Intent.CONFIRM), 0.5, auto=False)
    assert advance(JOURNEYS["appointment"], an_enrollment(), replied(doubtful), NOW).acted_on is None


def test_once_asked_again_then_a_person_then_quiet() -> None:
    journey, event = JOURNEYS["appointment"], replied(means(Intent.UNCLEAR))
    first = miss(journey, an_enrollment(), event)
    second = miss(journey, first.enrollment, event)
    third = miss(journey, second.enrollment, event)
    assert [type(effect) for effect in first.effects] == [Ask]
    assert [type(effect) for effect in second.effects] == [Say, Escalate]
    assert [type(effect) for effect in third.effects] == [Escalate]


def test_a_danger_that_the_question_names_is_in_the_yes_also_beside_a_number() -> None:
    event = replied(means(Intent.NUMERIC_ANSWER, Intent.CONFIRM, number=2.0), "checkin", **{ALARM: "yes"})
    outcome = advance(JOURNEYS["checkin"], enrolled("checkin", "asked", **{ALARM: "yes"}), event, NOW)
    alerts = [effect for effect in outcome.effects if isinstance(effect, Escalate)]
    assert [(alert.reason, alert.priority) for alert in alerts] == [(Reason.SURVEY_ALERT, Priority.URGENT)]


@pytest.mark.parametrize(
    ("grave", "priority"), [("emergency", Priority.EMERGENCY), ("urgent", Priority.URGENT), (None, None)]
)
def test_a_reading_is_judged_also_when_it_was_asked_for(grave: str | None, priority: Priority | None) -> None:
    understood = means(Intent.NUMERIC_ANSWER, number=205.0)
    if grave:
        piece = Evidence(Intent.NUMERIC_ANSWER, f"{BEYOND}:{grave}", "205/125")
        understood = Understanding(understood.intents, 0.9, auto=True, evidence=(piece,), details=understood.details)
    outcome = advance(JOURNEYS["checkin"], enrolled("checkin", "asked"), replied(understood, "checkin"), NOW)
    assert Record("reading", "205") in outcome.effects
    assert [effect.priority for effect in outcome.effects if isinstance(effect, Escalate)] == (
        [priority] if priority else []
    )


@pytest.mark.parametrize(
    ("data", "prompt", "priority"),
    [
        ({}, None, Priority.URGENT),
        ({}, "Did you pick up your medicine?", Priority.ROUTINE),
        ({ALARM: "yes"}, "Any chest pain?", None),
    ],
)
def test_a_no_is_good_only_where_the_question_names_a_danger(
    data: dict[str, str], prompt: str | None, priority: Priority | None
) -> None:
    enrollment = enrolled("checkin", "asked", **data)
    event = Replied(means(Intent.DECLINE), asked("checkin", enrollment, prompt))
    outcome = advance(JOURNEYS["checkin"], enrollment, event, NOW)
    found = [effect.priority for effect in outcome.effects if isinstance(effect, Escalate)]
    assert found == ([priority] if priority else [])


steps = st.sampled_from([(name, step) for name, journey in JOURNEYS.items() for step in (*journey.steps, END, "gone")])


@given(
    at=steps,
    intents=st.lists(st.sampled_from(list(Intent)), min_size=1, max_size=4, unique=True),
    auto=st.booleans(),
    number=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    misses=st.integers(0, 5),
)
def test_whatever_happens_to_whatever_step_the_engine_goes_on(
    at: tuple[str, str], intents: list[Intent], auto: bool, number: float | None, misses: int
) -> None:
    name, step = at
    journey = JOURNEYS[name]
    enrollment = Enrollment(id="E", journey=name, patient_id="P1", subject_id="S", step=step, misses=misses)
    event = Replied(means(*intents, auto=auto, number=number), asked(name, enrollment), (VISIT,))
    for outcome in (
        advance(journey, enrollment, event, NOW),
        advance(journey, enrollment, Silence(), NOW),
        miss(journey, enrollment, event),
    ):
        assert outcome.enrollment.step in (*journey.steps, END, step)
        assert sum(isinstance(effect, Ask) for effect in outcome.effects) <= 1
    if Intent.EMERGENCY in intents or Intent.UNCLEAR in intents:
        assert advance(journey, enrollment, event, NOW).acted_on is None


def test_a_tip_asks_nothing() -> None:
    assert JOURNEYS["education"].steps["told"].context is Context.EDUCATION
    assert advance(JOURNEYS["education"], enrolled("education", "told"), Silence(), NOW).effects == ()
