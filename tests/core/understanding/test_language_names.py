"""Every language of ours, called by its name in every other one, is asked for."""

from __future__ import annotations

import pytest
from babel import Locale

from bot.content.replies import load_understander
from bot.core.intents import Intent
from bot.core.understanding import Asked

UNDERSTAND = load_understander()
# Our tag, CLDR's locale, CLDR's code of the language.
LANGUAGES = (
    ("en", "en", "en"), ("es", "es", "es"), ("zh-Hans", "zh_Hans", "zh"), ("zh-Hant", "zh_Hant", "zh"),
    ("vi", "vi", "vi"), ("tl", "fil", "fil"), ("ko", "ko", "ko"), ("ru", "ru", "ru"), ("ar", "ar", "ar"),
    ("fr", "fr", "fr"), ("pt", "pt", "pt"), ("hi", "hi", "hi"), ("fa", "fa", "fa"), ("pl", "pl", "pl"),
    ("ht", "", "ht"),
)  # fmt: skip
# CLDR's Haitian Creole is French.
CREOLE = {
    "en": "angle", "es": "panyòl", "zh": "chinwa", "vi": "vyetnamyen", "fil": "tagalòg", "ko": "koreyen", "ru": "ris",
    "ar": "arab", "fr": "franse", "pt": "pòtigè", "hi": "endi", "fa": "pèsan", "pl": "polonè", "ht": "kreyòl ayisyen",
}  # fmt: skip
# "Hindi" is Tagalog for no, and चीनी is sugar: alone they ask for nothing.
OTHERWISE = {("tl", "hi"): "wikang hindi", ("hi", "zh"): "चीनी भाषा"}


def name_of(code: str, spoken: str, locale: str) -> str:
    return OTHERWISE.get((spoken, code)) or (Locale.parse(locale).languages[code] if locale else CREOLE[code])


@pytest.mark.parametrize(("spoken", "locale", "_code"), LANGUAGES)
@pytest.mark.parametrize(("wanted", "_locale", "code"), LANGUAGES)
def test_it_is_asked_for_by_name(spoken: str, locale: str, _code: str, wanted: str, _locale: str, code: str) -> None:
    name = name_of(code, spoken, locale)
    understood = UNDERSTAND(name, Asked(language=spoken))
    assert understood.intents == (Intent.LANGUAGE_SWITCH,), name
    assert understood.details.language is not None
    assert understood.details.language.partition("-")[0] == wanted.partition("-")[0]


@pytest.mark.parametrize(("text", "language"), [("hindi", "tl"), ("hindi po", "tl")])
def test_a_no_that_sounds_like_a_language(text: str, language: str) -> None:
    assert not UNDERSTAND(text, Asked(language=language)).has(Intent.LANGUAGE_SWITCH)


@pytest.mark.parametrize("text", ["चीनी 250 है", "sugar 250 hai"])
def test_sugar_is_no_chinese(text: str) -> None:
    assert not UNDERSTAND(text, Asked(language="hi")).has(Intent.LANGUAGE_SWITCH)


@pytest.mark.parametrize(
    ("text", "on_file", "wanted"),
    [
        ("can you write in english please", "es", "en"),
        ("no english, korean please", "en", "ko"),
        ("no hablo inglés", "en", "es"),
        ("I don't speak Spanish", "es", "en"),
        ("не понимаю по-английски", "en", "ru"),
        ("no english", "en", None),
    ],
)
def test_the_language_that_is_none_of_theirs_is_not_asked_for(text: str, on_file: str, wanted: str | None) -> None:
    understood = UNDERSTAND(text, Asked(language=on_file))
    assert (understood.intent, understood.details.language) == (Intent.LANGUAGE_SWITCH, wanted)
