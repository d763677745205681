"""The cells of one row: cleaned, measured, and refused or warned of by name, never by value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from unicodedata import category

from bot.core.rows import RawRow

LONGEST_ID = 128
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,2}")
_LONGEST_CELL = 2000
_BLANKS = frozenset("\t\r\n\v\f\u2028\u2029")
# By Unicode category: controls and line ends become a blank, halves of a surrogate pair nothing.
_REPLACED = {"Cc": " ", "Zl": " ", "Zp": " ", "Cs": ""}


class BadCell(Exception):
    """A cell for which its row is refused: which column, what kind of value it should hold, and why it does not."""

    def __init__(self, column: str, kind: str, reason: str) -> None:
        super().__init__(f"{column}: {kind}: {reason}")
        self.column, self.kind, self.reason = column, kind, reason


class Cells:
    """One row's cells by column name, and the warnings that reading them gave."""

    __slots__ = ("_cells", "columns", "line", "warnings")

    def __init__(self, row: RawRow, columns: frozenset[str]) -> None:
        self.line = row.line
        self.columns = columns
        self._cells: Mapping[str, str] = row.cells
        self.warnings: list[tuple[str | None, str]] = []
        if row.warning:
            self.warnings.append((None, row.warning))

    def warn(self, column: str, reason: str) -> None:
        """Note something about a cell that does not keep the row out."""
        self.warnings.append((column, reason))

    def text(self, column: str, *, limit: int = _LONGEST_CELL) -> str:
        """The cell without blanks around it and control characters in it, cut to `limit`; empty where there is none."""
        value = self._cells.get(column, "").strip()
        if not value.isprintable():
            value = self._printable(column, value)
        if len(value) > limit:
            self.warn(column, f"text: longer than {limit} characters, cut")
            value = value[:limit].rstrip()
        return value

    def lines(self, column: str) -> str:
        """The cell as it is but for blanks around it: phone cells hold line breaks that mean something."""
        return self._cells.get(column, "").strip()[:_LONGEST_CELL]

    def identifier(self, column: str) -> str:
        """The id in this cell. Raises BadCell where it is missing, too long, or holds what no id holds."""
        value = self._cells.get(column, "").strip()
        if not value:
            raise BadCell(column, "id", "missing")
        if len(value) > LONGEST_ID:
            raise BadCell(column, "id", f"longer than {LONGEST_ID} characters")
        if not value.isprintable():
            raise BadCell(column, "id", "holds control characters")
        if _SCIENTIFIC.fullmatch(value):
            # Whoever else's number began with the same digits has this id now too.
            raise BadCell(column, "id", "damaged by a spreadsheet: digits are lost")
        return value

    def _printable(self, column: str, value: str) -> str:
        if any(letter not in _BLANKS and category(letter) in ("Cc", "Cs") for letter in value):
            self.warn(column, "text: control characters left out")
        # Format characters stay: Persian and Indic names need the joiners among them.
        kept = ["" if letter == "\0" else _REPLACED.get(category(letter), letter) for letter in value]
        return " ".join("".join(kept).split())
