"""How many years of school a text asks for, in the languages for which there is a formula that says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")
_ENGLISH_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_E = re.compile(r"(?:[^aeiouyl]|[aeiouy]l)e$|[^aeiouytd]ed$|[^aeiouyscxzhg]es$")
_SPANISH_VOWELS = re.compile(r"[aeiouáéíóúü]+")
_STRONG: Final = frozenset("aeoáéíóú")


def grade(text: str, language: str) -> float | None:
    """The school grade of the text; None in a language without a formula, and for a text without words."""
    formula = FORMULAS.get(language)
    words = _WORD.findall(text.lower())
    if formula is None or not words:
        return None
    sentences = sum(1 for part in _SENTENCE_END.split(text) if _WORD.search(part))
    return formula(words, max(sentences, 1))


def flesch_kincaid(words: list[str], sentences: int) -> float:
    """US school grade of an English text.

    J. P. Kincaid, R. P. Fishburne, R. L. Rogers, B. S. Chissom: Derivation of New Readability Formulas for Navy
    Enlisted Personnel. Research Branch Report 8-75, Naval Technical Training Command, 1975.
    """
    syllables = sum(map(english_syllables, words))
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def crawford(words: list[str], sentences: int) -> float:
    """School grade of a Spanish text; made for grades one to six, so above that it only says "too hard".

    A. N. Crawford: A Spanish Language Fry-Type Readability Procedure: Elementary Level. Bilingual Education Paper
    Series 7(8), California State University, Los Angeles, 1984 (ERIC ED273119). Both counts are by 100 words.
    """
    syllables = sum(map(spanish_syllables, words))
    hundredth = len(words) / 100
    return -0.205 * sentences / hundredth + 0.049 * syllables / hundredth - 3.407


FORMULAS: Final[Mapping[str, Callable[[list[str], int], float]]] = {"en": flesch_kincaid, "es": crawford}


def english_syllables(word: str) -> int:
    """Groups of vowels, less an e that is written and not said. Right for nine words of ten, as the formula is."""
    count = len(_ENGLISH_VOWELS.findall(word))
    return max(1, count - bool(_SILENT_E.search(word)))


def spanish_syllables(word: str) -> int:
    """One for each strong vowel, and for each group of weak ones alone; the u of que, qui, gue and gui is mute."""
    said = re.sub(r"(?<=q)u(?=[eiéí])|(?<=g)u(?=[eiéí])", "", word)
    said = re.sub(r"y$", "i", said)
    groups = _SPANISH_VOWELS.findall(said)
    return max(1, sum(max(1, sum(letter in _STRONG for letter in group)) for group in groups))
