"""Tagalog where it meets other languages, and the traps of its own."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked


@pytest.mark.parametrize(("language", "intent"), [("tl", Intent.DECLINE), ("en", Intent.LANGUAGE_SWITCH)])
def test_hindi_is_no_where_tagalog_is_on_file(language: str, intent: Intent) -> None:
    """Elsewhere it is the name of a language."""
    asked = Asked(Context.APPOINTMENT_REMINDER, language=language)
    assert load_understander()("Hindi", asked).intent is intent


@pytest.mark.parametrize("text", ["hindi na po ako pupunta", "hindi na ako pupunta", "hindi na ho ako pupunta po"])
def test_courtesy_words_change_nothing(text: str) -> None:
    """`po` and `ho` may stand anywhere."""
    asked = Asked(Context.APPOINTMENT_REMINDER, language="tl")
    assert load_understander()(text, asked).intents == (Intent.DECLINE,)


def test_short_forms_of_two_languages_meet() -> None:
    """`pa` is Spanish for `para` when it is short, and a particle here."""
    asked = Asked(Context.CHECKIN_YES_NO, language="tl")
    assert load_understander()("hindi pa po", asked).intent is Intent.DECLINE


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("namatay ako sa tawa", Intent.EMERGENCY),
        ("itigil ko na po ba ang losartan", Intent.OPT_OUT),
        ("tama na yung oras", Intent.OPT_OUT),
        ("ayoko na", Intent.OPT_OUT),
        ("kung may masasakyan ako pupunta ako", Intent.CONFIRM),
        ("namatay yung tita ko, di ako makakapunta", Intent.DECEASED),
    ],
)
def test_what_only_looks_like_it_is_not_taken_for_it(text: str, intent: Intent) -> None:
    """Hyperbole, a medicine stopped, a condition, a death in the family."""
    asked = Asked(Context.APPOINTMENT_REMINDER, language="tl")
    assert intent not in load_understander()(text, asked).intents
