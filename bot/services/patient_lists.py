"""Lists of patients that somebody uploads: a CSV file of ids, looked up line by line; the file is not kept longer."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from bot.core.chores import ChoreKind
from bot.core.rows import RawRow
from bot.services import audit, chores
from bot.services.chores import GivenUp, Held
from bot.services.clinic import Clinic
from bot.services.importing import Unreadable
from bot.services.importing.reading import CsvFile
from bot.services.inbox import Gone
from bot.store.bulk import put_many
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import chores as queries
from bot.store.queries.scope import within
from bot.store.tables import ListedPatient, Patient, PatientList, User

COLUMN: Final = "patient_id"
MOST_ROWS: Final = 200_000
MOST_LISTS: Final = 100
"""So many one person may keep."""
LINES_TOLD: Final = 500
BATCH: Final = 1_000
LONGEST_NAME: Final = 80
SEALED_AS: Final = "chores.file"
TOLD_FOR: Final = timedelta(days=1)
MOST_TOLD: Final = 20


@dataclass(slots=True)
class Uploaded:
    """What became of a file. Lines are those of the file, the header being 1; no id is repeated."""

    list_id: str = ""
    rows: int = 0
    """Looked at so far."""
    size: int = 0
    twice: int = 0
    unknown: int = 0
    unknown_lines: list[int] = field(default_factory=list)
    """The first of them."""
    bad: int = 0
    bad_lines: list[int] = field(default_factory=list)
    """Rows that cannot be read, or have no id."""
    remark: str | None = None
    is_done: bool = True
    """Whether all rows have been looked at; else a worker goes on."""


@once_more
def upload(
    clinic: Clinic, content: bytes, *, name: str, locations: Sequence[str], actor_id: str, now: datetime
) -> Uploaded:
    """Keep the patients whom the file names, of those places. Raises Unreadable; nothing is kept then.

    A small file is looked through at once. Of a large one a worker goes on: until then its own bytes are kept, sealed.
    """
    file = _read(content)
    list_id, chore_id = new_id(), new_id()
    told = asdict(Uploaded(list_id=list_id, remark=file.remark, is_done=False))
    with clinic.database.begin() as connection:
        kept = select(func.count()).select_from(PatientList).where(PatientList.owner_id == actor_id)
        if connection.execute(kept).scalar_one() >= MOST_LISTS:
            raise Unreadable(f"you keep {MOST_LISTS} lists: remove one first")
        row = {"id": list_id, "name": name, "owner_id": actor_id, "size": 0, "chore_id": chore_id, "created_at": now}
        connection.execute(insert(PatientList).values(**row))
        chores.add(
            connection, ChoreKind.LIST, list_id, chore_id=chore_id, author_id=actor_id, now=now,
            data={"name": name, "locations": list(locations), "told": told}, total=_lines(content),
            file=clinic.vault.seal(SEALED_AS, chore_id, content.decode("latin-1")),
        )  # fmt: skip
    chores.at_once(clinic, ChoreKind.LIST, look_up, chore_id)
    with clinic.database.read() as connection:
        chore = queries.one(connection, chore_id)
    assert chore is not None, "chores are kept"
    if chore.error is not None:
        raise Unreadable(str(chore.error))
    return told_of(chore)


def told_of(chore: AnyRow) -> Uploaded:
    """What became of a file so far."""
    return Uploaded(**chore.data["told"])


def look_up(clinic: Clinic, held: Held, *, together: int = BATCH) -> Generator[None]:
    """Go on until every row of the file has been looked at."""
    assert held.file is not None, "a list that is not done has its file"
    file = _read(clinic.vault.open(SEALED_AS, held.id, held.file).encode("latin-1"))
    told = Uploaded(**held.data["told"])
    rows = islice(file.rows(), told.rows, None)
    while not held.is_finished:
        some = list(islice(rows, together))
        try:
            with held.step() as connection:
                standing = select(PatientList.id).where(PatientList.id == held.subject_id).with_for_update()
                if connection.execute(standing).first() is None:
                    raise GivenUp("not-wanted")
                _take(connection, some, held.data["locations"], told)
                if len(some) < together:
                    _end(connection, held, told, clinic.clock())
                held.done = told.rows
                held.data["told"] = asdict(told)
        except Unreadable as error:
            with clinic.database.begin() as connection:
                forget(connection, held.subject_id)
            raise GivenUp(str(error)) from None
        yield


def _end(connection: Connection, held: Held, told: Uploaded, now: datetime) -> None:
    if not told.size:
        raise Unreadable("it names no patient who is known here")
    told.is_done = held.is_finished = True
    held.total = told.rows
    made = PatientList.__table__.update().where(PatientList.id == held.subject_id)  # type: ignore[attr-defined]
    connection.execute(made.values(size=told.size, unknown=told.unknown, chore_id=None))
    audit.record(
        connection, at=now, actor=held.author_id, action="list.upload", object_type="patient-list",
        object_id=held.subject_id, detail={"size": told.size, "unknown": told.unknown, "bad": told.bad},
    )  # fmt: skip


def forget(connection: Connection, list_id: str) -> None:
    """Keep nothing of a list."""
    connection.execute(delete(ListedPatient).where(ListedPatient.list_id == list_id))
    connection.execute(delete(PatientList).where(PatientList.id == list_id))


def _read(content: bytes) -> CsvFile:
    return CsvFile(io.BytesIO(content), known=(COLUMN,), required=(COLUMN,))


def _lines(content: bytes) -> int:
    """How many rows there may be: what somebody who waits is shown."""
    return max(content.count(b"\n"), content.count(b"\r"))


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of the last day of which there is something to tell."""

    name: str
    told: Uploaded
    total: int
    error: str | None

    @property
    def is_open(self) -> bool:
        """Whether a worker is still at it."""
        return not self.told.is_done and self.error is None


