"""All lexicons made into what the understander works with: plain data, which can be written to a file as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from typing import TypedDict

from bot.core.understanding.lexicon import Lexicon
from bot.core.understanding.matcher import Teacher, Trie, empty
from bot.core.understanding.spelling import Spelling
from bot.core.understanding.text import fold, take_apart

# A single word in an alphabet needs no cutting, only folding; nearly all words of the lexicons are such.
_PLAIN_WORD = re.compile(r"[a-z\u0400-\u04ff\u0620-\u064a\u066e-\u06d3]{1,40}\Z")
# Of Chinese and Korean each character is a word.
_GLYPHS = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]+\Z")
Words = tuple[str, ...]


class Compiled(TypedDict):
    """Everything that the understander needs of the lexicons."""

    trie: Trie
    glyphs: dict[int, str]
    marked: dict[str, str]
    """What a word is whose marks decide."""
    short_forms: dict[Words, Words]
    known: set[str]
    common: set[str]
    """Words that are never taken for a misspelling."""
    tongues: dict[str, frozenset[str]]
    """Which languages' lexicons use a word."""
    hindi: set[str]
    elsewhere: set[str]
    """The words of all lexicons but the Hindi one."""
    foreign: set[str]
    """The words of all lexicons but the Russian one."""


def compile_lexicons(lexicons: Mapping[str, Lexicon]) -> Compiled:
    """Compile them all together, by their tags; the order decides between short forms that clash."""
    glyphs: dict[int, str] = {}
    short: dict[str, str] = {}
    for lexicon in lexicons.values():
        glyphs |= lexicon.glyphs
        short = {**lexicon.short_forms, **short}  # of two that clash, the first language's: "dr" is the doctor
    cutter = _Cutter(glyphs, short)
    common = {word for lexicon in lexicons.values() for raw in lexicon.common_words for word in cutter.cut(raw)}
    trie = empty()
    teacher = Teacher(trie)
    used: dict[str, set[str]] = {}
    for lexicon in lexicons.values():
        seen = used.setdefault(lexicon.language, {word for key in lexicon.short_forms for word in cutter.cut(key)})
        seen |= {word for raw in lexicon.common_words for word in cutter.cut(raw)}
        lexicon.teach(teacher, cutter.collecting(seen))
        seen -= lexicon.borrowed
    return {
        "trie": trie,
        "glyphs": glyphs,
        "marked": {word: plain for lexicon in lexicons.values() for word, plain in lexicon.marked.items()},
        "short_forms": cutter.short_forms,
        "known": trie["vocabulary"] | {word for key in cutter.short_forms for word in key},
        "common": common,
        "tongues": _tongues(used),
        "hindi": set(used.get("hi", ())),
        "elsewhere": _all_but("hi", used),
        "foreign": _all_but("ru", used),
    }


class _Cutter:
    """Cuts a lexicon's words as a patient's are cut."""

    def __init__(self, glyphs: Mapping[int, str], short: Mapping[str, str]) -> None:
        self._glyphs = glyphs
        self._cuts: dict[str, Words] = {}
        self._splits: dict[str, Words] = {}
        cut_short = {self.cut(key): self.cut(value) for key, value in short.items()}
        plain = Spelling((), (), cut_short)
        # One language's short form may write out another's: "po pa" is "pa", and "pa" is Spanish "para".
        self.short_forms = {key: _written_out(plain, value) for key, value in cut_short.items()}
        self._plain = Spelling((), (), self.short_forms)

    def cut(self, words: str) -> Words:
        """The words as they stand."""
        # Short forms are cut several times, most of them plain words: together a good part of what compiling costs.
        found = self._cuts.get(words)
        if found is None:
            plain = words.isascii() and _PLAIN_WORD.match(words)
            found = self._cuts[words] = (fold(words),) if plain else take_apart(words, self._glyphs).words
        return found

    def collecting(self, seen: set[str]) -> Callable[[str], Words]:
        """A function that cuts words and writes out short forms, and notes which words a lexicon uses."""

        def split(words: str) -> Words:
            found = self._split(words)
            seen.update(word.rstrip("*") for word in found)
            return found

        return split

    def _split(self, words: str) -> Words:
        # Most come again and again.
        found = self._splits.get(words)
        if found is None and words[-1] == "*":
            # A stem is no short form, whatever language it may be one of: the words that begin with it are none.
            *before, last = self.cut(words[:-1]) or ("",)
            found = self._splits[words] = (*before, f"{last}*") if last else ()
        if found is None:
            if _GLYPHS.match(words):
                cut = tuple(map(fold, words.translate(self._glyphs)))
            else:
                cut = (fold(words),) if _PLAIN_WORD.match(words) else self.cut(words)
            found = self._splits[words] = _written_out(self._plain, cut)
        return found


def _written_out(spelling: Spelling, words: Words) -> Words:
    return tuple(word for _, _, long in spelling.expand(words) for word in long)


def _all_but(language: str, used: Mapping[str, Set[str]]) -> set[str]:
    return set().union(*(words for other, words in used.items() if other != language))


def _tongues(used: Mapping[str, Set[str]]) -> dict[str, frozenset[str]]:
    """Which languages' lexicons use a word."""
    found: dict[str, list[str]] = {}
    for language, words in used.items():
        for word in words:
            found.setdefault(word, []).append(language)
    shared = {tuple(languages): frozenset(languages) for languages in found.values()}
    return {word: shared[tuple(languages)] for word, languages in found.items()}
