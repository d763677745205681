"""The understander: from a text and what was asked to an `Understanding`. It never raises."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from bot.core.intents import Context, Details, Evidence, Intent, Understanding
from bot.core.understanding import safety
from bot.core.understanding.asked import Asked
from bot.core.understanding.compiling import Compiled
from bot.core.understanding.compose import compose
from bot.core.understanding.matcher import Matcher
from bot.core.understanding.reading import Reading, read
from bot.core.understanding.readings import DEFAULTS, Limits, asked_for
from bot.core.understanding.spelling import Spelling
from bot.core.understanding.text import Text, by_marks, said_once, take_apart

FAILED = "failed upward"


class Understander:
    """Reads texts by the compiled lexicons of all languages; call it with each."""

    def __init__(self, compiled: Compiled, limits: Mapping[str, Limits] = DEFAULTS) -> None:
        self.limits = {**DEFAULTS, **limits}
        self._glyphs, self._marked, self._tongues = compiled["glyphs"], compiled["marked"], compiled["tongues"]
        self._measures = lru_cache(256)(self._measures_in)
        self._matcher = Matcher(compiled["trie"])
        self._spelling = Spelling(
            compiled["known"],
            compiled["common"],
            compiled["short_forms"],
            compiled["trie"]["stems"],
            compiled["hindi"],
            elsewhere=compiled["elsewhere"],
            foreign=compiled["foreign"],
        )

    def __call__(self, text: str, asked: Asked = Asked()) -> Understanding:  # noqa: B008 - a frozen value
        """What the text means. An error in here goes to a person, with whatever the red-flag scan says."""
        try:
            # A bare "52" says what it is a reading of only together with the question.
            prompt = asked.prompt if asked.context is Context.CHECKIN_YES_NO else None
            reading = self._read(text)
            measures = asked.measures or (self._measures(prompt) if prompt else frozenset())
            found = compose(reading, asked, self.limits, measures)
            once = said_once(reading.text) if found.intent is Intent.UNCLEAR else ""
            if once and (again := compose(self._read(once), asked, self.limits)).has(Intent.OPT_OUT):
                return again  # STOP STOP STOP STOP: what is said loudly must not be lost
            return self._by_marks(reading.text, asked, found)
        except Exception as error:  # whatever it is, the patient must not be left without an answer
            return self._failed(text, error)

    def _by_marks(self, text: Text, asked: Asked, found: Understanding) -> Understanding:
        """What a word says that only its marks tell apart, if without them nothing was found, or nothing as grave."""
        told = by_marks(text, self._marked) if not found.has(Intent.EMERGENCY) else None
        if told is None:
            return found
        again = compose(self._taken_in(told), asked, self.limits)
        return again if found.intent is Intent.UNCLEAR or again.intent in (Intent.OPT_OUT, Intent.EMERGENCY) else found

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
        return self._taken_in(take_apart(text, self._glyphs))

    def _taken_in(self, text: Text) -> Reading:
        return read(text, self._matcher, self._spelling, self._tongues)

    def _measures_in(self, prompt: str) -> frozenset[str]:
        return asked_for(self._read(prompt))
