"""Courtesy, case, punctuation and signatures never turn a danger or an opt-out into anything else."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest

from bot.cli.understanding import asked_of
from bot.content.replies import load_understander
from bot.core.intents import Intent
from tests.core.understanding.lines import labelled, names

GRAVE = (Intent.EMERGENCY, Intent.OPT_OUT)
IN_TURN = 6


def _wide(text: str) -> str:
    """As a Chinese or Japanese keyboard writes Latin letters."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


WRAPPINGS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "small letters": str.lower,
    "exclamation": lambda text: text + "!!!",
    "trailing off": lambda text: text + "...",
    "no full stop": lambda text: text.rstrip(".!。।"),
    "thanks": lambda text: text + " thanks",
    "please": lambda text: text + ", please",
    "greeting": lambda text: "Hi, " + text,
    "good morning": lambda text: "Good morning. " + text,
    "blessing": lambda text: text + ". God bless",
    "phone's signature": lambda text: text + "\nSent from my iPhone",
    "own signature": lambda text: text + "\n- Maria Lopez",
    "emoji": lambda text: text + " 🙏",
    "spaces": lambda text: "  " + text.replace(" ", "  ") + "\n",
    "quotation marks": lambda text: f'"{text}"',
    "decomposed accents": lambda text: unicodedata.normalize("NFD", text),
    "full width": _wide,
    "zero width": "\u200b".join,
}


def _changed(line: dict[str, object], wrapping: str) -> str | None:
    """The dressed text, where the dress took a grave meaning away."""
    understand, asked, text = load_understander(), asked_of(line), str(line["text"])
    plain, dressed = understand(text, asked).intent, WRAPPINGS[wrapping](text)
    lost = plain in GRAVE and plain not in understand(dressed, asked).intents
    return f"{plain}: {dressed}" if lost else None


def _grave(name: str) -> list[dict[str, object]]:
    """The lines in which one is to be found."""
    return [line for line in labelled(name) if set(GRAVE) & set(line["expect"])]  # type: ignore[call-overload]


@pytest.mark.parametrize("name", names())
def test_a_wrapping_changes_nothing_grave(name: str) -> None:
    """What was read as an emergency or an opt-out stays one; every fourth line, each in another dress."""
    dresses = list(WRAPPINGS)
    lines = enumerate(_grave(name)[::4])
    assert [lost for at, line in lines if (lost := _changed(line, dresses[at % len(dresses)]))] == []


@pytest.mark.slow
@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("name", names())
def test_no_wrapping_changes_anything_grave(name: str, wrapping: str) -> None:
    """Every line, in three of the dresses: which ones, the line's place decides, so that each dress is worn by many."""
    turn = list(WRAPPINGS).index(wrapping)
    lines = [line for at, line in enumerate(_grave(name)) if at % IN_TURN == turn % IN_TURN]
    assert [lost for line in lines if (lost := _changed(line, wrapping))] == []


@pytest.mark.parametrize("name", names())
def test_the_lines_hold_what_the_test_above_is_about(name: str) -> None:
    """So that it cannot pass by having nothing to dress."""
    expected = [line["expect"] for line in labelled(name)]
    for grave in GRAVE:
        assert sum(grave in wanted for wanted in expected) >= 5  # type: ignore[operator]
