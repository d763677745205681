"""What happens in a patient's life rewrites what was planned: reported once, it reaches every open loop."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from bot.core.effects import Record
from bot.core.journey import END, Enrollment
from bot.core.series import DELIVERED, PREGNANCY, PREGNANCY_LOST
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.loops.moving import end, keep, report
from bot.store.database import once_more
from bot.store.queries import life, loops
from bot.store.tables import Patient

EVENTS: Final = (PREGNANCY_LOST, DELIVERED)


class NoSuchPatient(LookupError):
    """There is no patient of that id."""


@once_more
def life_event(clinic: Clinic, patient_id: str, name: str, *, actor: str, now: datetime) -> int:
    """Tell every open loop of the patient's; how many ended. Raises NoSuchPatient, DatabaseDown."""
    if name not in EVENTS:
        raise ValueError(f"{name!r} is no event; there are {', '.join(EVENTS)}")
    with clinic.database.begin() as connection:
        if connection.execute(select(Patient.patient_id).where(Patient.patient_id == patient_id)).first() is None:
            raise NoSuchPatient(patient_id)
        changed = _tell(connection, clinic, patient_id, name, actor=actor, now=now)
        audit.record(
            connection,
            at=now,
            actor=actor,
            action="patient.life-event",
            object_type="patient",
            object_id=patient_id,
            detail={"event": name, "loops": changed},
        )
    clinic.queue.deliver()
    return changed


def _tell(connection: Connection, clinic: Clinic, patient_id: str, name: str, *, actor: str, now: datetime) -> int:
    before = {row.id for row in loops.open_of(connection, patient_id)}
    for loop_id in sorted(before):
        row = loops.one(connection, loop_id, lock=True)
        if row is not None and row.ended_at is None:
            report(connection, clinic, row, name, data={}, actor=actor, now=now)
    if name == PREGNANCY_LOST:
        # Whatever its journey makes of it: nothing about the pregnancy is said any more, by any of them.
        for row in loops.open_of(connection, patient_id):
            if row.kind in PREGNANCY:
                end(connection, row, outcome=PREGNANCY_LOST, reason=PREGNANCY_LOST, actor=actor, now=now)
        if not life.lost_lately(connection, patient_id, now):
            nowhere = Enrollment("", "", patient_id, "", END)
            keep(connection, clinic, nowhere, Record(PREGNANCY_LOST, "reported"), now)
    return len(before - {row.id for row in loops.open_of(connection, patient_id)})
