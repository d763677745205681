"""What Arabic and Persian write onto a word is taken off only where a known word is left."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked
from bot.core.understanding.clitics import apart
from bot.core.understanding.text import fold, take_apart


@pytest.mark.parametrize(
    ("word", "core"),
    [
        ("وشفايفي", "شفايفي"), ("بالموعد", "موعد"), ("هيتكلم", "يتكلم"), ("بطنها", "بطن"), ("نوبتمونو", "نوبت"),
        ("شماره‌ام", "شماره"),
    ],
)  # fmt: skip
def test_what_is_written_on_comes_off(word: str, core: str) -> None:
    """Conjunction, article, future, "her", and the Persian "our" with the mark of the object."""
    assert apart(fold(word.replace("\u200c", "")), frozenset({fold(core)})) == (fold(core),)


def test_a_verb_that_is_wrapped_in_its_denial_stays_denied() -> None:
    """`mā…š` around the verb, or `mā` alone at its front, is two words."""
    assert apart("مايتنفسش", frozenset({"يتنفس"})) == ("ما", "يتنفس")
    assert apart("ماقدر", frozenset({"اقدر"})) == ("ما", "اقدر")


@pytest.mark.parametrize("word", ["وجع", "ورقه", "hello", "لحم"])
def test_a_word_that_hides_none_is_left_alone(word: str) -> None:
    """Also a short one whose first letter only looks like "and" or "to"."""
    assert apart(word, frozenset({"جع", "حم", "موعد"})) == (word,)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("مابيتنفسش", Intent.EMERGENCY), ("وصدري بيوجعني", Intent.EMERGENCY), ("مانگدرش نجي", Intent.DECLINE),
        ("شماره‌مو پاک کنید", Intent.OPT_OUT), ("قرصهامو تموم کردم", Intent.REFILL_REQUEST),
    ],
)  # fmt: skip
def test_the_lexicons_are_met_through_them(text: str, intent: Intent) -> None:
    """The same words with what the dialects put around them."""
    understood = load_understander()(text, Asked(Context.APPOINTMENT_REMINDER))
    assert understood.intent is intent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("الجرح يطلع مي صفرا", ("جرح", "يطلع", "مي", "صفرا")),
        ("مي كتير نزلت", ("مي", "كتير", "نزلت")),
        ("درد مي كند", ("درد", "ميكند")),
        ("نمي توانم", ("نميتوانم",)),
        ("درد می کند", ("درد", "ميكند")),
    ],
)
def test_arabic_water_is_no_persian_tense(text: str, words: tuple[str, ...]) -> None:
    assert take_apart(text).words == words


def test_figures_of_the_arabic_script_are_figures() -> None:
    assert take_apart("٤٠ ۴۰ 40").words == ("40", "40", "40")


def test_a_figure_written_onto_a_word_stands_apart() -> None:
    assert take_apart("٣٠حبة بال2019").words == ("30", "حبه", "بال", "2019")
