"""The understander: from a text and what was asked to an `Understanding`. It never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from bot.core.intents import Context, Details, Evidence, Intent, Understanding
from bot.core.understanding import safety
from bot.core.understanding.asked import Asked
from bot.core.understanding.compose import compose
from bot.core.understanding.lexicon import Lexicon
from bot.core.understanding.patterns import Matcher
from bot.core.understanding.reading import Reading, read
from bot.core.understanding.readings import DEFAULTS, Limits, asked_for
from bot.core.understanding.spelling import Spelling
from bot.core.understanding.text import Text, by_marks, fold, said_once, take_apart

# A single word in an alphabet needs no cutting, only folding; nearly all words of the lexicons are such.
_PLAIN_WORD = re.compile(r"[a-z\u0400-\u04ff\u0620-\u064a\u066e-\u06d3]{1,40}\Z")
# Of Chinese and Korean each character is a word.
_GLYPHS = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]+\Z")
FAILED = "failed upward"


class Understander:
    """Every language's lexicon compiled once; call it with each text."""

    def __init__(self, lexicons: Mapping[str, Lexicon], limits: Mapping[str, Limits] = DEFAULTS) -> None:
        self.lexicons = dict(lexicons)
        self.limits = {**DEFAULTS, **limits}
        self.glyphs: dict[int, str] = {}
        self.marked = {word: plain for lexicon in lexicons.values() for word, plain in lexicon.marked.items()}
        self._cuts: dict[str, tuple[str, ...]] = {}
        short: dict[str, str] = {}
        for lexicon in lexicons.values():
            self.glyphs |= lexicon.glyphs
            short = {**lexicon.short_forms, **short}  # of two that clash, the first language's: "dr" is the doctor
        common = {word for lexicon in lexicons.values() for raw in lexicon.common_words for word in self._cut(raw)}
        cut_short = {self._cut(key): self._cut(value) for key, value in short.items()}
        plain = Spelling((), (), cut_short)
        # One language's short form may write out another's: "po pa" is "pa", and "pa" is Spanish "para".
        self._short = {key: _written_out(plain, value) for key, value in cut_short.items()}
        self._plain = Spelling((), (), self._short)
        self._splits: dict[str, tuple[str, ...]] = {}
        self._measures = lru_cache(256)(self._measures_in)
        self.matcher = Matcher()
        cut: dict[str, set[str]] = {}
        for lexicon in lexicons.values():
            seen = cut.setdefault(lexicon.language, {word for key in lexicon.short_forms for word in self._cut(key)})
            seen |= {word for raw in lexicon.common_words for word in self._cut(raw)}
            lexicon.teach(self.matcher, self._collecting(seen))
        known = self.matcher.vocabulary | {word for key in self._short for word in key}
        self.tongues = _tongues(cut)
        foreign = set().union(*(words for language, words in cut.items() if language != "ru"))
        hindi = cut.pop("hi", set())
        elsewhere = set().union(*cut.values())
        self.spelling = Spelling(
            known, common, self._short, self.matcher.stems, hindi, elsewhere=elsewhere, foreign=foreign
        )

    def __call__(self, text: str, asked: Asked = Asked()) -> Understanding:  # noqa: B008 - a frozen value
        """What the text means. An error in here goes to a person, with whatever the red-flag scan says."""
        try:
            # A bare "52" says what it is a reading of only together with the question.
            prompt = asked.prompt if asked.context is Context.CHECKIN_YES_NO else None
            reading = self._read(text)
            found = compose(reading, asked, self.limits, self._measures(prompt) if prompt else frozenset())
            once = said_once(reading.text) if found.intent is Intent.UNCLEAR else ""
            if once and (again := compose(self._read(once), asked, self.limits)).has(Intent.OPT_OUT):
                return again  # STOP STOP STOP STOP: what is said loudly must not be lost
            return self._by_marks(reading.text, asked, found)
        except Exception as error:  # whatever it is, the patient must not be left without an answer
            return self._failed(text, error)

    def _by_marks(self, text: Text, asked: Asked, found: Understanding) -> Understanding:
        """What a word says that only its marks tell apart, where nothing was found without them, or no opt-out."""
        told = by_marks(text, self.marked) if not found.has(Intent.EMERGENCY) else None
        if told is None:
            return found
        again = compose(self._taken_in(told), asked, self.limits)
        return again if found.intent is Intent.UNCLEAR or again.intent is Intent.OPT_OUT else found

    def scan(self, text: str) -> tuple[Evidence, ...]:
        """The red flags alone: evidence for `emergency` is live, for `symptom` denied or past. It never raises."""
        try:
            reading = self._read(text)
            return safety.evidence(reading, safety.scan(reading))
        except Exception as error:
            return (Evidence(Intent.UNCLEAR, f"{FAILED}: {type(error).__name__}", ""),)

    def _failed(self, text: str, error: Exception) -> Understanding:
        flags = self.scan(text)
        evidence = (*flags, Evidence(Intent.UNCLEAR, f"{FAILED}: {type(error).__name__}", ""))
        if any(flag.intent is Intent.EMERGENCY for flag in flags):
            return Understanding(
                (Intent.EMERGENCY,), confidence=0.9, auto=True, evidence=evidence, details=Details(danger="explicit")
            )
        return Understanding((Intent.UNCLEAR,), confidence=0.0, auto=False, evidence=evidence)

    def _read(self, text: str) -> Reading:
        return self._taken_in(take_apart(text, self.glyphs))

    def _taken_in(self, text: Text) -> Reading:
        return read(text, self.matcher, self.spelling, self.tongues)

    def _measures_in(self, prompt: str) -> frozenset[str]:
        return asked_for(self._read(prompt))

    def _cut(self, words: str) -> tuple[str, ...]:
        # Short forms are cut several times, most of them plain words: together a good part of what loading costs.
        found = self._cuts.get(words)
        if found is None:
            plain = words.isascii() and _PLAIN_WORD.match(words)
            found = self._cuts[words] = (fold(words),) if plain else take_apart(words, self.glyphs).words
        return found

    def _collecting(self, seen: set[str]) -> Callable[[str], tuple[str, ...]]:
        """A cutter that notes which words a lexicon uses."""

        def split(words: str) -> tuple[str, ...]:
            found = self._split(words)
            seen.update(found)
            return found

        return split

    def _split(self, words: str) -> tuple[str, ...]:
        """How a lexicon's words are cut: as a patient's are, short forms written out. Most come again and again."""
        found = self._splits.get(words)
        if found is None:
            if _GLYPHS.match(words):
                cut = tuple(map(fold, words.translate(self.glyphs)))
            else:
                cut = (fold(words),) if _PLAIN_WORD.match(words) else self._cut(words)
            found = _written_out(self._plain, cut)
            self._splits[words] = found
        return found


def _written_out(spelling: Spelling, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for _, _, long in spelling.expand(words) for word in long)


def _tongues(cut: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """Which languages' lexicons use a word."""
    found: dict[str, list[str]] = {}
    for language, words in cut.items():
        for word in words:
            found.setdefault(word, []).append(language)
    shared = {tuple(languages): frozenset(languages) for languages in found.values()}
    return {word: shared[tuple(languages)] for word, languages in found.items()}
