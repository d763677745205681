"""What one language's `replies.toml` says, as frozen data, and how it is taught."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.understanding.matcher import Teacher
from bot.core.understanding.patterns import Grammar, Kind, PatternError, Row, Rule, lines, top_level

_KINDS = {"phrase": Kind.PHRASE, "whole": Kind.WHOLE, "lead": Kind.LEAD, "tail": Kind.TAIL, "sentence": Kind.SENTENCE}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language: blocks of patterns by kind and group, classes, short forms and common words."""

    language: str
    reviewed: bool
    blocks: Mapping[Kind, Mapping[str, str]]
    classes: Mapping[str, str] = field(default_factory=dict)
    short_forms: Mapping[str, str] = field(default_factory=dict)
    common_words: frozenset[str] = frozenset()
    borrowed: frozenset[str] = frozenset()
    """Another language's words that stand in its patterns, "dont have carro": they make no text one of its own."""
    glyphs: Mapping[int, str] = field(default_factory=dict)
    marked: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, language: str, data: Mapping[str, object]) -> Lexicon:
        """A lexicon from the tables of its file."""
        meta, words = _table(data, "meta"), _table(data, "words")
        return cls(
            language=language,
            reviewed=bool(meta.get("reviewed", False)),
            blocks={
                kind: {key: str(value) for key, value in _table(data, name).items()} for name, kind in _KINDS.items()
            },
            classes={key: str(value) for key, value in _table(data, "classes").items()},
            short_forms=_pairs(str(words.get("short_forms", ""))),
            common_words=frozenset(str(words.get("common", "")).split()),
            borrowed=frozenset(str(words.get("borrowed", "")).split()),
            glyphs=_glyphs(str(words.get("glyphs", ""))),
            marked=_pairs(str(words.get("marked", ""))),
            examples={key: tuple(lines(str(value))) for key, value in _table(data, "examples").items()},
        )

    def teach(self, teacher: Teacher, split: Callable[[str], tuple[str, ...]]) -> None:
        """Put every class and every pattern into the teacher's trie."""
        lists: dict[tuple[Row, ...], str] = {}

        def fold_list(rows: list[Row]) -> str:
            key = tuple(rows)
            if key not in lists:
                lists[key] = f"@{self.language}.~{len(lists)}"
                teacher.add_class(lists[key], rows)
            return lists[key]

        grammar = Grammar(self.language, split, fold_list)
        for name in self.classes:
            members = self._members(name, Grammar(self.language, split), frozenset())
            teacher.add_class(f"@{self.language}.{name}", members)
        for kind, groups in self.blocks.items():
            for group, block in groups.items():
                for line in lines(block):
                    for pattern in top_level(line):
                        teacher.add(Rule(group, kind, self.language, pattern), grammar.rows(pattern))

    def _members(self, name: str, grammar: Grammar, seen: frozenset[str]) -> list[Row]:
        """The rows of a class; `@other` takes in another class."""
        if name in seen or name not in self.classes:
            raise PatternError(f"{self.language}: class @{name}")
        rows: list[Row] = []
        for line in lines(self.classes[name]):
            for pattern in top_level(line):
                if pattern[0] == "@" and " " not in pattern:
                    rows += self._members(pattern[1:], grammar, seen | {name})
                else:
                    rows += grammar.rows(pattern)
        return rows


def _table(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = data.get(name, {})
    return table if isinstance(table, Mapping) else {}


def _pairs(block: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in lines(block))
    return {short.strip(): long.strip() for short, long in pairs}


def _glyphs(block: str) -> dict[int, str]:
    """Rows of pairs: the variant of a character, then the character that the lexicon uses."""
    packed = "".join(block.split())
    return {ord(variant): plain for variant, plain in zip(packed[::2], packed[1::2], strict=False)}
