"""What one language's `replies.toml` says, as frozen data, and how it is taught to the matcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.understanding.patterns import Kind, Matcher, PatternError, Rule, Sequence_, bracketed, lines, variants

_KINDS = {"phrase": Kind.PHRASE, "whole": Kind.WHOLE, "lead": Kind.LEAD, "tail": Kind.TAIL}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language: blocks of patterns by kind and group, classes, short forms and common words."""

    language: str
    reviewed: bool
    blocks: Mapping[Kind, Mapping[str, str]]
    classes: Mapping[str, str] = field(default_factory=dict)
    short_forms: Mapping[str, str] = field(default_factory=dict)
    common_words: frozenset[str] = frozenset()
    glyphs: Mapping[int, str] = field(default_factory=dict)
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
            glyphs=_glyphs(str(words.get("glyphs", ""))),
            examples={key: tuple(lines(str(value))) for key, value in _table(data, "examples").items()},
        )

    def teach(self, matcher: Matcher, split: Callable[[str], tuple[str, ...]]) -> None:
        """Put every class and every pattern into the matcher."""
        for name in self.classes:
            matcher.add_class(name, self.language, self._members(name, split, frozenset()))
        for kind, groups in self.blocks.items():
            for group, block in groups.items():
                for line in lines(block):
                    rule = Rule(group, kind, self.language, line)
                    matcher.add(rule, variants(bracketed(line), split, self.language))

    def _members(self, name: str, split: Callable[[str], tuple[str, ...]], seen: frozenset[str]) -> list[Sequence_]:
        """The rows of a class; a line `@other` takes in another class."""
        if name in seen or name not in self.classes:
            raise PatternError(f"{self.language}: class @{name}")
        rows: list[Sequence_] = []
        for line in lines(self.classes[name]):
            if line[0] == "@" and " " not in line:
                rows += self._members(line[1:], split, seen | {name})
            else:
                rows += variants(bracketed(line), split, self.language)
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
