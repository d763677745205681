"""Which groups are not shown: those of too few people, and as many more as keep those from being worked out.

A reader of reports sees one table from several sides: all groups, then those of one place, then those of one language
there. What is hidden on one page must not be the difference of two others. So the whole table is looked at with all of
its totals, as every page will show some of it: along each line the members add up to the line's total, and of those one
alone may never be missing, nor some that are too few together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping
from itertools import product
from typing import Final, TypeAlias

from bot.core.figures import Tally

Cell: TypeAlias = tuple[str, ...]
"""One coordinate for each dimension of the table."""

EVERY: Final = "*"
"""The coordinate of a total."""


def with_totals(cells: Mapping[Cell, Tally]) -> dict[Cell, Tally]:
    """The cells and every total over one dimension or several."""
    table: dict[Cell, Tally] = {}
    for cell, tally in cells.items():
        for key in product(*((name, EVERY) for name in cell)):
            table.setdefault(key, Tally()).add(tally.numerator, tally.denominator, tally.people)
    return table


def hidden(table: Mapping[Cell, Tally], *, always: Container[Cell] = frozenset()) -> frozenset[Cell]:
    """Of a table with totals, the cells and totals not to be shown; those of `always` are known in any case."""
    search = _Search(table, always)
    for cell, tally in table.items():
        if tally.is_small and cell not in always:
            search.hide(cell)
    # Totals that are hidden come last: often one of their members has gone meanwhile for a reason of its own.
    while search.protect_members() or search.protect_a_total():
        pass
    return frozenset(search.found)


class _Search:
    """Hides more and more, until nothing hidden can be worked out along any line."""

    def __init__(self, table: Mapping[Cell, Tally], always: Container[Cell]) -> None:
        self.table, self.always = table, always
        self.found: set[Cell] = set()
        # The axis belongs to the name of a line: totals over two dimensions are the end of two lines.
        self.lines: dict[tuple[Cell, int], list[Cell]] = defaultdict(list)
        for cell in table:
            for line in _lines_of(cell):
                self.lines[line].append(cell)
        self._totals_first = sorted(self.lines, key=lambda line: -line[0].count(EVERY))
        self._missing: Counter[tuple[Cell, int]] = Counter()

    def hide(self, cell: Cell) -> None:
        """That one."""
        if cell not in self.found:
            self.found.add(cell)
            self._missing.update(_lines_of(cell))

    def protect_members(self) -> bool:
        """Of lines whose total is shown, hide as many as keep the hidden ones from being its rest; whether it did."""
        before = len(self.found)
        for line in self._totals_first:
            if self._missing[line] and line[0] not in self.found:
                self._protect(line)
        return len(self.found) > before

    def protect_a_total(self) -> bool:
        """Of one line whose total is hidden, hide a member, so that it is not their sum; whether it did."""
        for line in self._totals_first:
            if line[0] in self.found and not self._missing[line]:
                for cell in self._left(line)[:1]:
                    self.hide(cell)
                    return True
        return False

    def _protect(self, line: tuple[Cell, int]) -> None:
        for cell in self._left(line):
            if self._is_safe(line):
                return
            self.hide(cell)
        # Where the line has nothing more to hide, its total goes, unless everybody knows it anyway.
        if not self._is_safe(line) and line[0] not in self.always:
            self.hide(line[0])

    def _is_safe(self, line: tuple[Cell, int]) -> bool:
        """Whether those missing are several, and enough people together."""
        together = Tally()
        for cell in self.lines[line]:
            if cell in self.found:
                together.add(0, 0, self.table[cell].people)
        return self._missing[line] > 1 and not together.is_small

    def _left(self, line: tuple[Cell, int]) -> list[Cell]:
        """What is still shown of a line: first what draws fewest others after it, then what is smallest."""
        left = (cell for cell in self.lines[line] if cell not in self.found and cell not in self.always)
        return sorted(left, key=lambda cell: (self._draws(cell, line), self.table[cell].denominator, cell))

    def _draws(self, cell: Cell, line: tuple[Cell, int]) -> int:
        """In how many other lines it would be the first to go, and not go unnoticed."""
        others = (other for other in _lines_of(cell) if other != line)
        return sum(not self._missing[other] and other[0] not in self.found for other in others)


def _lines_of(cell: Cell) -> Iterator[tuple[Cell, int]]:
    """The lines in which it stands: the total of each, and along which axis."""
    for axis, name in enumerate(cell):
        if name != EVERY:
            yield (*cell[:axis], EVERY, *cell[axis + 1 :]), axis
