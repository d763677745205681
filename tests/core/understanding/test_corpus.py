"""What understanding is measured by was not copied into what it knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.content.paths import data_root
from bot.content.replies import load_lexicons
from bot.core.understanding.patterns import lines, top_level
from bot.core.understanding.text import take_apart

CORPUS = Path(__file__).parents[2] / "corpus"


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_line_of_the_corpus_stands_in_the_lexicon(language: str) -> None:
    lexicon = load_lexicons(data_root() / "locales")[language]
    known = {
        take_apart(pattern).words
        for groups in lexicon.blocks.values()
        for block in groups.values()
        for line in lines(block)
        for pattern in top_level(line)
    }
    texts = [json.loads(line)["text"] for line in (CORPUS / f"{language}.jsonl").read_text("utf-8").splitlines()]
    assert len(texts) > 500
    assert [text for text in texts if (words := take_apart(text).words) and words in known] == []
