"""Chinese and Korean, where each character or syllable counts as a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Intent

LEXICONS = Path(__file__).parents[3] / "locales"
GRAVE = {Intent.EMERGENCY, Intent.DECEASED, Intent.OPT_OUT}


def _glyphs(language: str) -> list[str]:
    """Every character of its own script that a lexicon uses."""
    text = (LEXICONS / language / "replies.toml").read_text(encoding="utf-8")
    return sorted({sign for sign in text if "\u3400" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7a3"})


@pytest.mark.parametrize(("language", "said"), [("zh", "停退"), ("ko", "끝")])
def test_one_character_alone_is_nothing_grave(language: str, said: str) -> None:
    """A slip in a pattern ("a ?b" for "ab") leaves one syllable of it to match half the language."""
    understand = load_understander()
    assert [sign for sign in _glyphs(language) if GRAVE & set(understand(sign).intents)] == sorted(said)
