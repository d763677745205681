"""A name as people look for it: its words without case, accents and marks, so that "del ros" finds Rosa Delgado."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

BEGINNING: Final = 3
"""So many letters of a word are enough to look it up."""
MOST_WORDS: Final = 12

_APOSTROPHES: Final = re.compile(r"['’ʼ`´]")
_WORDS: Final = re.compile(r"[^\W_]+")
# Han, kana and hangul: written without a blank between family and given name.
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def folded(text: str) -> str:
    """Without case, accents and marks: what is equal here looks the same to whoever types in a hurry."""
    if text.isascii():
        return text.lower()
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return unicodedata.normalize("NFKC", bare).casefold()


def words(*texts: str) -> tuple[str, ...]:
    """The words of these texts, folded; "O'Brien" is one and "Smith-Jones" two. At most MOST_WORDS."""
    found = [word for text in texts for word in _WORDS.findall(folded(_APOSTROPHES.sub("", text)))]
    return tuple(dict.fromkeys(found))[:MOST_WORDS]


def name_words(given: str, family: str) -> tuple[str, ...]:
    """The words by which somebody of that name is found; a name written without blanks in one piece, too."""
    found = words(given, family)
    if _UNSPACED.search(given + family):
        found += tuple("".join(words(*order)) for order in ((family, given), (given, family)))
    return tuple(dict.fromkeys(filter(None, found)))


def looked_up_by(given: str, family: str) -> frozenset[str]:
    """What an index of names holds for somebody: every word, and the beginning of every word that is long enough."""
    whole = name_words(given, family)
    return frozenset(whole) | {word[:BEGINNING] for word in whole if len(word) > BEGINNING}


def fits(asked: Sequence[str], given: str, family: str) -> bool:
    """Whether every asked word is a word of the name, or the beginning of one; each word of the name serves once."""
    left = list(name_words(given, family))
    for wanted in sorted(asked, key=len, reverse=True):
        found = min((word for word in left if word.startswith(wanted)), key=len, default=None)
        if found is None:
            return False
        left.remove(found)
    return True
