"""Reading the audit trail: lines with the names of people, whether the chain holds over them, and all of it as CSV."""

from __future__ import annotations

import csv
import hmac
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.queries import audit as queries
from bot.store.queries import inbox as inbox_queries
from bot.store.queries.audit import Filters

CHECKED: Final = 2000
"""So many lines are checked for a page; `bot audit verify` checks all there are."""
EXPORTED: Final = 50_000
BATCH: Final = 1000
COLUMNS: Final = (
    "number", "at", "actor", "actor_name", "action", "object_type", "object_id", "object_name", "detail", "digest",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailLine:
    """One line."""

    seq: int
    at: datetime
    actor: str
    actor_name: str
    """A person's or program's; empty for the system's own."""
    action: str
    kind: str
    object_id: str
    object_name: str
    """A person's, where the object is one."""
    detail: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Whether each line follows from the one before, from `first` to `last`."""

    first: int
    last: int
    whole: bool
    """Whether that is all of what the page shows."""
    broken: int | None
    """The first line that does not follow."""


@dataclass(frozen=True, slots=True)
class TrailPage:
    """The newest lines, and the line before which the next page begins."""

    lines: Sequence[TrailLine]
    before: int | None
    chain: Chain | None


def read(connection: Connection, filters: Filters, *, before: int | None, checked: int = CHECKED) -> TrailPage:
    """One page, with the chain over it, as far as that is short enough."""
    rows = queries.page(connection, filters, before=before)
    shown = rows[: queries.PAGE]
    older = shown[-1].seq if len(rows) > queries.PAGE else None
    return TrailPage(_named(connection, shown), older, _chain(connection, [row.seq for row in shown], checked))


def _named(connection: Connection, rows: Sequence[AnyRow]) -> list[TrailLine]:
    ids = {row.actor for row in rows} | {row.object_id for row in rows if row.object_type == "user"}
    names = inbox_queries.names_of(connection, ids - {None}) if ids else {}
    return [
        TrailLine(
            seq=row.seq,
            at=row.at,
            actor=row.actor,
            actor_name=names.get(row.actor, ""),
            action=row.action,
            kind=row.object_type,
            object_id=row.object_id or "",
            object_name=names.get(row.object_id, "") if row.object_type == "user" else "",
            detail=row.detail,
            digest=row.digest,
        )
        for row in rows
    ]


def _chain(connection: Connection, numbers: Sequence[int], checked: int) -> Chain | None:
    if not numbers:
        return None
    first, last = min(numbers), max(numbers)
    rows = queries.stretch(connection, first, last, limit=checked)
    lines = rows[:checked] if len(rows) > checked else [row for row in rows if row.seq >= first]
    before = rows[-1].digest if len(rows) > len(lines) else audit.FIRST
    broken = None
    for row in reversed(lines):
        expected = audit.chained(before, {key: getattr(row, key) for key in audit.HASHED})
        if not hmac.compare_digest(expected, row.digest):
            broken = int(row.seq)
            break
        before = row.digest
    return Chain(lines[-1].seq, lines[0].seq, lines[-1].seq == first, broken)


def as_csv(clinic: Clinic, filters: Filters, *, batch: int = BATCH, at_most: int = EXPORTED) -> Iterator[str]:
    """Every line of these filters, the newest first, so many at most; one that is left out is said so at the end."""
    yield _row(COLUMNS)
    before, count = None, 0
    while count < at_most:
        # A transaction for each batch: whoever saves a file slowly holds none open.
        with clinic.database.read() as connection:
            rows = queries.page(connection, filters, before=before, limit=batch)
            lines = _named(connection, rows[:batch])
        yield "".join(_row(_cells(line)) for line in lines)
        count += len(lines)
        if len(rows) <= batch:
            return
        before = rows[batch - 1].seq
    yield _row((f"There are more lines than {at_most}: choose a shorter time.",))


def _cells(line: TrailLine) -> Sequence[str]:
    detail = json.dumps(line.detail, ensure_ascii=False, sort_keys=True) if line.detail else ""
    names = (line.actor, line.actor_name, line.action, line.kind, line.object_id, line.object_name)
    return (str(line.seq), line.at.isoformat(), *names, detail, line.digest)


def _row(cells: Sequence[str]) -> str:
    out = io.StringIO()
    # What begins like a formula would be one in a spreadsheet.
    csv.writer(out).writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in cells])
    return out.getvalue()
