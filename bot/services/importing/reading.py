"""CSV as clinics export it: any of three delimiters, quoted line breaks, torn quotes, ragged rows; streamed."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from bot.core.rows import RawRow, Unreadable
from bot.services.importing.decoding import encoding_of

DELIMITERS = (",", ";", "\t")
LINES_IN_A_ROW = 40
LONGEST_LINE = 100_000
_SEPARATOR_LINE = "sep="
_NO_CELLS: dict[str, str] = {}


class CsvFile:
    """A CSV file of one kind of row. Raises Unreadable where the file as a whole cannot be taken."""

    unit = "line"

    def __init__(self, stream: IO[bytes], *, known: Collection[str], required: Sequence[str]) -> None:
        encoding = encoding_of(stream)
        self._stream, self._encoding, self.remark = stream, encoding.name, encoding.remark
        self._known = frozenset(known)
        with self._lines() as lines:
            self._delimiter = self._find_delimiter(lines)
        with self._lines() as lines:
            self._names, twice = self._header(_records(lines, self._delimiter))
        if twice:
            named = f"column {', '.join(twice)}: named more than once, the first is taken"
            self.remark = f"{self.remark}; {named}" if self.remark else named
        self.columns = frozenset(name for name in self._names if name)
        if missing := [name for name in required if name not in self.columns]:
            raise Unreadable(f"no column {', '.join(missing)}: the header row must name {', '.join(required)}")

    def rows(self) -> Generator[RawRow]:
        """Every row after the header that is not blank."""
        with self._lines() as lines:
            records = _records(lines, self._delimiter)
            self._header(records)
            for record in records:
                if record.fault or any(value.strip() for value in record.values):
                    yield self._row(record)

    def _row(self, record: _Record) -> RawRow:
        if record.fault:
            return RawRow(record.line, _NO_CELLS, record.fault)
        values, width = record.values, len(self._names)
        if len(values) > width and any(value.strip() for value in values[width:]):
            return RawRow(record.line, _NO_CELLS, f"cells: {len(values)}, where the header has {width}")
        cells = {name: value for name, value in zip(self._names, values, strict=False) if name}
        if len(values) < width:
            # What is cut off is not said to be empty: nobody's number is given up for a torn line.
            short = f"cells: {len(values)}, where the header has {width}; the others are left as they are"
            return RawRow(record.line, cells, None, short, frozenset(cells))
        return RawRow(record.line, cells)

    def _header(self, records: Iterator[_Record]) -> tuple[list[str], list[str]]:
        """The known column names in their places, an empty string for any other; and those that come again."""
        for record in records:
            if record.fault is None and any(value.strip() for value in record.values):
                if len(record.values) <= 2 and record.values[0].casefold().startswith(_SEPARATOR_LINE):
                    continue
                names = [name if (name := _folded(value)) in self._known else "" for value in record.values]
                twice = [name for place, name in enumerate(names) if name and name in names[:place]]
                first = ["" if name in names[:place] else name for place, name in enumerate(names)]
                return first, list(dict.fromkeys(twice))
        raise Unreadable("the file has no header row")

    def _find_delimiter(self, lines: _Lines) -> str:
        for line in lines:
            text = line.strip()
            lines.record.clear()
            if text.casefold().startswith(_SEPARATOR_LINE) and len(text) <= len(_SEPARATOR_LINE) + 1:
                continue
            if text:
                return max(DELIMITERS, key=lambda delimiter: self._known_names(line, delimiter))
        return ","

    def _known_names(self, line: str, delimiter: str) -> int:
        return sum(_folded(value) in self._known for value in next(csv.reader([line], delimiter=delimiter), []))

    @contextmanager
    def _lines(self) -> Iterator[_Lines]:
        self._stream.seek(0)
        text = io.TextIOWrapper(self._stream, encoding=self._encoding, errors="replace", newline="")
        try:
            yield _Lines(text)
        finally:
            # The wrapper would close the caller's stream with itself.
            text.detach()


class _Record:
    __slots__ = ("fault", "line", "values")

    def __init__(self, line: int, values: list[str], fault: str | None = None) -> None:
        self.line, self.values, self.fault = line, values, fault


class _Torn(Exception):
    """A row that goes on for too long: a quote that nobody closed, or a line without an end."""


class _Lines:
    """Physical lines, counted, with those of the row being read at hand to be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._waiting: deque[str] = deque()
        self.record: list[str] = []
        self.number = 0
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.record) >= LINES_IN_A_ROW:
            raise _Torn
        line = self._waiting.popleft() if self._waiting else self._read()
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.record.append(line)
        return line

    def give_back(self) -> None:
        """All lines of the present row but its first are to be read again, as rows of their own."""
        rest = self.record[1:]
        self._waiting.extendleft(reversed(rest))
        self.number -= len(rest)
        self.ended = False

    def _read(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._text.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            self.number += 1
            raise _Torn
        return line


def _records(lines: _Lines, delimiter: str) -> Iterator[_Record]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        lines.record.clear()
        start = lines.number + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except (_Torn, csv.Error):
            values = None
        if values is None or (len(lines.record) > 1 and _is_torn(lines, delimiter)):
            lines.give_back()
            reader = csv.reader(lines, delimiter=delimiter)
            yield _Record(start, [], "a quote that is never closed, or a line too long to be a row")
            continue
        yield _Record(start, values)


def _is_torn(lines: _Lines, delimiter: str) -> bool:
    """Whether a row over several lines is several rows, the first with a quote that nobody closed.

    The next quote in the file closes it then, and what was to be quoted follows: one patient with another one's phone.
    """
    # A quote open at the end of the file has swallowed every row after it.
    if lines.ended and "".join(lines.record).count('"') % 2:
        return True
    try:
        next(csv.reader(lines.record, delimiter=delimiter, strict=True), None)
    except csv.Error:
        return True
    return False


def _folded(name: str) -> str:
    return "_".join(name.strip().strip("\ufeff").casefold().replace("-", " ").replace("_", " ").split())
