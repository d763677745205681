"""Visits that need an interpreter: when one changes, whoever interprets there is to hear of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from bot.core.intake import supported
from bot.services.clinic import Clinic
from bot.services.loops.moving import report
from bot.services.loops.opening import Opening, open_loop
from bot.services.places import SetUp
from bot.store.columns import AnyRow
from bot.store.queries import loops
from bot.store.tables import Enrollment, Patient

JOURNEY: Final = "interpreter"
ACTOR: Final = "import"
_LONGEST_SUBJECT: Final = 128


def is_needed(set_up: SetUp, *, asked_for: bool | None, language: str, location: str) -> bool:
    """Whether a visit there needs one: as the record says, else where nobody of the staff speaks the language."""
    if asked_for is not None:
        return asked_for
    place = set_up.places.get(location)
    return place is not None and bool(place.spoken) and supported(language, place.spoken) is None


def tell_of(
    connection: Connection, clinic: Clinic, changed: Sequence[tuple[AnyRow, str, Mapping[str, str]]], now: datetime
) -> int:
    """Open what is owed to the interpreters of these visits, each with its event and what it says; how many.

    A loop about the visit that is still open has heard of it already.
    """
    known = _known(connection, [visit.appointment_id for visit, _event, _data in changed])
    people = _people(connection, [visit.patient_id for visit, _event, _data in changed])
    opened = 0
    for visit, event, data in changed:
        person = people.get(visit.patient_id)
        if person is None or visit.appointment_id in known or visit.starts_at <= now:
            continue
        set_up = clinic.set_up()
        wants = {"asked_for": person.interpreter, "language": person.language, "location": visit.location}
        if is_needed(set_up, **wants):
            opened += _open(connection, clinic, visit, event, {**data, "language": person.language}, now)
    return opened


def _open(
    connection: Connection, clinic: Clinic, visit: AnyRow, event: str, data: Mapping[str, str], now: datetime
) -> bool:
    opening = Opening(
        journey=JOURNEY,
        patient_id=visit.patient_id,
        subject_id=_subject(visit),
        appointment_id=visit.appointment_id,
        data=data,
    )
    opened = open_loop(connection, clinic, opening, now)
    row = loops.one(connection, opened, lock=True) if opened is not None else None
    return row is not None and report(connection, clinic, row, event, data=data, actor=ACTOR, now=now)


def _subject(visit: AnyRow) -> str:
    """One for each change of the visit; a long id is shortened to its digest."""
    subject = f"{visit.appointment_id}:{visit.version}"
    return subject if len(subject) <= _LONGEST_SUBJECT else hashlib.sha256(subject.encode()).hexdigest()


def _known(connection: Connection, appointment_ids: Sequence[str]) -> frozenset[str]:
    rows = connection.execute(
        select(Enrollment.appointment_id).where(
            Enrollment.appointment_id.in_(appointment_ids),
            Enrollment.journey == JOURNEY,
            Enrollment.ended_at.is_(None),
        )
    )
    return frozenset(str(row.appointment_id) for row in rows)


def _people(connection: Connection, patient_ids: Sequence[str]) -> Mapping[str, AnyRow]:
    columns = (Patient.patient_id, Patient.language, Patient.interpreter)
    rows = connection.execute(select(*columns).where(Patient.patient_id.in_(patient_ids)))
    return {row.patient_id: row for row in rows}
