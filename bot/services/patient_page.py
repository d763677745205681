"""Everything the console shows about one patient, each part bounded, and the stop and restart of their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot.core.escalation import EscalationStatus
from bot.core.people import ConsentBasis, ConsentStatus, NumberStatus
from bot.services import audit, consent
from bot.services.clinic import Clinic
from bot.services.inbox import Gone
from bot.services.inbox_thread import Case, Line, PatientCard, VisitLine, card_of, case_of, line_of, visit_of
from bot.store.columns import AnyRow
from bot.store.queries import inbox as inbox_queries
from bot.store.queries import patients, threads
from bot.store.vault import Vault

SHORTEST_EVIDENCE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One phone of the patient."""

    conversation_id: str | None
    number: str
    channel: str
    status: NumberStatus
    number_consent: ConsentStatus
    card: PatientCard


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLine:
    """One line of the ledger."""

    at: datetime
    status: ConsentStatus
    basis: ConsentBasis
    program: str
    actor: str
    words: str
    for_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message with what the gate said of it, the oldest first: (when, verdict, reason, until)."""

    line: Line
    decisions: Sequence[tuple[datetime, str, str, datetime | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientView:
    """A patient, ready to be shown."""

    card: PatientCard
    phones: Sequence[Phone]
    ledger: Sequence[ConsentLine]
    visits: Sequence[VisitLine]
    messages: Sequence[Told]
    cases: Sequence[Case]


def read_patient(clinic: Clinic, connection: Connection, patient_id: str, *, user_id: str) -> PatientView | None:
    """One patient with phones, consent, visits, messages and open escalations."""
    row = patients.patient(connection, patient_id)
    if row is None:
        return None
    vault, zone = clinic.vault, clinic.settings.clinic_timezone
    phones = [_phone(vault, phone, zone) for phone in patients.phones(connection, patient_id)]
    cases = threads.escalations_of_patient(connection, patient_id)
    visits = threads.visits(connection, {case.appointment_id for case in cases if case.appointment_id})
    return PatientView(
        card=card_of(vault, row, zone),
        phones=phones,
        ledger=[_ledger(vault, entry) for entry in patients.ledger(connection, patient_id)],
        visits=[visit_of(visit) for visit in patients.visits(connection, patient_id)],
        messages=_messages(vault, connection, patient_id, user_id),
        cases=[case_of(vault, case, visits) for case in cases if case.status is not EscalationStatus.RESOLVED],
    )


def stop_texts(clinic: Clinic, *, patient_id: str, evidence: str, actor_id: str, now: datetime) -> bool | Gone:
    """Record that the patient wants no more texts, as told to staff; False when the evidence says nothing."""
    return _change(clinic, patient_id, ConsentStatus.OPTED_OUT, ConsentBasis.STAFF, evidence, actor_id, now)


def restart_texts(clinic: Clinic, *, patient_id: str, evidence: str, actor_id: str, now: datetime) -> bool | Gone:
    """Record a signed form by which the patient wants texts again; False when the evidence says nothing."""
    return _change(clinic, patient_id, ConsentStatus.OPTED_IN, ConsentBasis.FORM, evidence, actor_id, now)


def _change(
    clinic: Clinic,
    patient_id: str,
    status: ConsentStatus,
    basis: ConsentBasis,
    evidence: str,
    actor_id: str,
    now: datetime,
) -> bool | Gone:
    words = evidence.strip()
    if len(words) < SHORTEST_EVIDENCE:
        return False
    with clinic.database.begin() as connection:
        if patients.patient(connection, patient_id) is None:
            return Gone()
        consent.record(
            connection,
            contact_point_id=None,
            patient_id=patient_id,
            status=status,
            basis=basis,
            actor=actor_id,
            at=now,
            vault=clinic.vault,
            wording=words[:500],
        )
        audit.record(
            connection, at=now, actor=actor_id, action="consent.change", object_type="patient", object_id=patient_id,
            detail={"status": str(status), "basis": str(basis)},
        )  # fmt: skip
    return True


def _phone(vault: Vault, row: AnyRow, zone: str) -> Phone:
    return Phone(
        conversation_id=row.conversation_id,
        number=vault.open("contact_points.phone", row.contact_point_id, row.phone),
        channel=row.channel,
        status=row.number_status,
        number_consent=row.number_consent,
        card=card_of(vault, row, zone),
    )


def _ledger(vault: Vault, row: AnyRow) -> ConsentLine:
    return ConsentLine(
        at=row.at,
        status=row.status,
        basis=row.basis,
        program=row.program,
        actor=row.actor,
        words=vault.maybe_open("consent_entries.wording", row.id, row.wording) or "",
        for_number=row.patient_id is None,
    )


def _messages(vault: Vault, connection: Connection, patient_id: str, user_id: str) -> Sequence[Told]:
    rows = patients.messages(connection, patient_id)
    decisions = threads.decisions(connection, [row.id for row in rows])
    authors = {row.author_id for row in rows if row.author_id}
    names: Mapping[str, str] = inbox_queries.names_of(connection, authors) if authors else {}
    return [
        Told(
            line=line_of(vault, row, names, {}, user_id),
            decisions=[(d.at, d.decision, d.reason, d.until) for d in decisions.get(row.id, ())],
        )
        for row in rows
    ]
