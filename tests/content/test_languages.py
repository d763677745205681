"""Which language serves which tag, and what happens when none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content.languages import Languages, Review, canonical, read
from bot.content.messages import Messages

MESSAGES = Messages.load()


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("es", "es"),
        ("es-MX", "es"),
        ("es_419", "es"),
        ("ES-us", "es"),
        ("spa", "es"),
        ("en-GB", "en"),
        ("ar-EG", "ar"),
        ("arb", "ar"),
        ("zh-Hans-US", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("fil", "tl"),
        ("fa-AF", "fa"),
        ("pt-BR", "pt"),
        ("hi-Latn", "hi"),
        ("tlh", None),
        ("und", None),
        ("", None),
        ("not a tag", None),
    ],
)
def test_negotiation(tag: str, expected: str | None) -> None:
    assert MESSAGES.supports(tag) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("zh-Hans-US", ["zh", "hans", "us"]),
        ("zh-TW", ["zh", "hant", "tw"]),
        ("zh", ["zh", "hans"]),
        ("zh-CN", ["zh", "hans", "cn"]),
        ("yue", ["zh", "hant"]),
        ("zh-yue-HK", ["zh", "hant", "yue", "hk"]),
        ("fil-PH", ["tl", "ph"]),
        ("prs", ["fa"]),
        ("hat", ["ht"]),
    ],
)
def test_other_names_of_a_language(tag: str, expected: list[str]) -> None:
    assert canonical(tag) == expected


def test_only_english_is_not_a_draft_until_someone_reviews_it() -> None:
    assert MESSAGES.review_state("en") is Review.SOURCE
    assert MESSAGES.review_state("es-MX") is Review.DRAFT
    # What has no catalogue is said in English, which needs no review.
    assert MESSAGES.review_state("tlh") is Review.SOURCE
    assert MESSAGES.review_state(None) is Review.SOURCE
    assert set(MESSAGES.review_states()) == set(MESSAGES.languages())


def test_a_reviewed_language_says_so(tmp_path: Path) -> None:
    original = MESSAGES.language("es").folder / "language.toml"
    folder = tmp_path / "es"
    folder.mkdir()
    text = original.read_text(encoding="utf-8").replace("reviewed = false", "reviewed = true")
    (folder / "language.toml").write_text(text, encoding="utf-8")
    assert Languages.load(tmp_path).by_tag["es"].review is Review.REVIEWED


def test_a_broken_language_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "xx" / "language.toml"
    file.parent.mkdir()
    file.write_text('name = "X"')
    with pytest.raises(ValueError, match=r"xx.*english_name"):
        read(file)


def test_language_names_are_the_speakers_own() -> None:
    assert MESSAGES.language_name("es-MX") == "Español"
    assert MESSAGES.language_name("tlh") == "tlh"
