"""Words on which carriers act by themselves: none of them can be an answer to anything of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

CARRIER_LINES: Final[Mapping[str, str]] = {
    "STOP to end texts.": "STOP",
    "STOP to end.": "STOP",
    "HELP for help.": "HELP",
    "Reply START to get texts again.": "START",
}
"""The only sentences that may name a carrier's keyword, and the keyword that every translation must keep."""


@dataclass(frozen=True, slots=True)
class Carriers:
    """One language's own, the `[carriers]` table of its file."""

    keywords: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    """How this language tells the reader to send something: "reply", "responda"."""


def carriers(table: Mapping[str, Any]) -> Carriers:
    """The `[carriers]` table of a language file."""
    return Carriers(tuple(map(str, table.get("keywords", ()))), tuple(map(str, table.get("tell", ()))))


class Keywords:
    """Finds keywords that a text offers as an answer.

    The keywords of all languages count in each: a carrier does not know in which one a text was written.
    """

    def __init__(self, lists: Iterable[Carriers]) -> None:
        lists = tuple(lists)
        words = _any_of(word for one in lists for word in one.keywords)
        tell = _any_of(word for one in lists for word in one.tell)
        latin = _any_of(word for one in lists for word in one.keywords if word.isascii())
        # Capitals make a word one that is to be sent.
        self._shouted = re.compile(rf"(?<!\w)(?:{latin})(?!\w)")
        # In small letters too, and in letters that have no capitals, when the reader is told to send it.
        self._told = re.compile(
            rf"(?<!\w)(?:{tell})\s*(?:with|con|avec|com|bằng|po ng|ng)?\s*[:：]?\s*[\"']?(?P<word>{words})(?!\w)",
            re.IGNORECASE,
        )

    def offered_in(self, text: str) -> tuple[str, ...]:
        """The keywords that the text offers, sorted."""
        told = (match["word"].upper() for match in self._told.finditer(text))
        return tuple(sorted({*self._shouted.findall(text), *told}))


def without_lines(text: str) -> str:
    """The text of a template without the sentences that carriers ask for."""
    for line in CARRIER_LINES:
        text = text.replace(line, "")
    return text


def without_keyword(source: str, translation: str) -> str:
    """A translation without the keyword that its source must name, if it is such a sentence."""
    keyword = CARRIER_LINES.get(source)
    return translation.replace(keyword, "") if keyword else translation


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(set(words), key=len, reverse=True))) or "(?!)"
