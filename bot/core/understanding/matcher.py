"""All rules of all languages in one trie, found in one walk over a text.

The trie is plain data, lists, dicts, tuples and strings, so that it can be written to a file and read back at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Any, Final, TypeAlias, TypedDict

from bot.core.understanding.patterns import ANY_NAME, ANY_NUMBER, GAPS, Hit, Kind, Row, Rule
from bot.core.understanding.text import SENTENCE

Ends: TypeAlias = tuple[int, ...]
"""The rules or classes that end here, by number."""
State: TypeAlias = list[Any]
"""[its ends; what may follow; which sorts of symbols are among that]. Where nothing may follow, the ends alone stand.

What follows is keyed by its symbol, a class by its number.
"""
_ENDS, _NEXT, _SORTS = range(3)
_CLASS, _STEM, _NUMBER, _NAME, _GAP = 1, 2, 4, 8, 16

_Found: TypeAlias = list[tuple[Any, int]]
"""The ends of the states that were reached, and before which word."""


class Trie(TypedDict):
    """Everything that a matcher knows. Rules are (group, kind, language, pattern)."""

    rules: list[tuple[str, str, str, str]]
    root: State
    class_root: State
    classes: dict[str, int]
    vocabulary: set[str]
    stems: set[str]


def empty() -> Trie:
    """A trie that knows nothing."""
    return {
        "rules": [], "root": _state(), "class_root": _state(), "classes": {}, "vocabulary": set(), "stems": set(),
    }  # fmt: skip


def _state() -> State:
    return [(), {}, 0]


class Teacher:
    """Puts rules and classes of words into a trie."""

    def __init__(self, trie: Trie) -> None:
        self._trie = trie
        self._vocabulary, self._stems, self._classes = trie["vocabulary"], trie["stems"], trie["classes"]
        self._ends: dict[Ends, Ends] = {}

    def add(self, rule: Rule, rows: Iterable[Row]) -> None:
        """Teach one rule."""
        number = len(self._trie["rules"])
        self._trie["rules"].append((rule.group, rule.kind.value, rule.language, rule.pattern))
        for row in rows:
            self._put(self._trie["root"], row, number)

    def add_class(self, name: str, rows: Iterable[Row]) -> None:
        """Teach a class of words by its symbol."""
        number = self._number(name)
        for row in rows:
            self._put(self._trie["class_root"], row, number)

    def _put(self, state: State, row: Row, number: int) -> None:
        *before, last = row
        for symbol in before:
            key, after = self._key(symbol), state[_NEXT]
            following = after.get(key)
            if following is None or type(following) is tuple:
                following = after[key] = [following or (), {}, 0]
                state[_SORTS] |= self._sort(symbol)
            state = following
        key, after = self._key(last), state[_NEXT]
        following = after.get(key)
        state[_SORTS] |= self._sort(last)
        if following is None or type(following) is tuple:
            after[key] = self._with(following or (), number)
        else:
            following[_ENDS] = self._with(following[_ENDS], number)

    def _with(self, ends: Ends, number: int) -> Ends:
        """These and that one; the same tuple for all states where the same ends, since they are many."""
        # A rule's rows come one after the other, so if it ends here already, it is the last that does.
        both = ends if ends and ends[-1] == number else (*ends, number)
        return self._ends.setdefault(both, both)

    def _key(self, symbol: str) -> str | int:
        return self._number(symbol) if symbol[0] == "@" else symbol

    def _number(self, name: str) -> int:
        return self._classes.setdefault(name, len(self._classes))

    def _sort(self, symbol: str) -> int:
        """Which sort of symbol it is; the words among them are learned."""
        if symbol[0] == "@":
            return _CLASS
        if symbol in GAPS:
            return _GAP
        if symbol[-1] == "*" and len(symbol) > 1:
            self._stems.add(symbol[:-1])
            return _STEM
        if symbol[0] not in ".%~":
            self._vocabulary.add(symbol)
        return _NUMBER if symbol == ANY_NUMBER else _NAME if symbol == ANY_NAME else 0


class Matcher:
    """Finds the rules of a trie; classes of words are found first and then walked like words."""

    def __init__(self, trie: Trie) -> None:
        self._trie = trie
        self._rules: dict[int, Rule] = {}
        self._stems: Final = frozenset(f"{stem}*" for stem in trie["stems"])
        self.stems: Final[Set[str]] = trie["stems"]

    def find(self, words: Sequence[str], breaks: Sequence[int], names: Set[int] = frozenset()) -> list[Hit]:
        """Every rule in the text, wherever it stands; of one rule at one place the longest reading.

        `names` are the places of the words that look like a name.
        """
        stems = [self._stems_of(word) for word in words]
        starts = range(len(words))
        classes: list[_Found] = [[]] * len(words)
        classes = [_walk(self._trie["class_root"], words, breaks, start, classes, stems, names) for start in starts]
        classes = [[(set(numbers), end) for numbers, end in found] for found in classes]
        hits: list[Hit] = []
        for start in starts:
            longest: dict[int, int] = {}
            for ends, end in _walk(self._trie["root"], words, breaks, start, classes, stems, names):
                for number in ends:
                    if longest.get(number, -1) < end:
                        longest[number] = end
            # The longest first, then in the lexicons' order: of equals the first decides, the same in every process.
            in_order = sorted(longest.items(), key=lambda item: (-item[1], item[0]))
            hits += [Hit(self._rule(number), start, end) for number, end in in_order]
        return hits

    def _stems_of(self, word: str) -> Sequence[str]:
        return [stem for cut in range(1, len(word) + 1) if (stem := f"{word[:cut]}*") in self._stems]

    def _rule(self, number: int) -> Rule:
        # Made when it is first found: most never are.
        rule = self._rules.get(number)
        if rule is None:
            group, kind, language, pattern = self._trie["rules"][number]
            rule = self._rules[number] = Rule(group, Kind(kind), language, pattern)
        return rule


def _walk(
    root: State,
    words: Sequence[str],
    breaks: Sequence[int],
    start: int,
    classes: Sequence[_Found],
    stems: Sequence[Sequence[str]],
    names: Set[int],
) -> _Found:
    """All that ends in a state reached from `start`. A row of words may cross a comma, never the end of a sentence."""
    found: _Found = []
    reached: list[tuple[Any, int]] = [(root, start)]
    size = len(words)
    while reached:
        state, at = reached.pop()
        if type(state) is tuple:
            found.append((state, at))
            continue
        ends, after, sorts = state
        if ends:
            found.append((ends, at))
        if at >= size or (at > start and breaks[at] >= SENTENCE):
            continue
        following = after.get(words[at])
        if following is not None:
            reached.append((following, at + 1))
        if not sorts:
            continue
        if sorts & _CLASS:
            # A word stands in dozens of classes and hardly any may follow: that is told apart at the speed of C.
            may_follow = after.keys()
            for numbers, end in classes[at]:
                if not may_follow.isdisjoint(numbers):
                    reached.extend([(after[number], end) for number in may_follow & numbers])
        if sorts & _STEM:
            for stem in stems[at]:
                if stem in after:
                    reached.append((after[stem], at + 1))
        if sorts & _NUMBER and words[at][0].isdigit():
            reached.append((after[ANY_NUMBER], at + 1))
        if sorts & _NAME and at in names:
            reached.append((after[ANY_NAME], at + 1))
        if sorts & _GAP:
            _skip(reached, after, at, breaks)
    return found


def _skip(reached: list[tuple[Any, int]], after: dict[str, Any], at: int, breaks: Sequence[int]) -> None:
    for gap, most in GAPS.items():
        following = after.get(gap)
        if following is None:
            continue
        for here in range(at, min(at + most + 1, len(breaks))):
            if here > at and breaks[here] >= SENTENCE:
                break
            reached.append((following, here))