def uploads(connection: Connection, author_id: str, now: datetime) -> Sequence[Upload]:
    """What somebody uploaded since yesterday: still being read, given up, or with lines that name nobody."""
    rows = queries.of(connection, author_id, ChoreKind.LIST, since=now - TOLD_FOR, limit=MOST_TOLD)
    found = [Upload(row.data["name"], told_of(row), row.total or 0, row.error) for row in rows]
    return [one for one in found if one.is_open or one.error or one.told.unknown or one.told.bad]


def remove(clinic: Clinic, *, list_id: str, actor_id: str, now: datetime) -> bool | Gone:
    """Forget a list of one's own. False when it is not theirs."""
    with clinic.database.begin() as connection:
        owner = connection.execute(select(PatientList.owner_id).where(PatientList.id == list_id)).scalar_one_or_none()
        if owner is None:
            return Gone()
        if owner != actor_id:
            return False
        forget(connection, list_id)
        audit.record(
            connection, at=now, actor=actor_id, action="list.remove", object_type="patient-list", object_id=list_id
        )
    return True


def all_of(connection: Connection) -> Sequence[AnyRow]:
    """Every list that is complete, the newest first, with whose it is."""
    return connection.execute(
        select(*PatientList.__table__.c, User.name.label("owner"))
        .join(User, User.id == PatientList.owner_id)
        .where(PatientList.chore_id.is_(None))
        .order_by(PatientList.created_at.desc(), PatientList.id.desc())
        .limit(MOST_LISTS)
    ).all()


def _take(connection: Connection, rows: Sequence[RawRow], locations: Sequence[str], told: Uploaded) -> None:
    lines = list(_ids(rows, told))
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
    fresh = [{"list_id": told.list_id, "patient_id": patient_id} for patient_id in found if patient_id not in before]
    put_many(connection, ListedPatient.__table__, fresh)
    told.size += len(fresh)


def _ids(rows: Sequence[RawRow], told: Uploaded) -> Iterator[tuple[int, str]]:
    for row in rows:
        told.rows += 1
        if told.rows > MOST_ROWS:
            raise Unreadable(f"it has more than {MOST_ROWS:,} rows")
        patient_id = row.cells.get(COLUMN, "").strip()
        if row.fault or not patient_id or len(patient_id) > 128 or "\0" in patient_id:
            told.bad += 1
            if len(told.bad_lines) < LINES_TOLD:
                told.bad_lines.append(row.line)
        else:
            yield row.line, patient_id


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
