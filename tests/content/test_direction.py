"""Arabic and Persian texts: digits, times, phone numbers and links keep their order, in every message."""

from __future__ import annotations

import pytest

from bot.content.direction import embedded, fragile_parts, is_balanced, isolated, starts_rightward
from bot.content.messages import Messages
from bot.content.samples import household, plain, samples
from bot.core.segments import segments

MESSAGES = Messages.load()
RTL = [tag for tag in MESSAGES.languages() if MESSAGES.language(tag).rtl]


def test_which_languages_run_from_the_right() -> None:
    assert RTL == ["ar", "fa"]


@pytest.mark.parametrize("tag", RTL)
@pytest.mark.parametrize("key", MESSAGES.keys())
def test_no_message_can_be_shown_in_another_order(key: str, tag: str) -> None:
    language = MESSAGES.language(tag)
    values = [plain(), *samples(language)]
    several = [household(one, ("Ana", "Luis")) for one in values]
    for one in (*values, *several):
        rendered = MESSAGES.render(key, language=tag, values=one)
        assert rendered.language == tag
        assert fragile_parts(rendered.text) == ()
        assert is_balanced(rendered.text)
        assert starts_rightward(rendered.text)
        assert rendered.segments == segments(rendered.text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("اتصلوا على 601-555-0142.", ("601-555-0142",)),
        ("الساعة 2:30 PM", ("2:30 PM",)),
        ("https://clinic.example/a?b=1 هنا", ("https://clinic.example/a?b=1",)),
        ("Main Clinic: Ana، نراكم", ("Clinic: Ana",)),
        ("للطوارئ: 911.", ()),
        ("أرسلوا 1=نعم، 2=لا.", ()),
        ("لإيقاف الرسائل: STOP.", ()),
        ("من Main St Clinic: نراكم", ()),
    ],
)  # fmt: skip
def test_what_would_change_its_order(text: str, parts: tuple[str, ...]) -> None:
    assert fragile_parts(text)[: len(parts)] == parts
    assert bool(fragile_parts(text)) is bool(parts)
    for part in parts:
        assert part not in fragile_parts(text.replace(part, isolated(part)))


def test_only_what_runs_from_the_left_is_isolated() -> None:
    assert embedded("Ana") == "\u2068Ana\u2069"
    assert embedded("آمنة") == "آمنة"


def test_an_isolate_costs_its_two_characters() -> None:
    text = "ا" * 68
    assert (segments(text), segments(text + isolated("1"))) == (1, 2)


def test_the_first_letter_counts_that_is_not_isolated() -> None:
    assert starts_rightward(isolated("Main") + " نراكم")
    assert not starts_rightward("Main نراكم")
    assert not starts_rightward(isolated("1"))


def test_an_isolate_ends() -> None:
    assert is_balanced(f"ا {isolated('1')} ب")
    assert not is_balanced("ا \u20661 ب")
    assert not is_balanced("ا 1\u2069 ب")


@pytest.mark.parametrize("tag", RTL)
def test_links_and_numbered_addresses(tag: str) -> None:
    values = {**plain(), "clinic": "24 Hour Clinic", "prompt": "اقرأ"}
    text = MESSAGES.render("general/help", language=tag, values=values).text
    assert "\u206824 Hour Clinic\u2069" in text
