"""Russian in Latin letters and Hindi in two scripts boil down to the same skeletons."""

from __future__ import annotations

import pytest

from bot.core.understanding.roman import Romanised, hindi, russian
from bot.core.understanding.text import fold


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [
        ("pridu", "приду"),
        ("xorosho", "хорошо"),
        ("segodnja", "сегодня"),
        ("zhivot", "живот"),
        ("poluchitsya", "получится"),
    ],
)
def test_russian_skeletons_agree(latin: str, cyrillic: str) -> None:
    """Whichever transliteration is used."""
    assert russian(latin) == russian(fold(cyrillic))


@pytest.mark.parametrize(
    ("latin", "script"), [("nahee", "नही"), ("drd", "दर्द"), ("chahie", "चाहिए"), ("krunga", "करूँगा")]
)
def test_hindi_skeletons_agree(latin: str, script: str) -> None:
    """However loosely it is typed."""
    assert hindi(latin) == hindi(fold(script))


def test_a_russian_text_changes_script_as_a_whole() -> None:
    """Also words that another language knows, such as `ne`; an English text keeps its words."""
    romanised = Romanised({"не", "приду", "ne", "come", "will"}, {"отмен"}, ())
    assert romanised(("ne", "pridu")) == ["не", "приду"]
    assert romanised(("otmenite",)) == ["отмен"]
    assert romanised(("pridurkov", "will", "not", "come")) == ("pridurkov", "will", "not", "come")


def test_a_polish_text_is_not_taken_for_russian() -> None:
    """Where more of its words stand in another language's lexicon than would be Russian."""
    romanised = Romanised({"не", "достал", "nie", "mam"}, {"достал"}, (), foreign={"nie", "mam"})
    assert romanised(("dostalam", "nie", "mam")) == ("dostalam", "nie", "mam")
    assert romanised(("dostali", "nie")) == ["достал", "не"]


def test_j_is_either_of_two_russian_sounds() -> None:
    """As in `jivot` and in `moj`."""
    romanised = Romanised({"живот", "мои"}, (), ())
    assert romanised(("jivot", "moj")) == ["живот", "мои"]


def test_hindi_in_its_own_script_becomes_the_words_of_the_lexicon() -> None:
    """And strange Latin words only beside a word that is surely Hindi."""
    romanised = Romanised({"nahi", "aaunga"}, (), {"nahi", "aaunga"})
    assert romanised(("नही", "आऊंगा")) == ["nahi", "aaunga"]
    assert romanised(("nahi", "aunga")) == ["nahi", "aaunga"]
    assert romanised(("nhi",)) == ("nhi",)


def test_a_word_is_no_russian_one_because_it_begins_like_one() -> None:
    romanised = Romanised({"с", "доктор"}, {"нов", "таблет"}, ())
    assert romanised(["nowakiem"]) == ["nowakiem"]
    assert romanised(["tabletochki"]) == ["таблет"]
