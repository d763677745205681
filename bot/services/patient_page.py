"""Everything the console shows about one patient beside the story, each part bounded; and finding patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.consent import effective
from bot.core.people import ConsentBasis, ConsentStatus, NumberStatus, Scope
from bot.services.clinic import Clinic
from bot.services.inbox_thread import Case, PatientCard, VisitLine, card_of, case_of, visit_of
from bot.store.columns import AnyRow
from bot.store.queries import gate, patients, threads
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One phone of the patient; `active` is whether it is still on the record."""

    id: str
    conversation_id: str | None
    number: str
    channel: str
    status: NumberStatus
    number_consent: ConsentStatus
    scope: Scope
    rank: int
    active: bool
    card: PatientCard

    @property
    def consent(self) -> ConsentStatus:
        """What counts there: the holder's opt-out silences everyone on the phone."""
        return effective(number=self.number_consent, link=self.card.consent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether the patient gets texts at all, in one sentence's worth: on whose word and since when."""

    status: ConsentStatus
    basis: ConsentBasis | None
    at: datetime | None
    by_number: bool
    """The phone's holder has said it, whoever it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientView:
    """A patient, ready to be shown."""

    card: PatientCard
    language_basis: ConsentBasis
    standing: Standing | None
    """None without a phone."""
    stopped: Sequence[str]
    phones: Sequence[Phone]
    ahead: Sequence[VisitLine]
    visits: Sequence[VisitLine]
    cases: Sequence[Case]


def read_patient(clinic: Clinic, connection: Connection, patient_id: str, *, now: datetime) -> PatientView | None:
    """One patient with phones, consent, visits and open escalations."""
    row = patients.patient(connection, patient_id)
    if row is None:
        return None
    vault, zone = clinic.vault, clinic.settings.clinic_timezone
    rows = patients.phones(connection, patient_id)
    cases = threads.escalations_of_patient(connection, patient_id)
    visits = threads.visits(connection, {case.appointment_id for case in cases if case.appointment_id})
    return PatientView(
        card=card_of(vault, row, zone),
        language_basis=row.language_basis,
        standing=standing_of(rows),
        stopped=sorted(gate.stopped_programs(connection, [patient_id]).get(patient_id, ())),
        phones=[_phone(vault, phone, zone) for phone in rows],
        ahead=[visit_of(visit, clinic.sensitive) for visit in patients.visits_ahead(connection, patient_id, now)],
        visits=[visit_of(visit, clinic.sensitive) for visit in patients.visits(connection, patient_id)],
        cases=[case_of(vault, case, visits) for case in cases],
    )


def read_card(clinic: Clinic, connection: Connection, patient_id: str) -> PatientCard | None:
    """Who a patient is, and no more."""
    row = patients.patient(connection, patient_id)
    return None if row is None else card_of(clinic.vault, row, clinic.settings.clinic_timezone)


def _phone(vault: Vault, row: AnyRow, zone: str) -> Phone:
    return Phone(
        id=row.contact_point_id,
        conversation_id=row.conversation_id,
        number=vault.open("contact_points.phone", row.contact_point_id, row.phone),
        channel=row.channel,
        status=row.number_status,
        number_consent=row.number_consent,
        scope=row.scope,
        rank=row.rank,
        active=row.active,
        card=card_of(vault, row, zone),
    )


def standing_of(rows: Sequence[AnyRow]) -> Standing | None:
    """Of the phone that texts go to: the first in rank that works, else the first."""
    in_use = [row for row in rows if row.active]
    row = next((row for row in in_use if row.number_status is NumberStatus.ACTIVE), next(iter(in_use), None))
    if row is None:
        return None
    if row.number_consent is ConsentStatus.OPTED_OUT:
        at, basis = row.number_consent_at, ConsentBasis.PATIENT
        return Standing(status=ConsentStatus.OPTED_OUT, basis=basis, at=at, by_number=True)
    return Standing(status=row.consent, basis=row.consent_basis, at=row.consented_at, by_number=False)
