"""Words that a lock screen must not show: they tell what the care is for (specialties, conditions, tests, drugs)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Unsafe:
    """One language's own list, the `[unsafe]` table of its file."""

    roots: tuple[str, ...] = ()
    """Beginnings of words."""
    words: tuple[str, ...] = ()
    """Words as they are."""
    anywhere: tuple[str, ...] = ()
    """What is written without spaces, or with the words apart: found also inside other letters."""


def unsafe(table: Mapping[str, Any]) -> Unsafe:
    """The `[unsafe]` table of a language file."""
    roots, words, anywhere = (tuple(map(str, table.get(key, ()))) for key in ("roots", "words", "anywhere"))
    return Unsafe(roots, words, anywhere)


class Discretion:
    """Finds the telling words of some languages in a text."""

    def __init__(self, lists: Iterable[Unsafe]) -> None:
        lists = tuple(lists)
        roots = _any_of(word for one in lists for word in one.roots)
        whole = _any_of(word for one in lists for word in one.words)
        inside = _any_of(word for one in lists for word in one.anywhere)
        # Arabic joins its article to the word.
        self._telling = re.compile(rf"\b(?:ال)?(?:{roots})\w*|\b(?:{whole})\b|{inside}", re.IGNORECASE)
        self.discreet = lru_cache(maxsize=1024)(self._discreet)

    def telling_words(self, text: str) -> tuple[str, ...]:
        """The words in a text that say what the care is for."""
        return tuple(match.group() for match in self._telling.finditer(text))

    def _discreet(self, place: str) -> str:
        """A place's name, or nothing when the name itself tells what the care is for ("Riverside Oncology")."""
        return "" if self.telling_words(place) else place


def _any_of(words: Iterable[str]) -> str:
    # "(?!)" matches nothing: a language without a list has no telling words.
    return "|".join(map(re.escape, sorted(set(words), key=len, reverse=True))) or "(?!)"
