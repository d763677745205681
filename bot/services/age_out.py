"""Children who come of age: whoever spoke for them hears nothing more until the patient has been asked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from bot.core.escalation import Priority, Reason
from bot.core.hours import local_day
from bot.core.people import PatientStatus, Relation, Scope, years_between
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.store.batch import Batch
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import leases
from bot.store.queries.loops import conversation_of
from bot.store.tables import Patient, PatientContact

OF_AGE: Final = 18
EVERY: Final = timedelta(hours=20)
LEASE: Final = "age-out"
BATCH: Final = 500
SPEAKS_FOR_A_CHILD: Final = (Relation.PARENT, Relation.GUARDIAN)
ACTOR: Final = "timer"


def daily(clinic: Clinic, now: datetime) -> int:
    """The same once a day, however often the scheduler asks; how many came of age."""
    with clinic.database.begin() as connection:
        # A holder that nobody else is: the lease is had only where the last one has run out.
        if not leases.take(connection, LEASE, holder=secrets.token_hex(8), until=now + EVERY, now=now):
            return 0
    return age_out(clinic, now)


def age_out(clinic: Clinic, now: datetime) -> int:
    """Take their word from the proxies of whoever is 18 now, and have a person ask the patient; how many patients."""
    today = local_day(now, clinic.settings.clinic_timezone)
    found, after = 0, ""
    while True:
        with clinic.database.read() as connection:
            rows = _spoken_for(connection, after)
        for row in rows:
            if _is_of_age(clinic, row, today):
                _let_go(clinic, row.patient_id, now)
                found += 1
        if len(rows) < BATCH:
            return found
        after = rows[-1].patient_id


def _spoken_for(connection: Connection, after: str) -> Sequence[AnyRow]:
    links = (
        select(PatientContact.patient_id)
        .where(
            PatientContact.relation.in_(SPEAKS_FOR_A_CHILD),
            PatientContact.active.is_(True),
            PatientContact.scope != Scope.NOTHING,
        )
        .distinct()
    )
    return connection.execute(
        select(Patient.patient_id, Patient.birth_date)
        .where(
            Patient.patient_id.in_(links),
            Patient.patient_id > after,
            Patient.birth_date.is_not(None),
            Patient.status == PatientStatus.ACTIVE,
        )
        .order_by(Patient.patient_id)
        .limit(BATCH)
    ).all()


def _is_of_age(clinic: Clinic, row: AnyRow, today: date) -> bool:
    born = clinic.vault.maybe_open("patients.birth_date", row.patient_id, row.birth_date)
    return bool(born) and years_between(date.fromisoformat(born or ""), today) >= OF_AGE


@once_more
def _let_go(clinic: Clinic, patient_id: str, now: datetime) -> None:
    theirs = (
        PatientContact.patient_id == patient_id,
        PatientContact.relation.in_(SPEAKS_FOR_A_CHILD),
        PatientContact.scope != Scope.NOTHING,
    )
    with clinic.database.begin() as connection:
        phones = connection.execute(select(PatientContact.contact_point_id).where(*theirs)).scalars().all()
        connection.execute(update(PatientContact).where(*theirs).values(scope=Scope.NOTHING))
        place = next((found for phone in phones if (found := conversation_of(connection, phone))), None)
        need = Need(
            reason=Reason.HUMAN_REQUESTED,
            priority=Priority.ROUTINE,
            conversation_id=place,
            patient_id=patient_id,
            suggestion="ask-who-may-hear",
        )
        batch = Batch(connection)
        raise_to_person(batch, need, clinic=clinic, now=now)
        batch.flush()
        audit.record(
            connection,
            at=now,
            actor=ACTOR,
            action="patient.of-age",
            object_type="patient",
            object_id=patient_id,
            detail={"links": len(phones)},
        )
