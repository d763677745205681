"""Short forms, drawn-out words and slips of the finger, put right only where that cannot do harm.

Fences: only words of five letters and more, one slip, the first letter kept, never a word that any lexicon knows
(`cancer` is one letter from `cancel`), and only when a single known word lies that near.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.core.understanding.roman import Romanised

SHORTEST = 5
_PLAIN = re.compile(r"[a-z]+\Z")
_DOUBLED = re.compile(r"(.)\1")


class Spelling:
    """What a word as typed most likely stands for."""

    def __init__(
        self, vocabulary: Iterable[str], common: Iterable[str], short_forms: Mapping[tuple[str, ...], tuple[str, ...]],
        stems: Iterable[str] = (), hindi: Iterable[str] = (), elsewhere: Collection[str] = (),
    ) -> None:
        self._known = frozenset(vocabulary)
        self._common = frozenset(common)
        self._stems = frozenset(stems)
        self.romanised = Romanised(self._known | self._common, self._stems, hindi, elsewhere=elsewhere)
        self._short = dict(short_forms)
        self._longest = max((len(key) for key in self._short), default=1)
        self._near: dict[str, list[str]] = {}
        for word in self._known:
            if len(word) >= SHORTEST and _PLAIN.match(word):
                for form in _shortened(word):
                    self._near.setdefault(form, []).append(word)
        self._cache: dict[str, str] = {}

    def expand(self, words: Sequence[str]) -> list[tuple[int, int, tuple[str, ...]]]:
        """Short forms written out: `(start, end, words)` for each stretch of the text."""
        out: list[tuple[int, int, tuple[str, ...]]] = []
        at = 0
        while at < len(words):
            for size in range(min(self._longest, len(words) - at), 0, -1):
                long = self._short.get(tuple(words[at : at + size]))
                if long is not None:
                    out.append((at, at + size, long))
                    at += size
                    break
            else:
                out.append((at, at + 1, (words[at],)))
                at += 1
        return out

    def correct(self, word: str) -> str:
        """The known word meant, or the word as it is."""
        if word in self._known or word in self._common or not word.isalpha():
            return word
        found = self._cache.get(word)
        if found is None:
            found = self._best(word)
            if len(self._cache) < 50_000:
                self._cache[word] = found
        return found

    def _best(self, word: str) -> str:
        single = _DOUBLED.sub(r"\1", word)
        if single != word and (
            single in self._known or single in self._common or any(single[:cut] in self._stems for cut in range(5, 9))
        ):
            return single
        if len(word) < SHORTEST or not _PLAIN.match(word):
            return word
        if any(word[:cut] in self._stems for cut in range(3, len(word) + 1)):
            return word
        near = {
            candidate
            for form in _shortened(word)
            for candidate in self._near.get(form, ())
            if candidate[0] == word[0] and _one_slip(word, candidate)
        }
        return near.pop() if len(near) == 1 else word


def _shortened(word: str) -> set[str]:
    """The word and the word with each one letter left out."""
    return {word, *(word[:cut] + word[cut + 1 :] for cut in range(len(word)))}


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter was added, left out, changed, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    return (
        left[1:] == right
        or left == right[1:]
        or left[1:] == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )
