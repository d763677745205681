"""A first look through a file: how many rows, which ids come again, and which status words it uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.rows import RowSource

_MOST_WORDS = 100


@dataclass(frozen=True, slots=True)
class Survey:
    """What must be known of the whole file before its first row is taken."""

    rows: int
    overtaken: Mapping[int, int]
    """Of rows whose id comes again: their place in the file → the line of the row that counts."""
    states: frozenset[str]


def survey(source: RowSource, *, key: tuple[str, ...]) -> Survey:
    """Go through the file once. Only ids are kept, and only until the end of it."""
    last: dict[tuple[str, ...], tuple[int, int]] = {}
    chains: dict[int, tuple[str, ...]] = {}
    states: set[str] = set()
    place = -1
    for place, row in enumerate(source.rows()):
        cells = row.cells
        ids = tuple(cells.get(column, "").strip() for column in key)
        if not ids[0]:
            continue
        if ids in last:
            chains[last[ids][0]] = ids
        last[ids] = (place, row.line)
        if len(states) < _MOST_WORDS and (state := cells.get("status")):
            states.add(" ".join(state.casefold().split()))
    return Survey(place + 1, {earlier: last[ids][1] for earlier, ids in chains.items()}, frozenset(states))
