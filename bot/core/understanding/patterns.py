"""The little language in which lexicons say things.

A pattern is words in a row. `a b|c` and `(a b|c)` are alternatives, `a?` may be missing, `stem*` any word that begins
so, `@name` one of a class of words, `%` any number, `~` a name (a capitalised word that no lexicon knows), `..` up to
three words that do not matter, `...` up to seven.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

GAPS = {"..": 3, "...": 7}
"""How many words a gap may pass over, by its symbol."""
MOST_VARIANTS = 4000
LONG_LIST = 3
ANY_NUMBER = "%"
ANY_NAME = "~"
_TOP = re.compile(r"[()|]")
_SYMBOL = re.compile(r"\.\.\.?|[()|?]|[^\s()|?]+")

Split = Callable[[str], Sequence[str]]
Row = tuple[str, ...]


class Kind(StrEnum):
    """Where a pattern has to stand: anywhere, alone, first or last in the text, or alone between two pauses."""

    PHRASE = "phrase"
    WHOLE = "whole"
    LEAD = "lead"
    TAIL = "tail"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One line of a lexicon."""

    group: str
    kind: Kind
    language: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that was found, from word `start` up to word `end`."""

    rule: Rule
    start: int
    end: int

    @property
    def group(self) -> str:
        return self.rule.group

    @property
    def length(self) -> int:
        return self.end - self.start


class PatternError(ValueError):
    """A line of a lexicon that does not follow the grammar."""


class Grammar:
    """Reads the patterns of one language; long lists of alternatives become classes, so that rows stay few."""

    def __init__(self, language: str, split: Split, fold_list: Callable[[list[Row]], str] | None = None) -> None:
        self.language, self.split, self._fold_list = language, split, fold_list
        self._words: dict[str, Row] = {}

    def rows(self, pattern: str) -> list[Row]:
        """Every row of symbols that a pattern stands for."""
        symbols = _SYMBOL.findall(pattern)
        rows, at = self._alternatives(symbols, 0)
        if at != len(symbols) or len(rows) > MOST_VARIANTS:
            raise PatternError(f"{self.language}: {pattern!r}")
        trimmed = list(dict.fromkeys(map(_trimmed, rows)))
        # Where every piece may be missing, one of them alone says nothing.
        return [row for row in trimmed if len(row) > (() in trimmed)]

    def _alternatives(self, symbols: list[str], at: int) -> tuple[list[Row], int]:
        found: list[Row] = []
        row: list[Row] = [()]
        while at < len(symbols) and symbols[at] != ")":
            if symbols[at] == "|":
                found.extend(row)
                row, at = [()], at + 1
                continue
            piece, at = self._piece(symbols, at)
            row = [before + after for before in row for after in piece]
            if len(row) > MOST_VARIANTS:
                raise PatternError(f"{self.language}: too many variants in {' '.join(symbols)!r}")
        return found + row, at

    def _piece(self, symbols: list[str], at: int) -> tuple[list[Row], int]:
        if symbols[at] == "(":
            piece, at = self._plain_list(symbols, at + 1) or self._alternatives(symbols, at + 1)
            if at >= len(symbols):
                raise PatternError(f"{self.language}: bracket never closed in {' '.join(symbols)!r}")
            piece, at = self._listed(piece), at + 1
        else:
            word = self._word(symbols[at])
            # What the cutter leaves nothing of ("#") is no alternative that may be missing; a stray `?` says nothing.
            piece, at = [word] if word or symbols[at] == "?" else [], at + 1
        if at < len(symbols) and symbols[at] == "?":
            piece, at = [*piece, ()], at + 1
        return piece, at

    def _plain_list(self, symbols: list[str], at: int) -> tuple[list[Row], int] | None:
        """`a b|c|d` up to its closing bracket, the usual case, read in one go; None where more is inside."""
        rows: list[Row] = []
        row: Row = ()
        for end in range(at, len(symbols)):
            symbol = symbols[end]
            if symbol == "|" or symbol == ")":
                rows.append(row)
                row = ()
                if symbol == ")":
                    return rows, end
            elif symbol == "(" or symbol == "?":
                return None
            else:
                row += self._word(symbol)
        return None

    def _listed(self, rows: list[Row]) -> list[Row]:
        """A long list of plain words is one class; what holds gaps or other classes stays spelled out."""
        if self._fold_list is None or len(rows) <= LONG_LIST:
            return rows
        plain: list[Row] = []
        other: list[Row] = []
        for row in rows:
            (plain if row and _is_plain(row) else other).append(row)
        return [(self._fold_list(plain),), *other] if plain else rows

    def _word(self, symbol: str) -> Row:
        row = self._words.get(symbol)
        if row is None:
            row = self._words[symbol] = self._cut(symbol)
        return row

    def _cut(self, symbol: str) -> Row:
        if symbol in ("..", "...", ANY_NUMBER, ANY_NAME):
            return (symbol,)
        if symbol[0] == "@":
            return (f"@{self.language}.{symbol[1:]}",)
        return tuple(self.split(symbol))


def _is_plain(row: Row) -> bool:
    # A loop: this runs for every alternative of every language, and a generator each time would cost twice as much.
    for symbol in row:  # noqa: SIM110
        if symbol[0] in "@.":
            return False
    return True


def _trimmed(row: Row) -> Row:
    """Gaps at the ends match anything and say nothing."""
    start, end = 0, len(row)
    while start < end and row[start] in ("..", "..."):
        start += 1
    while end > start and row[end - 1] in ("..", "..."):
        end -= 1
    return row[start:end]


def lines(block: str) -> list[str]:
    """The patterns of a block: one a line; a line that begins with `#` is a remark."""
    return [line for raw in block.splitlines() if (line := raw.strip()) and line[0] != "#"]


def top_level(line: str) -> list[str]:
    """The alternatives of a line, so that the evidence names the one that was met and not all of them."""
    if "(" not in line:
        return [pattern for piece in line.split("|") if (pattern := piece.strip())]
    found, depth, start = [], 0, 0
    for mark in _TOP.finditer(line):
        at, sign = mark.start(), mark.group()
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            found.append(line[start:at])
            start = at + 1
    return [pattern for piece in [*found, line[start:]] if (pattern := piece.strip())]
