"""Names as people look for them."""

from __future__ import annotations

import pytest

from bot.core.names import fits, folded, looked_up_by, words


@pytest.mark.parametrize(
    ("asked", "given", "family"),
    [
        ("del ros", "Rosa", "Delgado"),
        ("Delgado, Rosa", "Rosa", "Delgado"),
        ("jose nunez", "José", "Núñez"),
        ("obrien", "Pat", "O'Brien"),
        ("smi jon", "Ann", "Smith-Jones"),
        ("van", "Eva", "van der Berg"),
        ("陈伟", "伟", "陈"),
        ("김", "민수", "김"),
        ("عائشة", "عَائِشَة", "رحمن"),
    ],
)
def test_words_and_beginnings_of_words_are_enough(asked: str, given: str, family: str) -> None:
    assert fits(words(asked), given, family)
    # Whatever is looked up first has to be in the index, or nobody would ever look at the name.
    assert {word[:3] for word in words(asked)} <= looked_up_by(given, family)


@pytest.mark.parametrize(("asked", "given"), [("rosario", "Rosa"), ("osa", "Rosa"), ("rosa rosa x", "Rosa")])
def test_what_is_no_beginning_is_not_found(asked: str, given: str) -> None:
    assert not fits(words(asked), given, "Delgado")


def test_one_word_of_a_name_is_not_taken_for_two() -> None:
    assert not fits(("de", "del"), "Rosa", "Delgado")
    assert fits(("ro", "ros"), "Ro", "Rosa")
    assert folded("STRASSE") == folded("straße")
