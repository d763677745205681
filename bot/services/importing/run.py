"""One import from first row to report: chunks of a thousand rows, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import IO, Any

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from bot.core.rows import Kind, RawRow, RowSource, Unreadable
from bot.services import audit, fuses
from bot.services.clinic import Clinic
from bot.services.importing.cells import BadCell, Cells
from bot.services.importing.context import Context, Stored
from bot.services.importing.kinds import LOADERS, Loader
from bot.services.importing.reading import CsvFile
from bot.services.importing.report import Fault, ImportReport, Tally
from bot.services.importing.survey import Survey, survey
from bot.store.columns import new_id
from bot.store.database import DatabaseDown
from bot.store.tables import ImportFault, ImportRun

CHUNK = 1000
TRIES = 3
_LONGEST_REASON = 240
_LONGEST_FILE_NAME = 120

Progress = Callable[[int, int], None]
"""Called with the rows done so far and the rows there are."""

_ADD_RUN = insert(ImportRun.__table__)  # type: ignore[arg-type]
_ADD_FAULT = insert(ImportFault.__table__)  # type: ignore[arg-type]


class _DryRun(Exception):
    """Ends a transaction that must leave nothing behind."""


def run_import(
    clinic: Clinic,
    kind: Kind,
    stream: IO[bytes],
    *,
    file_name: str,
    actor: str,
    dry_run: bool,
    assume_consent: bool = False,
    most_rows: int | None = None,
    progress: Progress | None = None,
    on_fault: Callable[[Fault], None] | None = None,
) -> ImportReport:
    """Load a CSV file of one kind from a binary stream that can be rewound. Raises Unreadable and DatabaseDown."""
    loader = LOADERS[kind]
    source = CsvFile(stream, known=loader.columns, required=loader.required)
    return run_rows(
        clinic,
        kind,
        source,
        file_name=file_name,
        actor=actor,
        dry_run=dry_run,
        assume_consent=assume_consent,
        most_rows=most_rows,
        progress=progress,
        on_fault=on_fault,
    )


def run_rows(
    clinic: Clinic,
    kind: Kind,
    source: RowSource,
    *,
    file_name: str,
    actor: str,
    dry_run: bool,
    assume_consent: bool = False,
    promised: set[str] | None = None,
    most_rows: int | None = None,
    progress: Progress | None = None,
    on_fault: Callable[[Fault], None] | None = None,
) -> ImportReport:
    """Load rows of one kind from any source. `promised` carries, from one dry run to the next, patients to be added.

    Chunks that are through stay, whatever happens to a later one: run again, the import goes on where it has to.
    """
    loader = LOADERS[kind]
    found = survey(source, key=loader.key)
    if most_rows is not None and found.rows > most_rows:
        raise Unreadable(f"it has more than {most_rows:,} rows; load it with bot import {kind}, or in parts")
    context = Context(
        vault=clinic.vault,
        country=clinic.settings.country,
        zone=clinic.settings.clinic_timezone,
        now=clinic.clock(),
        actor=actor,
        import_id=new_id(),
        assume_consent=assume_consent,
        dry_run=dry_run,
        states=found.states,
        measures=clinic.measures,
        series=clinic.series,
        promised=promised if promised is not None else set(),
    )
    name = file_name.replace("\0", "")[-_LONGEST_FILE_NAME:]
    run = _Run(clinic, loader, context, source, found, on_fault)
    run.begin(kind, name)
    # Closed here, not when it is forgotten: the caller's stream may be closed by then.
    with closing(run.chunks()) as chunks:
        for done in chunks:
            if progress:
                progress(done, found.rows)
    run.finish(kind)
    counts = run.tally.counts()
    faults = tuple(run.tally.faults)
    return ImportReport(
        import_id=context.import_id, kind=kind, file_name=name, dry_run=dry_run, faults=faults, **counts
    )


class _Run:
    """An import under way."""

    def __init__(
        self,
        clinic: Clinic,
        loader: Loader,
        context: Context,
        source: RowSource,
        found: Survey,
        on_fault: Callable[[Fault], None] | None,
    ) -> None:
        self.clinic, self.loader, self.context, self.source, self.found = clinic, loader, context, source, found
        self.on_fault = on_fault
        self.tally = Tally()

    def begin(self, kind: Kind, file_name: str) -> None:
        """Write down that an import has begun, and what is to be said about the file as a whole."""
        if not self.context.dry_run:
            with self.clinic.database.begin() as connection:
                row = {"id": self.context.import_id, "kind": kind, "file_name": file_name, **self.tally.counts()}
                row |= {"actor": self.context.actor, "started_at": self.context.now, "finished_at": None}
                connection.execute(_ADD_RUN, row)
        if self.source.remark:
            self._settle(0, [], [Fault(0, None, self.source.remark, warning=True)])

    def chunks(self) -> Generator[int]:
        """Load chunk after chunk; after each, how many rows are through."""
        with closing(self.source.rows()) as source:
            rows = enumerate(source)
            while chunk := list(islice(rows, CHUNK)):
                parsed, faults = self._parse(chunk)
                self._settle(len(chunk), parsed, faults)
                yield self.tally.rows

    def finish(self, kind: Kind) -> None:
        """Write down that it is through, and by whom."""
        if self.context.dry_run:
            return
        with self.clinic.database.begin() as connection:
            at = self.clinic.clock()
            self._count(connection, finished_at=at)
            audit.record(
                connection,
                at=at,
                actor=self.context.actor,
                action="import",
                object_type="import",
                object_id=self.context.import_id,
                detail={"kind": str(kind), **self.tally.counts()},
            )

    def _parse(self, chunk: list[tuple[int, RawRow]]) -> tuple[list[Any], list[Fault]]:
        """Read the rows of a chunk, outside of any transaction."""
        parsed, faults = [], []
        for place, row in chunk:
            if row.fault:
                faults.append(self._fault(row.line, None, row.fault))
                continue
            if place in self.found.overtaken:
                again = f"the same id again in {self.source.unit} {self.found.overtaken[place]}, which counts"
                faults.append(self._fault(row.line, self.loader.key[0], again, warning=True))
                continue
            cells = Cells(row, self.source.columns if row.columns is None else row.columns)
            try:
                parsed.append(self.loader.parse(cells, self.context))
                faults += [self._fault(row.line, column, reason, warning=True) for column, reason in cells.warnings]
            except BadCell as error:
                faults.append(self._fault(row.line, error.column, f"{error.kind}: {error.reason}"))
        return parsed, faults

    def _fault(self, line: int, column: str | None, reason: str, *, warning: bool = False) -> Fault:
        return Fault(line, column, reason[:_LONGEST_REASON], warning, self.source.unit)

    def _settle(self, rows: int, parsed: list[Any], read_faults: list[Fault]) -> None:
        """Write a chunk. Another import, or a text, may get in the way on the same rows: then once more."""
        for attempt in range(1, TRIES + 1):
            try:
                faults = self._write(rows, parsed, read_faults)
                break
            except (IntegrityError, DatabaseDown):
                if attempt == TRIES:
                    raise
        if self.on_fault:
            for fault in faults:
                self.on_fault(fault)

    def _write(self, rows: int, parsed: list[Any], faults: list[Fault]) -> list[Fault]:
        context = replace(self.context, now=self.clinic.clock())
        tally, stored = replace(self.tally, faults=list(self.tally.faults)), Stored()
        try:
            with self.clinic.database.begin() as connection:
                if parsed:
                    stored = self.loader.store(connection, parsed, context)
                found = [replace(fault, unit=self.source.unit) for fault in stored.faults]
                faults = sorted([*faults, *found], key=lambda fault: fault.line)
                tally.rows += rows
                tally.added += stored.added
                tally.changed += stored.changed
                tally.unchanged += stored.unchanged
                tally.note(faults)
                if context.dry_run:
                    raise _DryRun
                if stored.changed and self.loader is LOADERS[Kind.APPOINTMENTS]:
                    fuses.watch_import(connection, self.clinic, self.context.import_id, self.context.now, context.now)
                self._keep(connection, faults)
                self._count(connection, tally)
        except _DryRun:
            pass
        self.tally = tally
        return faults

    def _keep(self, connection: Connection, faults: list[Fault]) -> None:
        rows = [
            {
                "id": new_id(),
                "import_id": self.context.import_id,
                "line": fault.line,
                "column": fault.column,
                "reason": fault.reason,
                "warning": fault.warning,
            }
            for fault in faults
        ]
        if rows:
            connection.execute(_ADD_FAULT, rows)

    def _count(self, connection: Connection, tally: Tally | None = None, **values: Any) -> None:
        run = update(ImportRun).where(ImportRun.id == self.context.import_id)
        connection.execute(run.values(**(tally or self.tally).counts(), **values))
