"""Segments: who is meant now, counts by language and by why texts would not reach somebody, and saved ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from bot.core import cohort
from bot.core.cohort import Age, AtRisk, Condition, Reach, Test
from bot.core.cohort_data import read, written
from bot.core.hours import local_day
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.inbox import Gone
from bot.services.today import risk_of
from bot.store.columns import AnyRow, new_id
from bot.store.queries import cohorts as queries
from bot.store.queries.cohorts import At
from bot.store.tables import Cohort, User

KIND: Final = "cohort"
LONGEST_NAME: Final = 80
MOST_SAVED: Final = 100
"""So many one person may keep."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many patients a condition means, by language and by whether texts would reach them."""

    by_language: Mapping[str, Mapping[Reach, int]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.of(reach) for reach in Reach)

    @property
    def reached(self) -> int:
        """Those whom texts reach, as far as the record says."""
        return self.of(Reach.REACHED)

    def of(self, reach: Reach) -> int:
        """Those who stand so, in any language."""
        return sum(numbers.get(reach, 0) for numbers in self.by_language.values())


class Stale(Exception):
    """Somebody else has changed it meanwhile."""


def moment(clinic: Clinic, now: datetime) -> At:
    """The moment as cohorts are looked up for it."""
    return At(now, local_day(now, clinic.settings.clinic_timezone))


def members(
    clinic: Clinic,
    connection: Connection,
    condition: Condition,
    *,
    locations: Sequence[str] = (),
    now: datetime,
    after: str = "",
) -> Iterator[Sequence[str]]:
    """Ids of everybody meant, in order, some thousand at a time; those behind `after` only. Nothing is kept."""
    at = moment(clinic, now)
    if not cohort.is_slow(condition):
        while found := queries.ids(connection, condition, at, locations=locations, after=after):
            yield found
            after = found[-1]
        return
    for rows in _batches(clinic, connection, condition, at, locations=locations, after=after):
        yield [row.patient_id for row in rows]


@dataclass(frozen=True, slots=True)
class Page:
    """Ids of those meant among the next patients; `after`: from where to go on, None at the end."""

    ids: Sequence[str]
    after: str | None


def page(
    clinic: Clinic,
    connection: Connection,
    condition: Condition,
    *,
    locations: Sequence[str],
    now: datetime,
    after: str,
    limit: int,
) -> Page:
    """The next of them, of so many looked at, at the most."""
    at = moment(clinic, now)
    if not cohort.is_slow(condition):
        ids = queries.ids(connection, condition, at, locations=locations, after=after, limit=limit)
        return Page(ids, ids[-1] if len(ids) == limit else None)
    rows = queries.rows(connection, condition, at, locations=locations, after=after, limit=limit)
    meant = _meant(clinic, connection, condition, rows, at)
    return Page([row.patient_id for row in meant], rows[-1].patient_id if len(rows) == limit else None)


def count(
    clinic: Clinic, connection: Connection, condition: Condition, *, locations: Sequence[str] = (), now: datetime
) -> Counts:
    """How many are meant now."""
    at, found = moment(clinic, now), Counter[tuple[str, Reach]]()
    if cohort.is_slow(condition):
        for rows in _batches(clinic, connection, condition, at, locations=locations, after=""):
            # Whether texts reach somebody is dearer to tell than their age: of those meant alone.
            found.update(queries.counts_of(connection, [row.patient_id for row in rows]))
    else:
        found.update(queries.counts(connection, condition, at, locations=locations))
    by_language: dict[str, dict[Reach, int]] = {}
    for (language, reach), number in found.items():
        by_language.setdefault(language, {})[reach] = number
    return Counts(dict(sorted(by_language.items(), key=lambda item: (-sum(item[1].values()), item[0]))))


def save(
    clinic: Clinic,
    *,
    cohort_id: str | None,
    name: str,
    condition: Condition,
    shared: bool,
    actor_id: str,
    now: datetime,
    version: int = 0,
) -> str | None:
    """Keep a segment, or change the one of that id and version; None without a name, or with too many of them.

    Raises LookupError for one that is not theirs to change, Stale when somebody else has changed it meanwhile,
    Malformed for a condition that could not be read again.
    """
    definition = written(condition)
    read(definition)
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        return None
    values = {"name": name, "definition": definition, "shared": shared, "updated_at": now}
    with clinic.database.begin() as connection:
        if cohort_id is None:
            kept = select(func.count()).select_from(Cohort).where(Cohort.owner_id == actor_id)
            if connection.execute(kept).scalar_one() >= MOST_SAVED:
                return None
            cohort_id = new_id()
            row = {"id": cohort_id, **values, "owner_id": actor_id, "version": 1, "created_at": now}
            connection.execute(insert(Cohort).values(**row))
        else:
            _change(connection, cohort_id, values, version=version, actor_id=actor_id)
        _note(connection, "cohort.save", cohort_id, {"definition": definition}, actor_id=actor_id, now=now)
    return cohort_id


