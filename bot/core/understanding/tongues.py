"""Which language a text is in, as far as its words show it, and which language it asks for."""

from __future__ import annotations

import re
from collections import Counter

from bot.core.intents import Intent
from bot.core.understanding.asked import Asked
from bot.core.understanding.meanings import LIKELY, SURE, Meanings, evidence_of
from bot.core.understanding.patterns import Hit
from bot.core.understanding.reading import Reading
from bot.core.understanding.text import COMMA

_SCRIPTS = (
    (re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]"), "ko"),
    (re.compile(r"[\u0900-\u097f]"), "hi"),
    (re.compile(r"[\u0430-\u044f]"), "ru"),
    (re.compile(r"[پچژگ]|می\u200c?[\u0600-\u06ff]"), "fa"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_TRADITIONAL = re.compile(r"[來這個們說會沒對時間約謝還過請問點麼嗎電話開醫藥頭氣難應訂閱變號錯誰覺預幾聽單寫給]")
DENIED_WITHIN = 3
"""So many words before its name, a language is said not to be understood: "I don't speak Spanish"."""
_CANNOT = frozenset({"dont", "doesnt", "cant", "cannot", "didnt"})
_WEIGHTLESS = frozenset({"courtesy", "number_word"})


def language_of(reading: Reading) -> str | None:
    """The language, by script where that decides, else by which lexicon's longer rules were hit."""
    clean = reading.text.clean.casefold()
    if _HAN.search(clean):
        return "zh-Hant" if _TRADITIONAL.search(clean) else "zh-Hans"
    for script, language in _SCRIPTS:
        if script.search(clean):
            return _rival(reading) if language == "ar" and _rival(reading) == "fa" else language
    votes: Counter[str] = Counter()
    for hit in reading.hits:
        votes[hit.rule.language] += hit.length**2
    if not votes:
        return None
    (best, most), *rest = votes.most_common(2)
    return best if not rest or rest[0][1] < most else None


def _rival(reading: Reading) -> str | None:
    votes: Counter[str] = Counter()
    for hit in reading.hits:
        if hit.rule.language in ("ar", "fa"):
            votes[hit.rule.language] += hit.length
    return votes.most_common(1)[0][0] if votes else None


def language_wanted(reading: Reading, asked: Asked, found: Meanings) -> None:
    """A language is wanted when its name stands alone, or beside words that ask for it or tell of not understanding."""
    names = [hit for hit in reading.under("langname.") if not _no_name(reading, asked, hit)]
    asks = reading.of("langask")
    for hit in reading.of("language_switch"):
        found.add(Intent.LANGUAGE_SWITCH, SURE, evidence_of(reading, Intent.LANGUAGE_SWITCH, hit), hit)
    named = {at for name in names for at in range(name.start, name.end)}
    alone = all(at in reading.idle or at in named for at in range(len(reading.words)))
    for hit in names:
        if alone or asks:
            evidence = evidence_of(reading, Intent.LANGUAGE_SWITCH, hit)
            found.add(Intent.LANGUAGE_SWITCH, SURE if alone else LIKELY, evidence, hit)
    if found.has(Intent.LANGUAGE_SWITCH):
        found.drop(Intent.QUESTION, Intent.REQUEST_HUMAN, Intent.HELP, Intent.ACKNOWLEDGE, Intent.UNCLEAR)


def language_named(reading: Reading, asked: Asked) -> str | None:
    """The language that is asked for: by its name, else the one written in. None: all that is said is which it is not.

    "No English", "no hablo inglés": the one on file, and English in another tongue's words, are told of as not
    understood.
    """
    denials = {no.end for no in reading.of("denial", "negator", "unable")}
    denials |= {at + 1 for at, word in enumerate(reading.words) if word in _CANNOT}
    refused: set[str] = set()
    for hit in reading.under("langname."):
        name = hit.group.removeprefix("langname.")
        around = [other for other in reading.of("language_switch") if other.start < hit.start and hit.end <= other.end]
        clause = min((other.start for other in around), default=hit.start - DENIED_WITHIN)
        denied = any(clause < end <= hit.start and not _pause(reading, end, hit.start) for end in denials)
        foreign = name == "en" and any(other.rule.language != "en" for other in around)
        if not denied and not foreign and not (around and _root(name) == _root(asked.language)):
            return name
        refused.add(_root(name))
    written = language_of(reading)
    return None if _root(written) in refused else written


def _pause(reading: Reading, start: int, end: int) -> bool:
    return any(reading.breaks[at] >= COMMA for at in range(start, end + 1))


def _root(tag: str | None) -> str:
    return (tag or "").split("-")[0].lower()


def _no_name(reading: Reading, asked: Asked, name: Hit) -> bool:
    """Whether the name of a language is no name in the language on file: Tagalog "hindi" is "no" or "not"."""
    spoken = _root(asked.language)
    return any(
        hit.start == name.start and hit.end == name.end and hit.rule.language == spoken
        for hit in reading.of("yes", "no", "okay", "hollow")
    )
