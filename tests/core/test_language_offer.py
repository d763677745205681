"""Which texts show a language, when the offer is due, and what its answer changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.effects import Say, SetLanguage
from bot.core.intents import Evidence, Intent, Understanding
from bot.core.language_offer import (
    ANSWERABLE,
    ENOUGH,
    KEPT,
    NOTHING_HEARD,
    OFFER,
    Tongue,
    due,
    hear,
    said,
    settled,
    shown_by,
    taken,
)

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
LANGUAGES = ("en", "es", "zh-Hans", "zh-Hant")


def read(language: str | None, *intents: Intent, rules: tuple[str, ...] = ()) -> Understanding:
    found = intents or (Intent.QUESTION,)
    evidence = tuple(Evidence(found[0], rule, "") for rule in rules)
    return Understanding(found, 0.9, auto=True, language=language, evidence=evidence)


def heard(*texts: tuple[str, str | None], on_file: str = "en") -> Tongue:
    tongue = NOTHING_HEARD
    for text, language in texts:
        tongue = hear(tongue, text, read(language), on_file=on_file)
    return tongue


ONE = ("a que hora abren", "es")
TWO = ("donde puedo estacionarme", "es")


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("si", "es", None),
        ("ok", None, None),
        ("yes gracias", "es", None),
        ("1", None, None),
        ("12 34 56 78", "vi", None),
        ("a que hora abren", "es", "es"),
        ("谢谢", "zh-Hans", None),
        ("几点开门呢", "zh-Hans", "zh-Hans"),
        ("да", "ru", None),
        ("во сколько вы открываетесь", "ru", "ru"),
    ],
)
def test_short_words_show_no_language(text: str, language: str | None, shown: str | None) -> None:
    assert shown_by(text, read(language)) == shown


def test_a_wish_for_a_language_shows_none_of_its_own() -> None:
    assert shown_by("texts in spanish please", read("en", Intent.LANGUAGE_SWITCH)) is None


def test_two_texts_bring_the_offer() -> None:
    assert ENOUGH == 2
    assert due(heard(ONE), ONE[0], read("es"), LANGUAGES) is None
    assert due(heard(ONE, TWO), TWO[0], read("es"), LANGUAGES) == "es"
    assert due(heard(ONE, ("si", "es"), ("ok", None), TWO), TWO[0], read("es"), LANGUAGES) == "es"


def test_a_text_in_our_language_between_them_begins_anew() -> None:
    between = ("what time do you open", "en")
    assert heard(ONE, between) == NOTHING_HEARD
    assert due(heard(ONE, between, TWO), TWO[0], read("es"), LANGUAGES) is None


def test_another_language_between_them_begins_anew() -> None:
    assert heard(ONE, ("во сколько вы открываетесь", "ru")) == Tongue("ru", 1)


def test_only_a_text_that_shows_it_brings_it() -> None:
    assert due(heard(ONE, TWO), "si", read("es"), LANGUAGES) is None
    assert due(heard(ONE, TWO), "what time is it", read("en"), LANGUAGES) is None


def test_a_language_without_a_catalogue_is_not_offered() -> None:
    assert due(heard(ONE, TWO), TWO[0], read("es"), ("en", "ru")) is None


@pytest.mark.parametrize(("on_file", "offered"), [("en", "zh-Hant"), ("zh-Hans", None), ("zh-Hant", None)])
def test_nobody_is_offered_the_other_way_of_writing_chinese(on_file: str, offered: str | None) -> None:
    text = "請問幾點開門"
    tongue = heard((text, "zh-Hant"), (text, "zh-Hant"), on_file=on_file)
    assert due(tongue, text, read("zh-Hant"), LANGUAGES) == offered


def test_chinese_without_a_sign_that_tells_is_offered_in_one_way() -> None:
    assert due(heard(("几点开门呢", "zh"), ("几点开门呢", "zh")), "几点开门呢", read("zh"), LANGUAGES) == "zh-Hans"


def offered() -> Tongue:
    return settled(heard(ONE, TWO), (Say("general/question"), Say(OFFER, language="es")), NOW)


def test_it_is_offered_once() -> None:
    tongue = offered()
    assert (tongue.offered, tongue.asked, tongue.asked_at) == (("es",), "es", NOW)
    assert due(hear(tongue, TWO[0], read("es"), on_file="en"), TWO[0], read("es"), LANGUAGES) is None


@pytest.mark.parametrize("yes", [True, False])
def test_its_answer_ends_it_and_is_remembered(yes: bool) -> None:
    effects = taken(offered(), yes=yes)
    assert (SetLanguage("es") in effects, Say(KEPT) in effects) == (yes, not yes)
    tongue = settled(offered(), effects, NOW)
    assert tongue == Tongue(offered=("es",))
    for text, language in (ONE, TWO, ONE):
        tongue = hear(tongue, text, read(language), on_file="en")
        assert due(tongue, text, read(language), LANGUAGES) is None


def test_another_language_may_still_be_offered_later() -> None:
    tongue = settled(offered(), taken(offered(), yes=False), NOW)
    text = "请问几点开门"
    for _ in range(ENOUGH):
        tongue = hear(tongue, text, read("zh-Hans"), on_file="en")
    assert due(tongue, text, read("zh-Hans"), LANGUAGES) == "zh-Hans"


def test_a_bare_yes_is_for_it_while_nothing_else_was_asked() -> None:
    tongue = offered()
    assert tongue.stands(NOW + timedelta(hours=1), ())
    assert tongue.stands(NOW + timedelta(hours=1), (NOW - timedelta(hours=1),))
    assert not tongue.stands(NOW + timedelta(hours=1), (NOW + timedelta(minutes=1),))
    assert not tongue.stands(NOW + ANSWERABLE + timedelta(seconds=1), ())
    assert not replace(tongue, asked="").stands(NOW, ())
    assert not heard(ONE, TWO).stands(NOW, ())


@pytest.mark.parametrize(
    ("intents", "rules", "meant"),
    [
        ((Intent.CONFIRM,), ("es:yes: si",), True),
        ((Intent.CONFIRM, Intent.OPT_IN), ("en:yes: yes",), True),
        ((Intent.CONFIRM,), ("es:yes: si", "es:visit.confirm: ahi estare"), None),
        ((Intent.DECLINE,), ("tl:no: hindi",), False),
        ((Intent.DECLINE,), ("es:decline: no puedo ir",), None),
        ((Intent.CONFIRM, Intent.QUESTION), ("es:yes: si",), None),
        ((Intent.CONFIRM,), (), None),
        ((Intent.UNCLEAR,), (), None),
    ],
)
def test_a_yes_or_a_no_and_nothing_more(
    intents: tuple[Intent, ...], rules: tuple[str, ...], meant: bool | None
) -> None:
    assert said(read("es", *intents, rules=rules)) is meant


def test_what_is_stored_comes_back() -> None:
    for tongue in (NOTHING_HEARD, heard(ONE), offered()):
        assert Tongue.parse(tongue.as_json()) == tongue
    assert Tongue.parse(None) == NOTHING_HEARD
    assert Tongue.parse({}) == NOTHING_HEARD


TEXTS = st.lists(
    st.sampled_from(
        [ONE, TWO, ("во сколько вы открываетесь", "ru"), ("what time do you open", "en"), ("si", "es"), ("ok", None)]
    ),
    max_size=30,
)


@given(TEXTS, st.lists(st.sampled_from([True, False, None]), min_size=30, max_size=30))
def test_no_language_is_ever_offered_twice(texts: list[tuple[str, str | None]], answers: list[bool | None]) -> None:
    tongue, made = NOTHING_HEARD, []
    for (text, language), answer in zip(texts, answers, strict=False):
        understanding = read(language)
        before = tongue
        tongue = hear(tongue, text, understanding, on_file="en")
        offer = due(tongue, text, understanding, ("en", "es", "ru"))
        if offer is not None:
            assert before.count >= ENOUGH - 1
            assert language == offer
            made.append(offer)
            tongue = settled(tongue, (Say(OFFER, language=offer),), NOW)
            if answer is not None:
                tongue = settled(tongue, taken(tongue, yes=answer), NOW)
    assert len(made) == len(set(made))
    assert "en" not in made