def remove(clinic: Clinic, *, cohort_id: str, actor_id: str, now: datetime, force: bool = False) -> bool | Gone:
    """Forget a segment of one's own; `force` forgets a shared one of somebody else. False when it is not theirs."""
    with clinic.database.begin() as connection:
        row = connection.execute(select(Cohort.owner_id, Cohort.shared).where(Cohort.id == cohort_id)).first()
        if row is None:
            return Gone()
        if row.owner_id != actor_id and not (force and row.shared):
            return False
        connection.execute(delete(Cohort).where(Cohort.id == cohort_id))
        _note(connection, "cohort.remove", cohort_id, {}, actor_id=actor_id, now=now)
    return True


def seen_by(connection: Connection, user_id: str) -> Sequence[AnyRow]:
    """One's own segments and the shared ones, by name, with whose they are."""
    return connection.execute(
        select(*Cohort.__table__.c, User.name.label("owner"))
        .join(User, User.id == Cohort.owner_id)
        .where(or_(Cohort.owner_id == user_id, Cohort.shared.is_(True)))
        .order_by(func.lower(Cohort.name), Cohort.id)
    ).all()


def one(connection: Connection, cohort_id: str, user_id: str) -> AnyRow | None:
    """One of those."""
    query = select(*Cohort.__table__.c, User.name.label("owner")).join(User, User.id == Cohort.owner_id)
    mine = or_(Cohort.owner_id == user_id, Cohort.shared.is_(True))
    return connection.execute(query.where(Cohort.id == cohort_id, mine)).first()


def meaning(row: AnyRow) -> Condition:
    """What a saved segment means. Raises Malformed, for one of a version that is not this one's."""
    return read(row.definition)


def note_count(clinic: Clinic, cohort_id: str, total: int, now: datetime) -> None:
    """Remember how many there were."""
    with clinic.database.begin() as connection:
        connection.execute(update(Cohort).where(Cohort.id == cohort_id).values(counted=total, counted_at=now))


def _change(connection: Connection, cohort_id: str, values: Mapping[str, Any], *, version: int, actor_id: str) -> None:
    standing = connection.execute(select(Cohort.owner_id, Cohort.version).where(Cohort.id == cohort_id)).first()
    if standing is None or standing.owner_id != actor_id:
        raise LookupError(cohort_id)
    changed = connection.execute(
        update(Cohort)
        .where(Cohort.id == cohort_id, Cohort.version == version)
        .values(**values, version=version + 1, counted=None, counted_at=None)
    )
    if not changed.rowcount:
        raise Stale


def _note(
    connection: Connection, action: str, cohort_id: str, detail: Mapping[str, Any], *, actor_id: str, now: datetime
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=action, object_type=KIND, object_id=cohort_id, detail=detail
    )


def _batches(
    clinic: Clinic, connection: Connection, condition: Condition, at: At, *, locations: Sequence[str], after: str
) -> Iterator[Sequence[AnyRow]]:
    """Everybody meant, where some of it is found out here: a batch is held at a time, and no birth date longer."""
    while rows := queries.rows(connection, condition, at, locations=locations, after=after):
        if meant := _meant(clinic, connection, condition, rows, at):
            yield meant
        after = rows[-1].patient_id


def _meant(
    clinic: Clinic, connection: Connection, condition: Condition, rows: Sequence[AnyRow], at: At
) -> Sequence[AnyRow]:
    """Those of these patients for whom it holds."""
    left = cohort.left_over(condition)
    tests = list(cohort.leaves(left))
    risks = _risks(connection, [row.patient_id for row in rows], tests, at)
    return [row for row in rows if cohort.holds(left, _known(clinic, row, tests, risks, at.today))]


def _known(
    clinic: Clinic, row: AnyRow, tests: Sequence[Test], risks: Mapping[Test, frozenset[str]], today: date
) -> Mapping[Test, bool]:
    known: dict[Test, bool] = {}
    for number, test in enumerate(tests):
        match test:
            case Age():
                known[test] = _is_aged(clinic, row, test, today)
            case AtRisk():
                known[test] = row.patient_id in risks[test]
            case _:
                known[test] = bool(getattr(row, f"t{number}"))
    return known


def _is_aged(clinic: Clinic, row: AnyRow, test: Age, today: date) -> bool:
    born = clinic.vault.maybe_open("patients.birth_date", row.patient_id, row.birth_date)
    if born is None:
        return False
    day = date.fromisoformat(born)
    years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return (test.least is None or years >= test.least) and (test.most is None or years <= test.most)


def _risks(
    connection: Connection, patient_ids: Sequence[str], tests: Sequence[Test], at: At
) -> Mapping[Test, frozenset[str]]:
    """Of each test of risk, those of these patients who are at it."""
    return {
        test: frozenset(
            row.patient_id
            for row in queries.at_risk(connection, patient_ids, at, test.within_days)
            if risk_of(row).points >= test.points
        )
        for test in tests
        if isinstance(test, AtRisk)
    }
