"""Texts that run from right to left: what runs the other way inside them keeps its own order."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LEFT_TO_RIGHT, FIRST_STRONG, END = "\u2066", "\u2068", "\u2069"
"""Unicode's isolates (UAX 9): what stands between one of them and END is laid out by itself, in its own direction."""

RIGHT_TO_LEFT_MARK = "\u200f"

_ISOLATED: Final = re.compile("[\u2066-\u2068][^\u2066-\u2069]*\u2069")
# Parted by signs, or beside Latin letters: after Arabic letters these parts change places on the screen.
_FRAGILE: Final = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|\d+(?:[-:/.()]+\d+)+(?: ?[A-Za-z]+)?"
    r"|\+\d[\d -]*\d"
    r"|\d+ ?[A-Za-z]+|[A-Za-z]+ ?\d+"
    r"|[A-Za-z][\w.-]*\s*[:;,،!?]\s*[A-Za-z]\w*"
)


def isolated(text: str) -> str:
    """A phone number, a time or an address for a text from right to left."""
    return f"{LEFT_TO_RIGHT}{text}{END}"


def embedded(text: str) -> str:
    """A name or other words of somebody else's: isolated where they run from left to right."""
    if not any(unicodedata.bidirectional(letter) == "L" for letter in text):
        return text
    return f"{FIRST_STRONG}{text}{END}"


def fragile_parts(text: str) -> tuple[str, ...]:
    """The parts of a text from right to left that a screen would put in another order: none is isolated."""
    return tuple(match.group() for match in _FRAGILE.finditer(_ISOLATED.sub("\ufffc", text)))


def is_balanced(text: str) -> bool:
    """Whether every isolate in it ends, so that the text after it is not swallowed."""
    return not any(mark in _ISOLATED.sub("", text) for mark in "\u2066\u2067\u2068\u2069")


def starts_rightward(text: str) -> bool:
    """Whether phones lay the text out from the right: by its first letter that is not isolated (UAX 9, rule P2)."""
    directions = (unicodedata.bidirectional(letter) for letter in _ISOLATED.sub("", text))
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"
