"""Which of several visits words point to, and what they say of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.content.replies import load_understander
from bot.core.binding import Fit, bind
from bot.core.days import days_named, falls_on
from bot.core.household import parts_by_visit
from bot.core.intents import Context, Intent, Understanding
from bot.core.people import Visit
from bot.core.referring import Reference
from bot.core.understanding import Asked
from tests.core.conversing import NOW, OPTIONS, a_question, a_visit, means

# Tomorrow, a Tuesday, and the Thursday after it.
CHECKUP = a_visit("A1", clinician="Dr. Adler", service="Primary care")
TEETH = a_visit("A2", starts_at=datetime(2026, 11, 26, 20, 30, tzinfo=UTC), service="Dental cleaning")
BOTH = (CHECKUP, TEETH)
UNDERSTAND = load_understander()


def said(clause: str) -> Understanding:
    return UNDERSTAND(clause, Asked(context=Context.APPOINTMENT_REMINDER, options=OPTIONS))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("see you tues", {"d1"}),
        ("mañana sí, el jueves no", {"tomorrow", "d3"}),
        ("por la mañana", set()),
        ("周四不行", {"d3"}),
        ("سه‌شنبه", {"d1"}),
        ("شنبه", {"d5"}),
        ("w piątek", {"d4"}),
        ("послезавтра", set()),
        ("I sat in the sun", set()),
    ],
)
def test_days_are_read_in_every_language(text: str, days: set[str]) -> None:
    assert days_named(text) == days


def test_a_day_is_that_of_the_place() -> None:
    late = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # 11 PM on Tuesday in Chicago
    assert falls_on(late, "America/Chicago", frozenset({"d1"}), NOW)
    assert falls_on(late, "America/Chicago", frozenset({"tomorrow"}), NOW)
    assert not falls_on(late, "America/Chicago", frozenset({"d2", "today"}), NOW)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tomorrow is fine", (CHECKUP,)),
        ("not thursday", (TEETH,)),
        ("cancel the dentist", (TEETH,)),
        ("yes for dr adler", (CHECKUP,)),
        ("the first one", (CHECKUP,)),
        ("one second", ()),
        ("I don't care", ()),
        ("Maria here, thursday", (TEETH,)),
        ("I'm at the dentist tomorrow", BOTH),
    ],
)
def test_words_point_to_visits(text: str, meant: tuple[Visit, ...]) -> None:
    assert Reference(BOTH, NOW).visits(text) == meant


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("yes to tomorrow no to thursday", "confirm", "decline"),
        ("I can do tuesday but not thursday", "confirm", "decline"),
        ("yes for dr adler but i need to cancel the dental cleaning", "confirm", "decline"),
        ("cancel the dentist, keep the other one", "confirm", "decline"),
        ("Tuesday is good. Need to reschedule Thursday", "confirm", "reschedule"),
        ("el martes no puedo pero el jueves si", "decline", "confirm"),
    ],
)
def test_one_thing_is_said_of_one_visit_and_another_of_another(text: str, first: str, second: str) -> None:
    found = {part.appointment_id: str(part.intent) for part in parts_by_visit(text, BOTH, said, NOW)}
    assert found == {"A1": first, "A2": second}


@pytest.mark.parametrize(
    "text",
    ["yes to both", "no", "cant do tomorrow, can I come thursday", "yes, but not thursday", "tuesday and thursday yes"],
)
def test_where_one_thing_is_said_there_are_no_parts(text: str) -> None:
    assert parts_by_visit(text, BOTH, said, NOW) == ()


def test_a_day_that_is_wished_for_names_no_visit() -> None:
    asked = [a_question(CHECKUP), a_question(TEETH, id="Q2", asked_at=NOW - timedelta(minutes=9))]
    assert bind("see you thursday", means(Intent.CONFIRM), asked, BOTH, NOW).visits == (TEETH,)
    assert bind("can I come thursday", means(Intent.RESCHEDULE), asked, BOTH, NOW).fit is Fit.AMBIGUOUS


def test_of_two_answers_none_is_given_to_the_one_that_is_named() -> None:
    asked = [a_question(CHECKUP), a_question(TEETH, id="Q2", asked_at=NOW - timedelta(minutes=9))]
    both = means(Intent.DECLINE, Intent.CONFIRM)
    assert bind("skip the dentist, yes", both, asked, BOTH, NOW).fit is Fit.AMBIGUOUS


def test_a_day_alone_is_the_choice_that_was_asked_for() -> None:
    menu = a_question(*BOTH, step="which", pending="confirm", options=("choice", "choice"))
    wish = means(Intent.RESCHEDULE)
    assert bind("thursday", wish, [menu], BOTH, NOW).visits == (TEETH,)
    assert bind("can I come on Thursday instead", wish, [menu], BOTH, NOW).question is None
