"""Series of lessons: signed ones only, in order, at most twelve weeks; a walk through any of them ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.paths import data_root
from bot.content.replies import load_series
from bot.core.dialogue import advance
from bot.core.effects import Escalate, Record, Say, StopJourneys
from bot.core.intents import Context, Details, Intent, Understanding
from bot.core.journey import Enrollment, Happened, Question, QuestionState, Replied, Silence
from bot.core.series import PREGNANCY, PREGNANCY_LOST, Asked, Series, parse, read
from bot.journeys.series import JOURNEY

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
SHIPPED = load_series(data_root() / "locales")


def enrolled(plan: str, kind: str = "flu") -> Enrollment:
    return Enrollment("E1", "series", "P1", "E1", "enrolled", data={"plan": plan, "gap": "7"}, kind=kind)


def reply(loop: Enrollment, intent: Intent, number: float | None = None) -> Replied:
    step = JOURNEY.steps[loop.step]
    question = Question("Q1", "series", loop.step, step.context, (), (), QuestionState.OPEN, NOW, NOW, enrollment=loop)
    return Replied(Understanding((intent,), 1.0, auto=True, details=Details(number=number)), question)


def test_the_shipped_series_are_whole_and_nobody_has_signed_them() -> None:
    names = {"diabetes", "hypertension", "asthma", "prenatal", "after_surgery", "quit_smoking", "flu"}
    assert set(SHIPPED.by_name) == names
    for series in SHIPPED.by_name.values():
        assert not list(series.faults())
        assert series.plan == (), "a lesson that no clinician has read is not sent"
        assert any(lesson.asked is not None for lesson in series.lessons)
        for lesson in series.lessons:
            assert (data_root() / "templates/messages/education" / f"{lesson.text}.txt").is_file()


def test_only_signed_lessons_are_planned() -> None:
    series = SHIPPED.by_name["flu"]
    first, *rest = series.lessons
    signed = replace(first, reviewed_by="Ana Reyes, RN", reviewed_on=date(2026, 11, 2))
    assert replace(series, lessons=(signed, *rest)).plan == ("flu_1",)


def test_faults_are_named() -> None:
    lesson = SHIPPED.by_name["flu"].lessons[0]
    long = Series("x", (lesson,) * 13)
    odd = Series("y", (replace(lesson, source="", asked=Asked("maybe")),), a_week=3)
    assert list(long.faults()) == ["x: goes on for more than 12 weeks"]
    assert len(list(odd.faults())) == 3
    with pytest.raises(ValueError, match="series z"):
        parse({"z": {"lessons": [{"txt": "a"}]}})


@given(st.sampled_from(["yes", "no"]), st.booleans(), st.integers(1, 9))
def test_a_word_reads_back(bad: str, urgent: bool, below: int) -> None:
    lesson = SHIPPED.by_name["flu"].lessons[0]
    for asked in (None, Asked(bad, urgent=urgent), Asked(below=below)):
        assert read(replace(lesson, asked=asked).word) == (lesson.text, asked)


WORDS = st.sampled_from(["flu_1", "flu_2", "flu_3!yes!", "flu_3!no", "quit_smoking_3<5"])


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=12), st.data())
def test_whatever_is_answered_each_lesson_is_told_once_and_it_ends(words: list[str], data: st.DataObject) -> None:
    loop, told = enrolled(" ".join(words)), []
    for _turn in range(4 * len(words) + 4):
        if loop.outcome is not None:
            break
        step = JOURNEY.steps[loop.step]
        if step.text and (not told or told[-1][0] != loop.data["at"]):
            told.append((loop.data["at"], step.text_for(loop.data)))
        intents = list(step.on) if data.draw(st.booleans()) else []
        if intents:
            number = float(data.draw(st.integers(0, 12)))
            outcome = advance(JOURNEY, loop, reply(loop, data.draw(st.sampled_from(intents)), number), NOW)
            assert any(isinstance(effect, Say) for effect in outcome.effects)
        else:
            outcome = advance(JOURNEY, loop, Silence(loop), NOW)
        loop = outcome.enrollment
    assert loop.outcome == ("finished" if words else "nothing-to-tell")
    assert [text for _at, text in told] == [f"education/{read(word)[0]}" for word in words]


@pytest.mark.parametrize(
    ("word", "intent", "number", "alarms"),
    [
        ("flu_3!yes!", Intent.CONFIRM, None, "urgent"),
        ("flu_3!yes!", Intent.DECLINE, None, None),
        ("flu_3!no", Intent.DECLINE, None, "routine"),
        ("flu_3<5", Intent.NUMERIC_ANSWER, 4.0, "routine"),
        ("flu_3<5", Intent.NUMERIC_ANSWER, 5.0, None),
    ],
)
def test_a_bad_answer_goes_to_a_person(word: str, intent: Intent, number: float | None, alarms: str | None) -> None:
    loop = advance(JOURNEY, enrolled(word), Silence(enrolled(word)), NOW).enrollment
    effects = advance(JOURNEY, loop, reply(loop, intent, number), NOW).effects
    assert [str(one.priority) for one in effects if isinstance(one, Escalate)] == ([alarms] if alarms else [])
    assert [one.name for one in effects if isinstance(one, Record)] == ["lesson-flu_3"]


def test_a_loss_ends_what_is_about_the_pregnancy_and_nothing_else() -> None:
    for kind in (*PREGNANCY, "flu"):
        loop = enrolled("flu_1", kind)
        outcome = advance(JOURNEY, loop, Happened(PREGNANCY_LOST, loop), NOW)
        assert outcome.moved == (kind in PREGNANCY)
        assert not any(isinstance(effect, Say | Escalate) for effect in outcome.effects), "without a word"
        stops = [effect.kinds for effect in outcome.effects if isinstance(effect, StopJourneys)]
        assert stops == ([PREGNANCY] if kind in PREGNANCY else [])


def test_questions_are_read_as_what_they_are() -> None:
    assert JOURNEY.steps["question"].context is Context.CHECKIN_YES_NO
    assert JOURNEY.steps["scale"].context is Context.SURVEY_SCALE
