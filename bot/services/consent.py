"""The consent ledger: every statement is a line, and the state shown beside numbers and links follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import aliased

from bot.core import consent as rules
from bot.core.consent import Consent, Statement
from bot.core.people import ConsentBasis, ConsentStatus
from bot.store.columns import new_id
from bot.store.tables import ConsentEntry, ContactPoint, PatientContact
from bot.store.vault import Vault

_ENTRY = insert(ConsentEntry.__table__)  # type: ignore[arg-type]

_SAID_FOR = aliased(ContactPoint)
_SAME_PHONE = (
    select(ContactPoint.id)
    .join(_SAID_FOR, _SAID_FOR.phone_index == ContactPoint.phone_index)
    .where(_SAID_FOR.id == bindparam("number"), ContactPoint.id != bindparam("number"))
    .order_by(ContactPoint.id)
)

_SAID_FOR_NUMBER = (
    select(ConsentEntry.status, ConsentEntry.basis, ConsentEntry.at, ConsentEntry.program)
    .where(ConsentEntry.contact_point_id == bindparam("number"), ConsentEntry.patient_id.is_(None))
    .order_by(ConsentEntry.at, ConsentEntry.id)
)

_SAID_BY_PATIENTS = (
    select(ConsentEntry.patient_id, ConsentEntry.status, ConsentEntry.basis, ConsentEntry.at, ConsentEntry.program)
    .where(ConsentEntry.patient_id.in_(bindparam("patients", expanding=True)))
    .order_by(ConsentEntry.at, ConsentEntry.id)
)

# In one order everywhere, so that a text and an import that lock the same links never wait for each other in a circle.
_LINKS = (
    select(
        PatientContact.patient_id,
        PatientContact.contact_point_id,
        PatientContact.consent,
        PatientContact.consent_basis,
    )
    .where(PatientContact.active.is_(True))
    .order_by(PatientContact.patient_id, PatientContact.contact_point_id)
    .with_for_update()
)
_LINKS_OF_NUMBER = _LINKS.where(PatientContact.contact_point_id == bindparam("number"))
_LINKS_OF_PATIENT = _LINKS.where(PatientContact.patient_id == bindparam("patient"))
_LINK = _LINKS_OF_PATIENT.where(PatientContact.contact_point_id == bindparam("number"))

_SET_LINK = (
    update(PatientContact)
    .where(
        PatientContact.patient_id == bindparam("of_patient"),
        PatientContact.contact_point_id == bindparam("of_number"),
    )
    .values(consent=bindparam("new_consent"), consent_basis=bindparam("new_basis"))
)
_SET_NUMBER = (
    update(ContactPoint)
    .where(ContactPoint.id == bindparam("number"))
    .values(consent=bindparam("new_consent"), consent_at=bindparam("new_at"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One patient at one number, and where consent stands there."""

    patient_id: str
    contact_point_id: str
    consent: Consent


def record(
    connection: Connection,
    *,
    contact_point_id: str | None,
    patient_id: str | None,
    status: ConsentStatus,
    basis: ConsentBasis,
    actor: str,
    at: datetime,
    vault: Vault,
    wording: str | None = None,
    evidence: str | None = None,
    language: str | None = None,
    program: str = rules.EVERY_PROGRAM,
) -> None:
    """Append what was said and bring the state up to date, in the caller's transaction.

    Without a patient it was said for the number: it holds for the number and, in a line of their own, for everyone
    linked to it, so that it outlives a change of phone. Without a number it holds at all of the patient's numbers.
    An opt-out is the phone's, on whichever channel it was said; an agreement is for the channel that it was said on.
    """
    said = Statement(status, basis, at, program)
    numbers = [contact_point_id]
    if patient_id is None and status is ConsentStatus.OPTED_OUT:
        numbers += connection.execute(_SAME_PHONE, {"number": contact_point_id}).scalars()
    for number in numbers:
        _record(
            connection,
            said,
            contact_point_id=number,
            patient_id=patient_id,
            actor=actor,
            vault=vault,
            wording=wording,
            evidence=evidence,
            language=language,
        )


