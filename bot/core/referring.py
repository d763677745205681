"""Which of several visits words are about: by the person, the time, the day, what it is for, or "the first one"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.days import days_named, falls_on
from bot.core.people import Visit

_ORDINALS: Final = tuple(
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in (
        r"first|1st|primer[oa]?|premi[eè]re?|primeir[oa]|premye|thứ nhất|перв\w+|pierwsz\w+",
        r"(?<!a )(?<!one )(?<!per )second|2nd|segund[oa]|deuxi[eè]me|dezyèm|pangalawa"
        r"|втор(?:ой|ую|ое|ая)|drug(?:i|a|ą|iej)",
    )
)
_SAID_OF_ANY: Final = frozenset(
    {"first", "second", "visit", "appointment", "clinic", "office", "doctor", "care", "time"}
)
"""Words of a visit's description that are said of anything."""
_ENDINGS: Final = re.compile(r"(ologists?|ologie|olog[ií]a|ology|[oó]logo|istas?|istes?|ists?|ing|als?|s)$")
SHORTEST: Final = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """Several visits that words may be about."""

    among: Sequence[Visit]
    now: datetime

    def visits(self, text: str, *, by_day: bool = True) -> tuple[Visit, ...]:
        """Those that the words point to in any of their ways."""
        pointed = [*(self._by_day(text) if by_day else ()), *self._by_what(text), *self._by_place(text)]
        named = [visit for visit in self.among if mentions(text, visit, self.now)]
        if len(named) == len(self.among) and pointed:
            named = []  # "Maria here, Tuesday is fine": a name that all of the visits bear tells nothing.
        return tuple(visit for visit in self.among if visit in pointed or visit in named)

    def _by_day(self, text: str) -> list[Visit]:
        named = days_named(text)
        return [v for v in self.among if named and falls_on(v.starts_at, v.timezone, named, self.now)]

    def _by_what(self, text: str) -> list[Visit]:
        """By a word of what the visit is for, or of who sees the patient, that is said of no other of them."""
        words = {visit.appointment_id: _stems(f"{visit.service} {visit.clinician}") for visit in self.among}
        common = Counter(word for stems in words.values() for word in stems)
        said = _stems(text)
        return [v for v in self.among if any(common[word] == 1 for word in words[v.appointment_id] & said)]

    def _by_place(self, text: str) -> list[Visit]:
        if len(self.among) != 2:
            return []
        in_order = sorted(self.among, key=lambda visit: visit.starts_at)
        return [visit for visit, ordinal in zip(in_order, _ORDINALS, strict=True) if ordinal.search(text)]


def _stems(text: str) -> frozenset[str]:
    long = (word for word in words_of(text) if len(word) >= SHORTEST and word not in _SAID_OF_ANY)
    return frozenset(_ENDINGS.sub("", word) if len(word) > SHORTEST + 1 else word for word in long)


def mentions(text: str, visit: Visit, now: datetime) -> bool:
    """Whether the words name the visit's person, its hour, or its day of the month."""
    del now
    if names(words_of(text), visit.name):
        return True
    local = visit.starts_at.astimezone(ZoneInfo(visit.timezone))
    clock = rf"\b{(local.hour - 1) % 12 + 1}(:{local.minute:02d}\b|\s*[ap]\.?m\b)"
    day = rf"\b{local.day}(st|nd|rd|th)\b|\b{local.month}/{local.day}\b|\b(el|le|dia|día) {local.day}\b"
    return re.search(clock, text.casefold()) is not None or re.search(day, text.casefold()) is not None


def words_of(text: str) -> frozenset[str]:
    """The words, for looking a name up in them."""
    return frozenset(re.findall(r"[^\W_]+", text.casefold()))


def names(words: frozenset[str], name: str) -> bool:
    """Whether the person of this (given) name is among the words."""
    first, _, _rest = name.casefold().partition(" ")
    return len(first) > 1 and first in words
