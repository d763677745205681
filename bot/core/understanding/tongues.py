"""Which language a text is in, as far as its words show it, and which language it asks for."""

from __future__ import annotations

import re
from collections import Counter

from bot.core.intents import Intent
from bot.core.understanding.asked import Asked
from bot.core.understanding.meanings import LIKELY, SURE, Meanings, evidence_of
from bot.core.understanding.patterns import Hit
from bot.core.understanding.reading import Reading

_SCRIPTS = (
    (re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]"), "ko"),
    (re.compile(r"[\u0900-\u097f]"), "hi"),
    (re.compile(r"[\u0430-\u044f]"), "ru"),
    (re.compile(r"[پچژگ]|می\u200c?[\u0600-\u06ff]"), "fa"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_TRADITIONAL = re.compile(r"[來這個們說會沒對時間約謝還過請問點麼嗎電話開醫藥頭氣難應訂閱變號錯誰覺預幾聽單寫給]")
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


def _no_name(reading: Reading, asked: Asked, name: Hit) -> bool:
    """Whether the name of a language is no name in the language on file: Tagalog "hindi" is "no" or "not"."""
    spoken = (asked.language or "").split("-")[0].lower()
    return any(
        hit.start == name.start and hit.end == name.end and hit.rule.language == spoken
        for hit in reading.of("yes", "no", "okay", "hollow")
    )
