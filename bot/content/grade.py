"""How many years of school a text asks for, in the languages for which there is a formula that says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
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
    words, sentences = _counted(text)
    return formula(words, sentences) if formula is not None and words else None


def flesch_kincaid(words: list[str], sentences: int) -> float:
    """US school grade of an English text.

    J. P. Kincaid, R. P. Fishburne, R. L. Rogers, B. S. Chissom: Derivation of New Readability Formulas for Navy
    Enlisted Personnel. Research Branch Report 8-75, Naval Technical Training Command, 1975.
    """
    syllables = sum(map(english_syllables, words))
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def huerta_grade(words: list[str], sentences: int) -> float:
    """School grade of a Spanish text, by the table that Fernández Huerta gives with his scale."""
    score = fernandez_huerta(words, sentences)
    return next((grade for least, grade in HUERTA_GRADES if score >= least), 14.0)


FORMULAS: Final[Mapping[str, Callable[[list[str], int], float]]] = {"en": flesch_kincaid, "es": huerta_grade}


HARDEST_GRADE: Final = 6.0
LEAST_HUERTA: Final = 70.0
"""Fernández-Huerta's own scale: from 70 on a text is for the sixth year of school, or an earlier one."""
HUERTA_GRADES: Final = ((90.0, 4.0), (80.0, 5.0), (70.0, 6.0), (60.0, 8.0), (50.0, 10.0), (30.0, 12.0))
LEAST_INFLESZ: Final = 55.0
"""INFLESZ: from 55 on a text is "normal", for the public; patients' leaflets are to reach it."""


def fernandez_huerta(words: list[str], sentences: int) -> float:
    """How easily a Spanish text is read, from 0 to 100.

    J. Fernández Huerta: Medidas sencillas de lecturabilidad. Consigna 214, 1959, pages 29 to 32.
    """
    return 206.84 - 60 * sum(map(spanish_syllables, words)) / len(words) - 1.02 * len(words) / sentences


def inflesz(words: list[str], sentences: int) -> float:
    """The same by the scale made for texts on health (F. Szigriszt Pazos 1993; I. M. Barrio Cantalejo 2008)."""
    return 206.835 - 62.3 * sum(map(spanish_syllables, words)) / len(words) - len(words) / sentences


def hardness(text: str, language: str) -> Iterator[str]:
    """Why the text is too hard for whoever left school after six years; nothing where there is no formula."""
    words, sentences = _counted(text)
    if not words:
        return
    if language == "en" and (found := flesch_kincaid(words, sentences)) > HARDEST_GRADE:
        yield f"reads at grade {found:.1f}, above {HARDEST_GRADE:.0f} (Flesch-Kincaid)"
    if language == "es" and (found := fernandez_huerta(words, sentences)) < LEAST_HUERTA:
        yield f"reads at {found:.0f}, below {LEAST_HUERTA:.0f} (Fernández-Huerta), which is grade 6"
    if language == "es" and (found := inflesz(words, sentences)) < LEAST_INFLESZ:
        yield f"reads at {found:.0f}, below {LEAST_INFLESZ:.0f} (INFLESZ)"


def _counted(text: str) -> tuple[list[str], int]:
    sentences = sum(1 for part in _SENTENCE_END.split(text) if _WORD.search(part))
    return _WORD.findall(text.lower()), max(sentences, 1)


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
