"""The little language in which lexicons say things, and the matcher that finds them all in one walk over a text.

A pattern is words in a row. `a b|c` and `(a b|c)` are alternatives, `a?` may be missing, `stem*` any word that begins
so, `@name` one of a class of words, `%` any number, `~` a name (a capitalised word that no lexicon knows), `..` up to
three words that do not matter, `...` up to seven.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

from bot.core.understanding.text import SENTENCE

GAPS = {"..": 3, "...": 7}
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


class Node:
    """One state of the walk: what may follow (words, `@classes`, `stems*`, gaps), and the rules that end here."""

    __slots__ = ("ends", "gaps", "next", "stems")

    def __init__(self) -> None:
        self.next: dict[str, Node] = _NOTHING  # Most states are the last of their row: they share one.
        self.ends: tuple[Rule, ...] = ()
        self.stems = self.gaps = False

    def grow(self, symbol: str) -> Node:
        """A new state after this symbol."""
        if self.next is _NOTHING:
            self.next = {}
        node = self.next[symbol] = Node()
        self.stems = self.stems or symbol[-1] == "*"
        self.gaps = self.gaps or symbol in GAPS
        return node


_NOTHING: dict[str, Node] = {}


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
        if symbol[-1] == "*" and len(symbol) > 1:
            row = tuple(self.split(symbol[:-1]))
            return (*row[:-1], row[-1] + "*") if row else ()
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


class Matcher:
    """All rules of all languages in one trie; classes of words are found first and then walked like words."""

    def __init__(self) -> None:
        self.root, self.class_root = Node(), Node()
        self.vocabulary: set[str] = set()
        self.stems: set[str] = set()

    def add(self, rule: Rule, rows: Iterable[Row]) -> None:
        """Teach one rule."""
        self._grow(self.root, rule, rows)

    def add_class(self, name: str, language: str, rows: Iterable[Row]) -> None:
        """Teach one member of a class of words."""
        self._grow(self.class_root, Rule(f"@{language}.{name}", Kind.PHRASE, language, name), rows)

    def _grow(self, root: Node, rule: Rule, rows: Iterable[Row]) -> None:
        for row in rows:
            node = root
            for symbol in row:
                following = node.next.get(symbol)
                if following is None:
                    following = node.grow(symbol)
                    self._learn(symbol)
                node = following
            # A rule's rows come one after the other, so if it ends here already, it is the last that does.
            if not node.ends or node.ends[-1] is not rule:
                node.ends = (*node.ends, rule)

    def _learn(self, symbol: str) -> None:
        if symbol[-1] == "*" and len(symbol) > 1:
            self.stems.add(symbol[:-1])
        elif symbol[0] not in "@.%~":
            self.vocabulary.add(symbol)

    def find(self, words: Sequence[str], breaks: Sequence[int], names: Set[int] = frozenset()) -> list[Hit]:
        """Every rule in the text, wherever it stands; of one rule at one place the longest reading.

        `names` are the places of the words that look like a name.
        """
        classes: list[list[tuple[str, int]]] = [
            [(rule.group, end) for rule, end in _walk(self.class_root, words, breaks, start, (), names)]
            for start in range(len(words))
        ]
        kinds = [{name for name, _ in found} for found in classes]
        hits: list[Hit] = []
        for start in range(len(words)):
            longest: dict[int, tuple[Rule, int]] = {}
            for rule, end in _walk(self.root, words, breaks, start, classes, names, kinds):
                if id(rule) not in longest or longest[id(rule)][1] < end:
                    longest[id(rule)] = (rule, end)
            hits += [Hit(rule, start, end) for rule, end in longest.values()]
        return hits


def _walk(
    root: Node,
    words: Sequence[str],
    breaks: Sequence[int],
    start: int,
    classes: Sequence[list[tuple[str, int]]],
    names: Set[int],
    kinds: Sequence[Set[str]] = (),
) -> dict[tuple[Rule, int], None]:
    """All rules that begin at `start`. A row of words may cross a comma, never the end of a sentence."""
    # No set: its order changes from process to process, and the order of hits decides between equals.
    found: dict[tuple[Rule, int], None] = {}
    stack: list[tuple[Node, int]] = [(root, start)]
    size = len(words)
    while stack:
        node, at = stack.pop()
        if node.ends:
            found.update(((rule, at), None) for rule in node.ends)
        after = node.next
        if at >= size or not after or (at > start and breaks[at] >= SENTENCE):
            continue
        word = words[at]
        if (following := after.get(word)) is not None:
            stack.append((following, at + 1))
        if ANY_NUMBER in after and word[0].isdigit():
            stack.append((after[ANY_NUMBER], at + 1))
        if at in names and ANY_NAME in after:
            stack.append((after[ANY_NAME], at + 1))
        # A word stands in dozens of classes and hardly any may follow: that is told apart at the speed of C.
        if classes and not after.keys().isdisjoint(kinds[at]):
            stack.extend((after[name], end) for name, end in classes[at] if name in after)
        if node.stems:
            stems = (word[:cut] + "*" for cut in range(1, len(word) + 1))
            stack.extend((after[stem], at + 1) for stem in stems if stem in after)
        if node.gaps:
            _skip(stack, node, at, breaks)
    return found


def _skip(stack: list[tuple[Node, int]], node: Node, at: int, breaks: Sequence[int]) -> None:
    for gap, most in GAPS.items():
        after = node.next.get(gap)
        if after is None:
            continue
        for here in range(at, min(at + most + 1, len(breaks))):
            if here > at and breaks[here] >= SENTENCE:
                break
            stack.append((after, here))


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
