"""`bot import`: patients, visits, recalls and referrals from CSV, and all of them from FHIR."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from bot.cli import start
from bot.core.rows import Kind, RowSource, Unreadable
from bot.services.importing import Fault, ImportReport, run_import, run_rows
from bot.services.resources import UnreadableResources, take_over

ACTOR = "cli"
FHIR_ORDER = (
    Kind.PATIENTS,
    Kind.CONTACTS,
    Kind.CONSENTS,
    Kind.APPOINTMENTS,
    Kind.REFERRALS,
    Kind.TASKS,
    Kind.DISCHARGES,
    Kind.CONDITIONS,
)
_IN_MEMORY = 16 << 20
_COUNTS = ("added", "changed", "unchanged", "rejected", "warnings")

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
assume_option = click.option(
    "--assume-consent",
    is_flag=True,
    help="State for the clinic that it holds the consent of patients for whom the file says neither yes nor no.",
)


class Kinds(click.Group):
    """A group whose commands are kinds of rows; an unknown one is told in one line (exit 2)."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(f"there is no kind {args[0]!r}; there are {', '.join(self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


@click.group(name="import", cls=Kinds, no_args_is_help=True)
def import_() -> None:
    """Load or update rows, keyed by their ids. Bad rows are listed with line and reason, good ones are kept."""


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
@assume_option
def patients(file: Path, *, dry_run: bool, assume_consent: bool) -> None:
    """Load patients from a CSV file: patient_id, given_name, family_name, birth_date, phone, language, …"""
    _load(Kind.PATIENTS, file, dry_run=dry_run, assume_consent=assume_consent)


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
def appointments(file: Path, *, dry_run: bool) -> None:
    """Load appointments from a CSV file: appointment_id, patient_id, starts_at, duration_minutes, timezone, …"""
    _load(Kind.APPOINTMENTS, file, dry_run=dry_run)


@import_.command("resources")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def resources_(file: Path) -> None:
    """Load community resources from HSDS 3.0 JSON (Open Referral), or CSV: name, category, phone, url, languages, …"""
    clinic = start.clinic()
    try:
        with start.plainly():
            taken = take_over(clinic, file.read_bytes(), actor=ACTOR, now=clinic.clock())
    except UnreadableResources as error:
        start.fail(f"{file.name}: {error}")
    for fault in taken.faults:
        click.echo(f"{file.name}: {fault}", err=True)
    click.echo(f"{taken.new} new, {taken.changed} brought up to date, {len(taken.faults)} rejected")
    sys.exit(1 if taken.faults else 0)


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
def recalls(file: Path, *, dry_run: bool) -> None:
    """Load recalls from a CSV file: recall_id, patient_id, measure, due_date, payer."""
    _load(Kind.RECALLS, file, dry_run=dry_run)


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
def discharges(file: Path, *, dry_run: bool) -> None:
    """Load discharges from a CSV file: discharge_id, patient_id, discharged_at, facility, risk."""
    _load(Kind.DISCHARGES, file, dry_run=dry_run)


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
def refills(file: Path, *, dry_run: bool) -> None:
    """Load refills from a CSV file: refill_id, patient_id, due_on, medicine, pharmacy, status."""
    _load(Kind.REFILLS, file, dry_run=dry_run)


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
def conditions(file: Path, *, dry_run: bool) -> None:
    """Load conditions, by which lessons begin, from a CSV file: condition_id, patient_id, condition, status."""
    _load(Kind.CONDITIONS, file, dry_run=dry_run)


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
def referrals(file: Path, *, dry_run: bool) -> None:
    """Load referrals from a CSV file: referral_id, patient_id, specialty, referred_to, status, …"""
    _load(Kind.REFERRALS, file, dry_run=dry_run)


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
def waitlist(file: Path, *, dry_run: bool) -> None:
    """Load who would come sooner: waitlist_id, patient_id, service, location, priority, since, …"""
    _load(Kind.WAITLIST, file, dry_run=dry_run)


@import_.command()
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@dry_run_option
@assume_option
def fhir(files: tuple[Path, ...], *, dry_run: bool, assume_consent: bool) -> None:
    """Load FHIR R4 Bundles (JSON) or NDJSON: Patient, RelatedPerson, Consent, Appointment, ServiceRequest, …"""
    clinic = start.clinic()
    # Here and not above: only this command needs the runtime before the settings are known to be right.
    from bot.runtime import open_fhir

    promised: set[str] = set()
    reports = []
    with start.plainly(), _streams(files) as streams:
        bundles = []
        for file, stream in zip(files, streams, strict=True):
            try:
                bundles.append(open_fhir(stream))
            except Unreadable as error:
                start.fail(f"{file.name}: {error}")
        for kind in FHIR_ORDER:
            for file, bundle in zip(files, bundles, strict=True):
                source: RowSource = bundle.of(kind)
                with _bar(str(kind)) as progress:
                    reports.append(
                        run_rows(
                            clinic,
                            kind,
                            source,
                            file_name=file.name,
                            actor=ACTOR,
                            dry_run=dry_run,
                            assume_consent=assume_consent,
                            promised=promised,
                            progress=progress,
                            on_fault=_tell(file.name if len(files) > 1 else None),
                        )
                    )
    for file, bundle in zip(files, bundles, strict=True):
        for name, count in sorted(bundle.skipped().items()):
            click.echo(f"{file.name}: {count} {name} left out: not a kind that is imported", err=True)
    if any(bundle.skipped() for bundle in bundles) and not any(report.rows for report in reports):
        sys.exit(1)
    _conclude(reports, dry_run=dry_run)


def _load(kind: Kind, file: Path, *, dry_run: bool, assume_consent: bool = False) -> None:
    clinic = start.clinic()
    with start.plainly(), _streams((file,)) as (stream,), _bar(str(kind)) as progress:
        try:
            report = run_import(
                clinic,
                kind,
                stream,
                file_name=file.name,
                actor=ACTOR,
                dry_run=dry_run,
                assume_consent=assume_consent,
                progress=progress,
                on_fault=_tell(None),
            )
        except Unreadable as error:
            start.fail(f"{file.name}: {error}")
    _conclude([report], dry_run=dry_run)


def _conclude(reports: list[ImportReport], *, dry_run: bool) -> None:
    """The last line on stdout, and the exit status: 1 when any row was refused."""
    for kind in dict.fromkeys(report.kind for report in reports):
        same = [report for report in reports if report.kind == kind]
        sums = {name: sum(getattr(report, name) for report in same) for name in ("rows", *_COUNTS)}
        if sums["rows"] or len(reports) == 1:
            counts = ", ".join(f"{sums[name]} {name}" for name in _COUNTS)
            click.echo(f"{kind}: {sums['rows']} rows: {counts}{' (dry run: nothing was changed)' if dry_run else ''}")
    if not any(report.rows for report in reports):
        click.echo("nothing to import", err=True)
    if not all(report.ok for report in reports):
        sys.exit(1)


@contextmanager
def _streams(files: tuple[Path, ...]) -> Iterator[list[IO[bytes]]]:
    """The files, open and rewindable; one that cannot be opened ends the command with one line."""
    streams: list[IO[bytes]] = []
    try:
        for file in files:
            streams.append(_open(file))
        yield streams
    finally:
        for stream in streams:
            stream.close()


def _open(file: Path) -> IO[bytes]:
    try:
        stream: IO[bytes] = sys.stdin.buffer if str(file) == "-" else file.open("rb")
        if stream.seekable():
            return stream
        # A pipe is gone through twice too, so it is kept: in memory, or in a file that has no name.
        copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
        while block := stream.read(1 << 16):
            copy.write(block)
        stream.close()
        return copy
    except OSError as error:
        start.fail(f"{file}: {error.strerror or 'cannot be read'}")


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on stderr where that is a terminal; nothing where it is a file or a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=0, label=label, file=sys.stderr) as bar:

        def progress(done: int, rows: int) -> None:
            bar.length = rows
            bar.update(done - bar.pos)

        yield progress


def _tell(file: str | None) -> Callable[[Fault], None]:
    # On a terminal the bar stands in the line: it is wiped first.
    wipe = "\r\033[K" if sys.stderr.isatty() else ""
    before = f"{file}: " if file else ""
    return lambda fault: click.echo(f"{wipe}{before}{fault}", err=True)
