"""The little language in which lexicons say things, and the matcher that finds them all in one walk over a text.

A pattern is words in a row. `a|b` and `(a b|c)` are alternatives, `a?` may be missing, `stem*` any word that begins
so, `@name` one of a class of words, `..` up to three words that do not matter, `...` up to seven.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.understanding.text import COMMA, SENTENCE

SHORT_GAP, LONG_GAP = 3, 7
MOST_VARIANTS = 4000
_SYMBOL = re.compile(r"\.\.\.?|[()|?]|[^\s()|?]+")

type Split = Callable[[str], Sequence[str]]
type Sequence_ = tuple[str, ...]


class Kind(StrEnum):
    """Where a pattern has to stand: anywhere, alone, first, or last in the text."""

    PHRASE = "phrase"
    WHOLE = "whole"
    LEAD = "lead"
    TAIL = "tail"


@dataclass(frozen=True, slots=True)
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
    """One state of the walk: what may follow, and the rules that end here."""

    __slots__ = ("classes", "ends", "gaps", "stems", "words")

    def __init__(self) -> None:
        self.words: dict[str, Node] = {}
        self.classes: dict[str, Node] = {}
        self.stems: dict[str, Node] = {}
        self.gaps: dict[int, Node] = {}
        self.ends: list[Rule] = []

    def step(self, symbol: str) -> Node:
        """The state after one symbol, made if it is new."""
        if symbol in ("..", "..."):
            return self.gaps.setdefault(SHORT_GAP if symbol == ".." else LONG_GAP, Node())
        if symbol[0] == "@":
            return self.classes.setdefault(symbol, Node())
        if symbol[-1] == "*" and len(symbol) > 1:
            return self.stems.setdefault(symbol[:-1], Node())
        return self.words.setdefault(symbol, Node())


def variants(pattern: str, split: Split, language: str) -> list[Sequence_]:
    """Every row of symbols that a pattern stands for."""
    symbols = _SYMBOL.findall(pattern)
    rows, at = _alternatives(symbols, 0, split, language)
    if at != len(symbols) or len(rows) > MOST_VARIANTS:
        raise PatternError(f"{language}: {pattern!r}")
    return [row for row in rows if row]


def _alternatives(symbols: list[str], at: int, split: Split, language: str) -> tuple[list[Sequence_], int]:
    """Inside brackets (and at the top) `|` divides whole rows of words when brackets say so, single words otherwise."""
    found: list[Sequence_] = []
    row: list[Sequence_] = [()]
    while at < len(symbols) and symbols[at] != ")":
        if symbols[at] == "|":
            found.extend(row)
            row, at = [()], at + 1
            continue
        piece, at = _piece(symbols, at, split, language)
        row = [before + after for before in row for after in piece]
    return found + row, at


def _piece(symbols: list[str], at: int, split: Split, language: str) -> tuple[list[Sequence_], int]:
    if symbols[at] == "(":
        piece, at = _alternatives(symbols, at + 1, split, language)
        if at >= len(symbols):
            raise PatternError(f"{language}: bracket never closed in {' '.join(symbols)!r}")
        at += 1
    else:
        piece, at = [_word(symbols[at], split, language)], at + 1
    if at < len(symbols) and symbols[at] == "?":
        piece, at = [*piece, ()], at + 1
    return piece, at


def _word(symbol: str, split: Split, language: str) -> Sequence_:
    if symbol in ("..", "..."):
        return (symbol,)
    if symbol[0] == "@":
        return (f"@{language}.{symbol[1:]}",)
    if symbol[-1] == "*" and len(symbol) > 1:
        row = tuple(split(symbol[:-1]))
        return (*row[:-1], row[-1] + "*")
    return tuple(split(symbol))


def bracketed(pattern: str) -> str:
    """Outside brackets `a|b` joins words, not rows: put the brackets in."""
    depth, out = 0, []
    for chunk in re.split(r"(\s+|[()])", pattern):
        depth += (chunk == "(") - (chunk == ")")
        loose = depth == 0 and "|" in chunk.strip("|") and chunk != ")"
        out.append(re.sub(r"^(.*?)(\?*)$", r"(\1)\2", chunk) if loose else chunk)
    return "".join(out)


class Matcher:
    """All rules of all languages in one trie; classes of words are found first and then walked like words."""

    def __init__(self) -> None:
        self.root, self.class_root = Node(), Node()
        self.vocabulary: set[str] = set()
        self.languages: dict[str, set[str]] = {}

    def add(self, rule: Rule, rows: Iterable[Sequence_]) -> None:
        """Teach one rule."""
        self._grow(self.root, rule, rows)

    def add_class(self, name: str, language: str, rows: Iterable[Sequence_]) -> None:
        """Teach one member of a class of words."""
        self._grow(self.class_root, Rule(f"@{language}.{name}", Kind.PHRASE, language, name), rows)

    def _grow(self, root: Node, rule: Rule, rows: Iterable[Sequence_]) -> None:
        for row in rows:
            node = root
            for symbol in row:
                node = node.step(symbol)
                if symbol[0] not in "@." and symbol[-1] != "*":
                    self.vocabulary.add(symbol)
                    self.languages.setdefault(symbol, set()).add(rule.language)
            if rule not in node.ends:
                node.ends.append(rule)

    def find(self, words: Sequence[str], breaks: Sequence[int]) -> list[Hit]:
        """Every rule in the text, wherever it stands."""
        classes: list[list[tuple[str, int]]] = [
            [(hit.rule.group, hit.end) for hit in _walk(self.class_root, words, breaks, start, ())]
            for start in range(len(words))
        ]
        return [hit for start in range(len(words)) for hit in _walk(self.root, words, breaks, start, classes)]


def _walk(
    root: Node, words: Sequence[str], breaks: Sequence[int], start: int, classes: Sequence[list[tuple[str, int]]]
) -> list[Hit]:
    """All rules that begin at `start`. A row of words may cross a comma, never the end of a sentence."""
    found: dict[tuple[int, int], Hit] = {}
    stack: list[tuple[Node, int]] = [(root, start)]
    size = len(words)
    while stack:
        node, at = stack.pop()
        for rule in node.ends:
            found.setdefault((id(rule), at), Hit(rule, start, at))
        if at >= size or (at > start and breaks[at] >= SENTENCE):
            continue
        word = words[at]
        following = node.words.get(word)
        if following is not None:
            stack.append((following, at + 1))
        if node.classes and classes:
            stack.extend((node.classes[name], end) for name, end in classes[at] if name in node.classes)
        if node.stems:
            stack.extend(
                (node.stems[word[:cut]], at + 1) for cut in range(1, len(word) + 1) if word[:cut] in node.stems
            )
        for most, after in node.gaps.items():
            _skip(stack, after, at, most, breaks, size)
    return list(found.values())


def _skip(stack: list[tuple[Node, int]], after: Node, at: int, most: int, breaks: Sequence[int], size: int) -> None:
    for skipped in range(most + 1):
        here = at + skipped
        if here >= size or breaks[here] >= SENTENCE or (skipped and breaks[here] > COMMA):
            break
        stack.append((after, here))


def lines(block: str) -> list[str]:
    """The patterns of a block: one a line, `#` begins a remark."""
    return [line for raw in block.splitlines() if (line := raw.split("#")[0].strip())]


def spread(members: Mapping[str, str], split: Split, language: str) -> dict[str, list[Sequence_]]:
    """Classes as rows of words, with classes inside classes written out."""
    return {
        name: [row for line in lines(block) for row in variants(bracketed(line), split, language)]
        for name, block in members.items()
    }
