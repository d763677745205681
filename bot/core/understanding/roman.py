"""One language in two scripts: Russian typed in Latin letters, Hindi in its own script or loosely in Latin letters.

Both spellings of a word are boiled down to the same skeleton, so that a lexicon says each thing once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import SequenceMatcher

MOST_OF_IT = 0.6
STRONG, LEAST_STEM = 4, 3
MOST_KEPT = 20_000
_CYRILLIC = re.compile(r"[а-я]+\Z")
_DEVANAGARI = re.compile(r"[\u0900-\u0963]+\Z")
_LATIN = re.compile(r"[a-z]+\Z")
_DOUBLED = re.compile(r"(.)\1+")

_FROM_CYRILLIC = str.maketrans("абвгдежзийклмнопрстуфхцчшщыэюя", "abvgdezziiklmnoprstufhccssieua", "ъь")
_RUSSIAN = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        ("shch|sch|sh", "s"), ("zh", "z"), ("kh|x", "h"), ("ch|tc|ts|tz", "c"), ("w", "v"), ("[jy]", "i"),
    )
)  # fmt: skip
_GLIDE = re.compile(r"i+([aue])")
_ROUNDED = re.compile(r"i+o")

_FROM_DEVANAGARI = str.maketrans(
    "कखगघङचछजझञटठडढणतथदधनपफबभमयरलळवशषसहिीुूृेैोौंइईउऊऋएऐओऔ",
    "kkggnccjjnttddnttddnpfbbmyrllvssshiiuureeooniiuureeoo",
    "ा्ः",
)
_HINDI = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        ("a+yi", "i"),
        ("(?:aa|a)(?=[iy](?![aeou]))[iy]", "e"), ("ei|ey", "e"), ("ee|ii", "i"), ("oo|uu", "u"), ("w", "v"),
        ("ph", "f"), ("z", "j"), ("q|ck", "k"), ("x", "ks"), ("(?<=[bcdgjkpst])h+", ""),
    )
)  # fmt: skip
_INHERENT = re.compile(r"([क-ह])(?=[क-हंइ-औ])")
_SILENT_Y = re.compile(r"(?<=.)y(?=e)")
_INNER_A = re.compile(r"(?<=.)a+")


def russian(word: str) -> str:
    """The skeleton of a Russian word in either script."""
    if _LATIN.match(word):
        for pattern, put in _RUSSIAN:
            word = pattern.sub(put, word)
        word = _ROUNDED.sub("e", word)
    else:
        word = word.translate(_FROM_CYRILLIC).replace("ts", "c")
    return _DOUBLED.sub(r"\1", _GLIDE.sub(r"\1", word))


def hindi(word: str) -> str:
    """The skeleton of a Hindi word in either script: no aspiration, no length, no inner `a`, as people type it."""
    if _LATIN.match(word):
        for pattern, put in _HINDI:
            word = pattern.sub(put, word)
    else:
        opening = "a" if word[0] in "अआ" else ""
        word = opening + word.replace("अ", "").replace("आ", "").translate(_FROM_DEVANAGARI)
    return _DOUBLED.sub(r"\1", _INNER_A.sub("", _SILENT_Y.sub("", word)))


class Romanised:
    """Brings a text into the script in which the lexicon of its language is written."""

    def __init__(
        self,
        vocabulary: Collection[str],
        stems: Iterable[str],
        hindi_words: Iterable[str],
        *,
        elsewhere: Collection[str] = (),
        foreign: Collection[str] = (),
    ) -> None:
        self._known, self._foreign = vocabulary, foreign
        self._russian = _indexed((word for word in vocabulary if _CYRILLIC.match(word)), russian)
        keyed = _indexed(filter(_CYRILLIC.match, stems), russian)
        self._stems = {key: word for key, word in keyed.items() if len(key) >= LEAST_STEM}
        words = frozenset(word for word in hindi_words if _LATIN.match(word))
        self._hindi: dict[str, list[str]] = {}
        for word in sorted(words):
            self._hindi.setdefault(hindi(word), []).append(word)
        self._nearest: dict[str, str] = {}
        self._surely_hindi = words.difference(elsewhere)

    def __call__(self, words: Sequence[str]) -> Sequence[str]:
        """The same words, those of a language in its other script put into the lexicon's."""
        if not words or not (self._russian or self._hindi):
            return words
        if any(_DEVANAGARI.match(word) for word in words):
            return [self._from_hindi(word) if _DEVANAGARI.match(word) else word for word in words]
        strange = [word for word in words if len(word) >= STRONG and word not in self._known and _LATIN.match(word)]
        if not strange:
            return words
        own = (word for word in words if word in strange or word not in self._foreign)
        telling = sum(len(russian(word)) >= LEAST_STEM and self._from_russian(word) != word for word in own)
        # Polish sounds like Russian: as it stands it must not say more in another language than it would in Russian.
        if telling and telling >= sum(len(word) >= LEAST_STEM and word in self._foreign for word in words):
            found = [self._from_russian(word) for word in words]
            if sum(new != old for new, old in zip(found, words, strict=True)) >= MOST_OF_IT * len(words):
                return found
        if any(word in self._surely_hindi for word in words):
            return [self._from_hindi(word) if word in strange else word for word in words]
        return words

    def _from_russian(self, word: str) -> str:
        if not _LATIN.match(word):
            return word
        # A `j` is the sound of "y" to some and of "zh" to others.
        for bare in (russian(word), russian(word.replace("j", "zh"))):
            if bare in self._russian:
                return self._russian[bare]
        bare = russian(word)
        # A stem is most of a word: Polish "nowakiem" is not Russian because it begins like one.
        least = max(LEAST_STEM, (len(bare) + 1) // 2)
        starts = (bare[:cut] for cut in range(len(bare), least - 1, -1))
        return next((self._stems[start] for start in starts if start in self._stems), word)

    def _from_hindi(self, word: str) -> str:
        if word in self._known:
            return word
        found = self._nearest.get(word)
        if found is None:
            bare, sounded = hindi(word), _sounded(word)
            several = next(
                (self._hindi[key] for key in (bare, bare.removesuffix("n"), bare + "n") if key in self._hindi), [word]
            )
            found = max(several, key=lambda other: SequenceMatcher(None, sounded, other).ratio())
            if len(self._nearest) < MOST_KEPT:
                self._nearest[word] = found
        return found


def _sounded(word: str) -> str:
    """A Hindi word in Latin letters with its inner vowels, to choose among words of one skeleton."""
    if _LATIN.match(word):
        return word
    return _INHERENT.sub(r"\1a", word).replace("ा", "a").replace("आ", "a").replace("अ", "a").translate(_FROM_DEVANAGARI)


def _indexed(words: Iterable[str], skeleton: Callable[[str], str]) -> dict[str, str]:
    """Words by skeleton; of two that share one, the shorter, then the first in order."""
    found: dict[str, str] = {}
    for word in sorted(words, key=lambda word: (len(word), word)):
        if bare := skeleton(word):
            found.setdefault(bare, word)
    return found
