"""Lists of patients that somebody uploads: a CSV file of ids, looked up line by line; the file is not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Final

from sqlalchemy import Connection, delete, func, insert, select

from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.importing import Unreadable
from bot.services.importing.reading import CsvFile
from bot.services.inbox import Gone
from bot.store.columns import AnyRow, new_id
from bot.store.queries.scope import within
from bot.store.tables import ListedPatient, Patient, PatientList, User

COLUMN: Final = "patient_id"
MOST_ROWS: Final = 200_000
MOST_LISTS: Final = 100
"""So many one person may keep."""
LINES_TOLD: Final = 500
BATCH: Final = 1_000
LONGEST_NAME: Final = 80
_ADD: Final = insert(ListedPatient.__table__)  # type: ignore[arg-type]


@dataclass(slots=True)
class Uploaded:
    """What became of a file. Lines are those of the file, the header being 1; no id is repeated."""

    list_id: str = ""
    size: int = 0
    twice: int = 0
    unknown: int = 0
    unknown_lines: list[int] = field(default_factory=list)
    """The first of them."""
    bad: int = 0
    bad_lines: list[int] = field(default_factory=list)
    """Rows that cannot be read, or have no id."""
    remark: str | None = None


def upload(
    clinic: Clinic, stream: IO[bytes], *, name: str, locations: Sequence[str], actor_id: str, now: datetime
) -> Uploaded:
    """Keep the patients whom the file names, of those places. Raises Unreadable; nothing is kept then."""
    file = CsvFile(stream, known=(COLUMN,), required=(COLUMN,))
    told = Uploaded(list_id=new_id(), remark=file.remark)
    with clinic.database.begin() as connection:
        kept = select(func.count()).select_from(PatientList).where(PatientList.owner_id == actor_id)
        if connection.execute(kept).scalar_one() >= MOST_LISTS:
            raise Unreadable(f"you keep {MOST_LISTS} lists: remove one first")
        row = {"id": told.list_id, "name": name, "owner_id": actor_id, "size": 0, "created_at": now}
        connection.execute(insert(PatientList).values(**row))
        ids = _ids(file, told)
        while lines := list(islice(ids, BATCH)):
            _take(connection, lines, locations, told)
        if not told.size:
            raise Unreadable("it names no patient who is known here")
        made = PatientList.__table__.update().where(PatientList.id == told.list_id)  # type: ignore[attr-defined]
        connection.execute(made.values(size=told.size, unknown=told.unknown))
        audit.record(
            connection, at=now, actor=actor_id, action="list.upload", object_type="patient-list",
            object_id=told.list_id, detail={"size": told.size, "unknown": told.unknown, "bad": told.bad},
        )  # fmt: skip
    return told


def remove(clinic: Clinic, *, list_id: str, actor_id: str, now: datetime) -> bool | Gone:
    """Forget a list of one's own. False when it is not theirs."""
    with clinic.database.begin() as connection:
        owner = connection.execute(select(PatientList.owner_id).where(PatientList.id == list_id)).scalar_one_or_none()
        if owner is None:
            return Gone()
        if owner != actor_id:
            return False
        connection.execute(delete(ListedPatient).where(ListedPatient.list_id == list_id))
        connection.execute(delete(PatientList).where(PatientList.id == list_id))
        audit.record(
            connection, at=now, actor=actor_id, action="list.remove", object_type="patient-list", object_id=list_id
        )
    return True


def all_of(connection: Connection) -> Sequence[AnyRow]:
    """Every list there is, the newest first, with whose it is."""
    return connection.execute(
        select(*PatientList.__table__.c, User.name.label("owner"))
        .join(User, User.id == PatientList.owner_id)
        .order_by(PatientList.created_at.desc(), PatientList.id.desc())
        .limit(MOST_LISTS)
    ).all()


def _ids(file: CsvFile, told: Uploaded) -> Iterator[tuple[int, str]]:
    for number, row in enumerate(file.rows(), start=1):
        if number > MOST_ROWS:
            raise Unreadable(f"it has more than {MOST_ROWS:,} rows")
        patient_id = row.cells.get(COLUMN, "").strip()
        if row.fault or not patient_id or len(patient_id) > 128 or "\0" in patient_id:
            told.bad += 1
            if len(told.bad_lines) < LINES_TOLD:
                told.bad_lines.append(row.line)
        else:
            yield row.line, patient_id


def _take(
    connection: Connection, lines: Sequence[tuple[int, str]], locations: Sequence[str], told: Uploaded
) -> None:
    known = _known(connection, {patient_id for _line, patient_id in lines}, locations)
    found: dict[str, None] = {}
    for line, patient_id in lines:
        if patient_id not in known:
            told.unknown += 1
            if len(told.unknown_lines) < LINES_TOLD:
                told.unknown_lines.append(line)
        elif known[patient_id] in found:
            told.twice += 1
        else:
            found[known[patient_id]] = None
    there = select(ListedPatient.patient_id).where(
        ListedPatient.list_id == told.list_id, ListedPatient.patient_id.in_(found)
    )
    before = set(connection.execute(there).scalars())
    told.twice += len(before)
    rows = [{"list_id": told.list_id, "patient_id": patient_id} for patient_id in found if patient_id not in before]
    if rows:
        connection.execute(_ADD, rows)
        told.size += len(rows)


def _known(connection: Connection, ids: set[str], locations: Sequence[str]) -> Mapping[str, str]:
    """Those that are known here, each with the record that stands for it now."""
    query = select(Patient.patient_id, Patient.replaced_by).where(
        Patient.patient_id.in_(ids), within(Patient.patient_id, locations)
    )
    found = {row.patient_id: row.replaced_by or row.patient_id for row in connection.execute(query)}
    merged = {into for own, into in found.items() if into != own}
    if merged:
        # The record that it was merged into need not be here yet.
        there = select(Patient.patient_id).where(Patient.patient_id.in_(merged), Patient.replaced_by.is_(None))
        here = set(connection.execute(there).scalars())
        found = {own: into for own, into in found.items() if into == own or into in here}
    return found
