"""What no text may say, and how to find it in one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cached_property

from bot.content.carriers import Keywords
from bot.content.discretion import Discretion
from bot.content.languages import Language
from bot.core.segments import normalise


class Wording:
    """What no text may say, in one language: its own telling words and English ones, and every carrier's keywords."""

    def __init__(self, language: Language, source: Language, keywords: Callable[[], Keywords]) -> None:
        self._language, self._source, self._keywords = language, source, keywords

    # Looking for so many words takes a while to prepare, and most processes never look.
    @cached_property
    def _discretion(self) -> Discretion:
        return Discretion((self._language.unsafe, self._source.unsafe))

    @cached_property
    def _familiar(self) -> re.Pattern[str]:
        familiar = "|".join(map(re.escape, self._language.formal.never))
        spaced = rf"(?<!\w)(?:{familiar})(?!\w)" if not self._language.tight else familiar
        return re.compile(spaced if familiar else "(?!)", re.IGNORECASE)

    def faults(self, text: str, *, tells: bool) -> Iterator[str]:
        """What is wrong with it; `tells`: its readers have asked for texts about what their care is for."""
        for keyword in self._keywords().offered_in(text):
            yield f"offers {keyword}, on which carriers act by themselves"
        for word in () if tells else self._discretion.telling_words(text):
            yield f'"{word}" tells what the care is for'
        for familiar in sorted(set(self._familiar.findall(text))):
            yield f'"{familiar}" is the familiar form (how to address patients: {self._language.formal.how})'
        for character in sorted(set(text)):
            if _is_odd(character):
                yield f"has {_name(character)} (U+{ord(character):04X})"


def _is_odd(character: str) -> bool:
    """Curly quotes, narrow spaces and the like, and emoji."""
    if character == "\n":
        return False
    return normalise(character) != character or ord(character) > 0xFFFF or 0x2600 <= ord(character) <= 0x27BF


def _name(character: str) -> str:
    return unicodedata.name(character, "an odd character").lower()
