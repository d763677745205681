"""A meaning that was found does not stand beside a word that weighs more and was passed over."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent, Understanding
from bot.core.understanding.asked import Asked


def understood(text: str, context: Context = Context.APPOINTMENT_REMINDER, language: str = "en") -> Understanding:
    return load_understander()(text, Asked(context, language=language))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("i can come zorvik alive quuf", "en"),
        ("yes zorvik my neck quuf", "en"),
        ("i cant come zorvik texts quuf", "en"),
        ("sí voy zorvik vivir quuf", "es"),
        ("no voy zorvik mensajes quuf", "es"),
    ],
)
def test_what_weighs_more_is_left_to_a_person(text: str, language: str) -> None:
    found = understood(text, language=language)
    assert (found.intent, found.auto) == (Intent.UNCLEAR, False)
    assert any("weighty." in piece.rule for piece in found.evidence)


@pytest.mark.parametrize(
    ("text", "language"),
    [("i can come zorvik quuf", "en"), ("sí voy zorvik quuf", "es"), ("thanks for the text, i can come", "en")],
)
def test_light_words_and_such_as_were_read_keep_nothing_back(text: str, language: str) -> None:
    found = understood(text, language=language)
    assert (found.intent, found.auto) == (Intent.CONFIRM, True)


@pytest.mark.parametrize("text", ["if it rains i cant come", "If my car isnt fixed i wont be there", "voy si puedo"])
def test_what_hangs_on_a_condition_answers_nothing(text: str) -> None:
    found = understood(text)
    assert (found.auto, found.intents) == (False, (Intent.UNCLEAR,))


def test_a_condition_reaches_no_further_than_its_sentence() -> None:
    assert understood("if you get this. i cant come").intent is Intent.DECLINE


def test_a_symptom_beside_what_is_in_doubt_stays_one() -> None:
    found = understood("Need to reschedule my mammogram visit blenta, been running a fever", Context.NONE)
    assert (found.intent, found.auto) == (Intent.SYMPTOM, False)


def test_a_story_that_nobody_asked_for_calls_nothing_off() -> None:
    assert understood("my zorvik cant come", Context.NONE).intent is Intent.UNCLEAR
    assert understood("i cant come", Context.NONE).intent is Intent.DECLINE


def test_a_visit_is_not_called_off_where_most_was_not_read() -> None:
    found = understood("cant come blenta quuf tarnel moxi")
    assert (found.intent, found.auto) == (Intent.DECLINE, False)
    assert understood("cant come tarnel").auto


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the roof leaks and the plumber comes at nine so i cant come", "en"),
        ("cant come, the cat is at the vet with my sister", "en"),
        ("se me inundó la cocina y viene el plomero, no puedo ir", "es"),
    ],
)
def test_a_reason_in_known_words_beside_a_plain_refusal_keeps_nothing_back(text: str, language: str) -> None:
    found = understood(text, language=language)
    assert (found.intent, found.auto) == (Intent.DECLINE, True)


def test_a_death_that_is_only_asked_about_is_for_a_person() -> None:
    assert not understood("she died??").auto
    assert understood("she died.").auto


def test_being_late_in_the_afternoon_names_no_other_time() -> None:
    assert understood("hay mucho tranque, llego tarde", language="es").intents == (Intent.RUNNING_LATE,)


def test_who_mourns_and_comes_all_the_same_is_for_a_person() -> None:
    found = understood("my mother passed away, but I'll be there")
    assert (found.has(Intent.DECEASED), found.auto) == (False, False)
    assert understood("my mother passed away").intent is Intent.DECEASED
