"""Numbers that count days or tablets, and Portuguese words that only look like a measure."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked


@pytest.mark.parametrize("text", ["m gen lafyèv depi twa jou", "fever for 3 days", "febre há 3 dias"])
def test_days_of_fever_are_no_temperature(text: str) -> None:
    """The unit after the number says what it counts."""
    assert Intent.NUMERIC_ANSWER not in load_understander()(text).intents


@pytest.mark.parametrize(("text", "intent"), [("febre de 39", Intent.SYMPTOM), ("pressão 210", Intent.EMERGENCY)])
def test_a_figure_beside_its_measure_is_a_reading(text: str, intent: Intent) -> None:
    """What a machine can show is judged as before."""
    assert load_understander()(text).intent is intent


@pytest.mark.parametrize("text", ["BP 139/85 pulse 64", "bp 130/85 61", "o2 97 pulse 52", "PA 130/80 pulso 58"])
def test_each_figure_belongs_to_the_last_thing_named(text: str) -> None:
    """A pulse is no upper pressure, and beside a whole pressure no figure is one."""
    assert load_understander()(text).intent is not Intent.EMERGENCY


@pytest.mark.parametrize("text", ["pulse 80 sugar 41", "bp 211 pulse 80", "38 sugar", "pulse 90 pulse ox 84"])
def test_a_grave_figure_is_found_among_others(text: str) -> None:
    assert load_understander()(text).intent is Intent.EMERGENCY


def test_a_day_after_portuguese_for_is_no_blood_pressure() -> None:
    """`pa` is short for `para`, which stands before any number."""
    asked = Asked(Context.APPOINTMENT_REMINDER, language="pt")
    assert load_understander()("dá pra ser dia 15?", asked).intents == (Intent.RESCHEDULE,)


def test_a_number_asked_about_is_no_score() -> None:
    """Who asks what the scale means has not answered yet; who asks something after the score has."""
    asked = Asked(Context.SURVEY_SCALE, language="en")
    understand = load_understander()
    assert Intent.NUMERIC_ANSWER not in understand("what does 10 mean?", asked).intents
    assert understand("9. when is my next visit?", asked).intent is Intent.NUMERIC_ANSWER


@pytest.mark.parametrize(
    ("text", "context", "intent"),
    [
        ("no problem", Context.APPOINTMENT_REMINDER, Intent.CONFIRM),
        ("no, problem with my car, cant come", Context.APPOINTMENT_REMINDER, Intent.DECLINE),
        ("no worries", Context.WAITLIST_OFFER, Intent.CONFIRM),
        ("no problem", Context.CHECKIN_YES_NO, Intent.DECLINE),
    ],
)
def test_the_no_of_no_problem_answers_only_a_question_of_health(text: str, context: Context, intent: Intent) -> None:
    """"No problem" agrees to a visit; asked about trouble with breathing, it says that there is none."""
    assert intent in load_understander()(text, Asked(context, language="en")).intents


@pytest.mark.parametrize(("text", "number"), [("un 8", 8), ("como un 7", 7), ("uno", 1)])
def test_an_article_is_no_second_score(text: str, number: int) -> None:
    found = load_understander()(text, Asked(Context.SURVEY_SCALE, language="es"))
    assert (found.auto, found.details.number) == (True, number)
