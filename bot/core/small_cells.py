"""Which groups are not shown: those of too few people, and as many more as keep those from being worked out.

A reader of reports sees one table from several sides: all groups, then those of one place, then those of one language
there. What is hidden on one page must not be the difference of two others. So the whole table is looked at with all of
its totals, as every page will show some of it: along each line the members add up to the line's total, and of those one
alone may never be missing, nor some that are too few together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
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
    found = {cell for cell, tally in table.items() if tally.is_small and cell not in always}
    lines = list(_lines(table))
    grew = bool(found)
    while grew:
        grew = False
        for total, members in lines:
            more = _also(table, total, members, found, always)
            found |= more
            grew = grew or bool(more)
    return frozenset(found)


def _lines(table: Iterable[Cell]) -> Iterator[tuple[Cell, list[Cell]]]:
    """Each total with the cells that add up to it, along each dimension."""
    lines: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in table:
        for axis, name in enumerate(cell):
            if name != EVERY:
                # The axis belongs to the key: totals over two dimensions are the end of two lines.
                lines[(*cell[:axis], EVERY, *cell[axis + 1 :], str(axis))].append(cell)
    return ((key[:-1], members) for key, members in lines.items())


def _also(
    table: Mapping[Cell, Tally], total: Cell, members: list[Cell], found: set[Cell], always: Container[Cell]
) -> set[Cell]:
    """What must go too, for nothing hidden in this line to be worked out."""
    hid = [cell for cell in members if cell in found]
    if total in found:
        # All members shown would be the total shown.
        return set() if hid else set(_next(table, members, found, always)[:1])
    if not hid:
        return set()
    more: set[Cell] = set()
    for cell in _next(table, members, found, always):
        if len(hid) + len(more) > 1 and not _together(table, [*hid, *more]).is_small:
            return more
        more.add(cell)
    enough = len(hid) + len(more) > 1 and not _together(table, [*hid, *more]).is_small
    # Where the line has nothing more to hide, its total goes, unless everybody knows it anyway.
    return more if enough or total in always else {*more, total}


def _next(
    table: Mapping[Cell, Tally], members: list[Cell], found: set[Cell], always: Container[Cell]
) -> list[Cell]:
    """What is still shown in the line, the smallest first: it costs the reader least."""
    left = [cell for cell in members if cell not in found and cell not in always and table[cell].people]
    return sorted(left, key=lambda cell: (table[cell].denominator, cell))


def _together(table: Mapping[Cell, Tally], cells: Iterable[Cell]) -> Tally:
    together = Tally()
    for cell in cells:
        together.add(0, 0, table[cell].people)
    return together
