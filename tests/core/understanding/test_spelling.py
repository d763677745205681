"""One slip of the finger is put right, in Latin and in Cyrillic letters, and nothing more."""

from __future__ import annotations

import pytest

from bot.core.understanding.spelling import Spelling

SPELLING = Spelling({"cancel", "confirm", "подтверждаю", "буду"}, {"cancer"}, {})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cancle", "cancel"),
        ("canccel", "cancel"),
        ("confrm", "confirm"),
        ("conform", "confirm"),
        ("потверждаю", "подтверждаю"),
        ("подтвердждаю", "подтверждаю"),
    ],
)
def test_one_slip_is_put_right(typed: str, meant: str) -> None:
    """A letter left out, added, changed or swapped with its neighbour."""
    assert SPELLING.correct(typed) == meant


@pytest.mark.parametrize("word", ["cancer", "kancel", "cnfrm", "буд", "конец"])
def test_other_words_stay(word: str) -> None:
    """A known word, another first letter, two slips, short words, and what is near to nothing."""
    assert SPELLING.correct(word) == word


def test_between_two_words_nothing_is_chosen() -> None:
    """Whichever was meant, to guess would be worse than to ask."""
    assert Spelling({"moving", "moping"}, (), {}).correct("moling") == "moling"


def test_a_double_that_a_stem_has_too_stays() -> None:
    """The longer stem is known with both letters, though a shorter one is known as well."""
    stems = ("новорожд", "новорожденн")
    assert Spelling((), (), {}, stems).correct("новорожденныи") == "новорожденныи"
    assert Spelling((), (), {}, stems[:1]).correct("новорожденныи") == "новорожденыи"
