"""What understanding is measured by was not copied into what it knows."""

from __future__ import annotations

from functools import cache

import pytest

from bot.content.paths import data_root
from bot.content.replies import load_lexicons
from bot.core.understanding.patterns import lines, top_level
from bot.core.understanding.text import take_apart
from tests.core.understanding.lines import labelled, names

ONE_WAY = 4
"""Words up to which a reply may stand in a lexicon as it is: there is but one way to write "yes"."""


@cache
def written() -> frozenset[tuple[str, ...]]:
    """The words of every pattern of every language."""
    blocks = (b for lexicon in load_lexicons(data_root() / "locales").values() for b in lexicon.blocks.values())
    rows = (row for groups in blocks for block in groups.values() for line in lines(block) for row in top_level(line))
    return frozenset(take_apart(row).words for row in rows)


@pytest.mark.parametrize("name", names())
def test_no_line_of_the_corpus_stands_in_a_lexicon(name: str) -> None:
    copied = []
    for line in labelled(name):
        words = take_apart(str(line["text"])).words
        if len(words) > ONE_WAY and words in written():
            copied.append(line["id"])
    assert copied == []
