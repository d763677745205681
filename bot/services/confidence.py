"""Who holds a phone, seen from a patient, and whether visits that are nobody else's business may be told there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.hours import local_day
from bot.core.people import years_between
from bot.core.sensitive import Holder
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.queries import holders, planning


def age_of(clinic: Clinic, patient_id: str, sealed: bytes | None, today: date) -> int | None:
    """How old the patient is; None where no birth date is on file."""
    born = clinic.vault.maybe_open("patients.birth_date", patient_id, sealed)
    return years_between(date.fromisoformat(born), today) if born else None


def hears(clinic: Clinic, patient_id: str, people: Iterable[Any], now: datetime) -> bool:
    """Whether the phone that these people share may hear of the patient's sensitive visits.

    `people` are rows with patient_id, relation, scope and birth_date: everybody linked to the phone.
    """
    today = local_day(now, clinic.settings.clinic_timezone)
    people = list(people)
    own = next((row for row in people if row.patient_id == patient_id), None)
    if own is None:
        return False
    others = tuple(
        age_of(clinic, row.patient_id, row.birth_date, today) for row in people if row.patient_id != patient_id
    )
    age = age_of(clinic, patient_id, own.birth_date, today)
    return clinic.sensitive.may_hear(Holder(own.relation, own.scope, age, others))


def in_confidence(
    connection: Connection, clinic: Clinic, pairs: Collection[tuple[str, str]], now: datetime
) -> frozenset[tuple[str, str]]:
    """Those of these (patient, number) pairs where the patient's sensitive visits may be told."""
    if not pairs:
        return frozenset()
    on_phone: dict[str, list[AnyRow]] = defaultdict(list)
    for row in holders.of(connection, sorted({number for _patient, number in pairs})):
        on_phone[row.contact_point_id].append(row)
    return frozenset(pair for pair in pairs if hears(clinic, pair[0], on_phone[pair[1]], now))


def phones_apart(
    connection: Connection, clinic: Clinic, rows: Sequence[Any], now: datetime
) -> Mapping[str, AnyRow | None]:
    """For each sensitive visit among these the first phone on which it may be told; None where there is none."""
    ours = {row.appointment_id: row.patient_id for row in rows if clinic.sensitive.is_one(row.service, row.location)}
    if not ours:
        return {}
    numbers = planning.numbers(connection, sorted(set(ours.values())))
    may = in_confidence(connection, clinic, {(row.patient_id, row.contact_point_id) for row in numbers}, now)
    first: dict[str, AnyRow] = {}
    for row in numbers:  # The one tried first comes last, and stays.
        if (row.patient_id, row.contact_point_id) in may:
            first[row.patient_id] = row
    return {visit: first.get(patient_id) for visit, patient_id in ours.items()}
