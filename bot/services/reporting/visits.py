"""What a day's visits come to: confirmed, missed, freed in time, and filled again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.core import reports
from bot.core.figures import Count
from bot.core.people import AppointmentStatus, Participation
from bot.services.reporting.people import People
from bot.services.touching import ASKING
from bot.store.columns import AnyRow
from bot.store.queries import report_facts as facts

IN_TIME: Final = timedelta(hours=24)
ASKING_KINDS: Final = tuple(f"appointment/{step}" for step in (*ASKING, "prompt"))
NEVER_BOOKED: Final = (AppointmentStatus.ENTERED_IN_ERROR, AppointmentStatus.PROPOSED, AppointmentStatus.WAITLIST)
OFF: Final = (AppointmentStatus.CANCELLED, AppointmentStatus.ENTERED_IN_ERROR)
CONFIRMED, ASKED, NOT_ASKED = "confirmed", "asked", "not-asked"


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in the day that came free, and when."""

    visit: AnyRow
    starts_at: datetime
    freed_at: datetime

    @property
    def key(self) -> tuple[str, str, datetime]:
        """What another visit must agree in to fill it."""
        return self.visit.location, self.visit.service, self.starts_at


def count_visits(connection: Connection, count: Count, people: People, since: datetime, until: datetime) -> None:
    """Visits of that time."""
    rows = facts.visits(connection, since, until)
    here = [row for row in rows if since <= row.starts_at < until and row.status not in NEVER_BOOKED]
    people.meet(row.patient_id for row in rows)
    asked = facts.asked(connection, [row.appointment_id for row in here], asking=ASKING_KINDS)
    for row in here:
        _count_visit(count, people, row, asked=row.appointment_id in asked)
    _count_slots(connection, count, people, rows, (since, until))


def _count_visit(count: Count, people: People, row: AnyRow, *, asked: bool) -> None:
    group, said_yes = people.group(row.patient_id, location=row.location), row.response is Participation.ACCEPTED
    if asked:
        count.add(reports.CONFIRMATION.name, group, row.patient_id, numerator=said_yes)
    if row.status in (AppointmentStatus.NOSHOW, AppointmentStatus.FULFILLED):
        arm = CONFIRMED if said_yes else ASKED if asked else NOT_ASKED
        missed = row.status is AppointmentStatus.NOSHOW
        count.add(reports.NO_SHOW.name, group, row.patient_id, numerator=missed, part=arm)


def _count_slots(
    connection: Connection, count: Count, people: People, rows: Sequence[AnyRow], span: tuple[datetime, datetime]
) -> None:
    touched = [r.appointment_id for r in rows if r.status is AppointmentStatus.CANCELLED or r.previous_starts_at]
    history: dict[str, list[AnyRow]] = defaultdict(list)
    for change in facts.changes(connection, touched):
        history[change.appointment_id].append(change)
    # Called off, brought back and called off again: the last time counts.
    free = {(slot.visit.appointment_id, slot.starts_at): slot for slot in _freed(rows, history, span)}
    for row in rows:
        for starts_at in {row.starts_at, row.previous_starts_at} - {None}:
            if span[0] <= starts_at < span[1] and _was_booked(row, starts_at, history[row.appointment_id]):
                slot = free.get((row.appointment_id, starts_at))
                in_time = slot is not None and slot.starts_at - slot.freed_at >= IN_TIME
                group = people.group(row.patient_id, location=row.location)
                count.add(reports.FREED.name, group, row.patient_id, numerator=in_time)
    fillers = _fillers(rows, history)
    for slot in sorted(free.values(), key=lambda one: one.freed_at):
        if slot.starts_at - slot.freed_at >= IN_TIME:
            group = people.group(slot.visit.patient_id, location=slot.visit.location)
            filled = _fill(slot, fillers[slot.key])
            count.add(reports.REFILLED.name, group, slot.visit.patient_id, numerator=filled)


def _freed(
    rows: Iterable[AnyRow], history: Mapping[str, Sequence[AnyRow]], span: tuple[datetime, datetime]
) -> Iterable[_Slot]:
    for row in rows:
        for change in history.get(row.appointment_id, ()):
            left = _left(row, change)
            if left is not None and span[0] <= left < span[1]:
                yield _Slot(row, left, change.at)


def _left(row: AnyRow, change: AnyRow) -> datetime | None:
    """The time that this change let go; of several moves the last one counts, as the visit keeps no other."""
    if change.field == "status":
        called_off = change.after == AppointmentStatus.CANCELLED and row.status is AppointmentStatus.CANCELLED
        return row.starts_at if called_off else None
    before = datetime.fromisoformat(change.before) if change.before else None
    return before if before == row.previous_starts_at else None


def _was_booked(row: AnyRow, starts_at: datetime, changes: Sequence[AnyRow]) -> bool:
    """Whether it stood there as a visit: not one that came to us called off."""
    if row.status in NEVER_BOOKED:
        return False
    called_off = starts_at == row.starts_at and row.status is AppointmentStatus.CANCELLED
    return not called_off or any(change.field == "status" for change in changes)


def _fillers(
    rows: Iterable[AnyRow], history: Mapping[str, Sequence[AnyRow]]
) -> Mapping[tuple[str, str, datetime], Counter[datetime]]:
    """When visits that stand came to their place, by the place."""
    found: dict[tuple[str, str, datetime], Counter[datetime]] = defaultdict(Counter)
    for row in rows:
        if row.status not in (*OFF, *NEVER_BOOKED):
            moves = [change.at for change in history.get(row.appointment_id, ()) if change.field == "starts_at"]
            found[(row.location, row.service, row.starts_at)][max([row.created_at, *moves])] += 1
    return found


def _fill(slot: _Slot, came: Counter[datetime]) -> bool:
    """Take the first that came after the slot was free, if there is one."""
    at = min((moment for moment, left in came.items() if left and moment >= slot.freed_at), default=None)
    if at is None:
        return False
    came[at] -= 1
    return True