def _record(
    connection: Connection,
    said: Statement,
    *,
    contact_point_id: str | None,
    patient_id: str | None,
    actor: str,
    vault: Vault,
    wording: str | None,
    evidence: str | None,
    language: str | None,
) -> None:
    links = _links(connection, patient_id=patient_id, contact_point_id=contact_point_id)
    subjects: list[tuple[str | None, str | None]] = [(link.patient_id, link.contact_point_id) for link in links]
    if patient_id is None:
        subjects.insert(0, (None, contact_point_id))
    elif not subjects:
        subjects.append((patient_id, contact_point_id))
    connection.execute(
        _ENTRY,
        [
            entry(said, patient_id=patient, contact_point_id=number, actor=actor, evidence=evidence)
            | {"language": language}
            | _sealed(vault, wording)
            for patient, number in subjects
        ],
    )
    if said.program != rules.EVERY_PROGRAM:
        return
    if patient_id is None:
        assert contact_point_id is not None
        _bring_number_up_to_date(connection, contact_point_id)
    apply(connection, [(link, rules.after(link.consent, said)) for link in links])


def entry(
    said: Statement, *, patient_id: str | None, contact_point_id: str | None, actor: str, evidence: str | None
) -> dict[str, Any]:
    """A line of the ledger, for a bulk insert; nobody's words are in it."""
    return {
        "id": new_id(),
        "patient_id": patient_id,
        "contact_point_id": contact_point_id,
        "program": said.program,
        "status": said.status,
        "basis": said.basis,
        "wording": None,
        "evidence": evidence,
        "language": None,
        "actor": actor,
        "at": said.at,
    }


def append(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Add lines that `entry` made."""
    if entries:
        connection.execute(_ENTRY, entries)


def apply(connection: Connection, changes: Iterable[tuple[Link, Consent]]) -> None:
    """Show the new state beside each link."""
    rows = [
        {
            "of_patient": link.patient_id,
            "of_number": link.contact_point_id,
            "new_consent": consent.status,
            "new_basis": consent.basis,
        }
        for link, consent in changes
    ]
    if rows:
        connection.execute(_SET_LINK, rows)


def said_by(connection: Connection, patients: Sequence[str]) -> dict[str, Consent]:
    """What each of these patients' own lines add up to, over all their numbers; absent where nothing was said."""
    said: dict[str, list[Statement]] = {}
    if patients:
        for row in connection.execute(_SAID_BY_PATIENTS, {"patients": patients}):
            said.setdefault(row.patient_id, []).append(Statement(row.status, row.basis, row.at, row.program))
    return {patient: rules.fold(statements) for patient, statements in said.items()}


def _links(connection: Connection, *, patient_id: str | None, contact_point_id: str | None) -> list[Link]:
    if patient_id is None and contact_point_id is None:
        raise ValueError("a statement of consent is about a number, a patient, or both")
    if patient_id is None:
        rows = connection.execute(_LINKS_OF_NUMBER, {"number": contact_point_id})
    elif contact_point_id is None:
        rows = connection.execute(_LINKS_OF_PATIENT, {"patient": patient_id})
    else:
        rows = connection.execute(_LINK, {"patient": patient_id, "number": contact_point_id})
    return [
        Link(
            patient_id=row.patient_id,
            contact_point_id=row.contact_point_id,
            consent=Consent(row.consent, row.consent_basis),
        )
        for row in rows
    ]


def _bring_number_up_to_date(connection: Connection, number: str) -> None:
    rows = connection.execute(_SAID_FOR_NUMBER, {"number": number})
    consent = rules.fold(Statement(row.status, row.basis, row.at, row.program) for row in rows)
    connection.execute(_SET_NUMBER, {"number": number, "new_consent": consent.status, "new_at": consent.at})


def _sealed(vault: Vault, wording: str | None) -> dict[str, Any]:
    if wording is None:
        return {}
    row = new_id()
    return {"id": row, "wording": vault.seal("consent_entries.wording", row, wording)}
