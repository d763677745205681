"""Short forms, drawn-out words and slips of the finger, put right only where that cannot do harm.

Fences: only words of five letters and more, one slip, the first letter kept, never a word that any lexicon knows
(`cancer` is one letter from `cancel`), and only when a single known word lies that near.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from bot.core.understanding.clitics import apart
from bot.core.understanding.roman import Romanised

SHORTEST = 5
LEAST_STEM = 4
_LATIN, _CYRILLIC = "abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщъыьэюя"
_PLAIN = re.compile(rf"(?:[{_LATIN}]+|[{_CYRILLIC}]+)\Z")
_DOUBLED = re.compile(r"(.)\1")


class Spelling:
    """What a word as typed most likely stands for."""

    def __init__(
        self, vocabulary: Iterable[str], common: Iterable[str], short_forms: Mapping[tuple[str, ...], tuple[str, ...]],
        stems: Iterable[str] = (), hindi: Iterable[str] = (), elsewhere: Collection[str] = (),
        foreign: Collection[str] = (),
    ) -> None:
        self._known = frozenset(vocabulary)
        self._common = frozenset(common)
        self._stems = frozenset(stems)
        self.romanised = Romanised(self._known | self._common, self._stems, hindi, elsewhere=elsewhere, foreign=foreign)
        self._short = dict(short_forms)
        self._longest = max((len(key) for key in self._short), default=1)
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
                out.append((at, at + 1, self._parts(words[at])))
                at += 1
        return out

    def _parts(self, word: str) -> tuple[str, ...]:
        """A word of the Arabic script that nobody knows, without what is written onto it."""
        if not self._known or word.isascii() or word in self._known or word in self._common:
            return (word,)
        if any(word[:cut] in self._stems for cut in range(LEAST_STEM, len(word) + 1)):
            return (word,)
        return apart(word, self._known)

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
        if single != word and (single in self._known or single in self._common):
            return single
        if single != word and not self._stem_doubled(word) and any(single[:cut] in self._stems for cut in range(5, 9)):
            return single
        if len(word) < SHORTEST or not _PLAIN.match(word):
            return word
        if any(word[:cut] in self._stems for cut in range(3, len(word) + 1)):
            return word
        near = {found for found in _slips(word) if len(found) >= SHORTEST and found in self._known}
        return near.pop() if len(near) == 1 else word

    def _stem_doubled(self, word: str) -> bool:
        """Whether a known stem has the doubled letter too: новорожденн*, though новорожд* is known as well."""
        starts = (word[:cut] for cut in range(LEAST_STEM, len(word) + 1))
        return any(start in self._stems and _DOUBLED.search(start) is not None for start in starts)


def _slips(word: str) -> Iterator[str]:
    """The word with one letter left out, changed, added, or swapped with its neighbour; never the first."""
    letters = _LATIN if word[0] in _LATIN else _CYRILLIC
    for cut in range(1, len(word) + 1):
        head, tail = word[:cut], word[cut:]
        yield from (head + letter + tail for letter in letters)
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in letters)
            yield head + tail[1::-1] + tail[2:]
