"""The phones of a patient as staff keep them: whose they are, what may be said there, and whether they are safe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, select, update

from bot.core import consent as rules
from bot.core.consent import Consent, Statement
from bot.core.people import Channel, ConsentBasis, ConsentStatus, NumberStatus, Relation, Scope
from bot.core.phones import read_phone
from bot.services import audit, consent
from bot.services.clinic import Clinic
from bot.services.consent import Link
from bot.services.inbox import Gone
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import patients
from bot.store.queries.conversations import ensure_point, insert_or_ignore
from bot.store.tables import ContactPoint, Patient, PatientContact

SHORTEST_EVIDENCE: Final = 5
LONGEST_EVIDENCE: Final = 500
CARRIED: Final = "carried"
"""The evidence of an opt-out that holds at a phone because it was said at another."""
RANKS: Final = range(1, 10)


class Fault(StrEnum):
    """Why a phone is not added."""

    PHONE = "phone"
    KNOWN = "known"
    EVIDENCE = "evidence"


class Done(StrEnum):
    """What was done, as far as the person who did it must hear of it."""

    DONE = "done"
    STAYS_STOPPED = "stays-stopped"
    """The patient, or the phone's holder, has opted out before: that stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a phone is to stand on the record."""

    relation: Relation
    scope: Scope
    rank: int


@once_more
def add(
    clinic: Clinic,
    *,
    patient_id: str,
    phone: str,
    wish: Wish,
    basis: ConsentBasis | None,
    evidence: str,
    actor_id: str,
    now: datetime,
) -> Done | Fault | Gone:
    """Put a phone on the patient's record, with its holder's consent if there is any. An earlier opt-out stands."""
    number, words = read_phone(phone, country=clinic.settings.country).e164, evidence.strip()
    if number is None:
        return Fault.PHONE
    if basis is not None and len(words) < SHORTEST_EVIDENCE:
        return Fault.EVIDENCE
    with clinic.database.begin() as connection:
        if _locked(connection, patient_id) is None:
            return Gone()
        point = ensure_point(connection, clinic.vault, number, Channel.SMS, now)
        before = patients.link(connection, patient_id, point)
        if before is not None and before.active:
            return Fault.KNOWN
        columns: dict[str, Any] = {"relation": wish.relation, "scope": wish.scope, "rank": wish.rank, "active": True}
        if before is None:
            row = {"patient_id": patient_id, "contact_point_id": point, "created_at": now, **columns}
            unsaid = {"consent": ConsentStatus.UNKNOWN, "consent_basis": None}
            connection.execute(insert_or_ignore(connection, PatientContact.__table__), row | unsaid)
        else:
            patients.set_link(connection, patient_id, point, columns)
        _carry(connection, patient_id, point, actor_id, now)
        if basis is not None:
            consent.record(
                connection, contact_point_id=point, patient_id=patient_id, status=ConsentStatus.OPTED_IN, basis=basis,
                actor=actor_id, at=now, vault=clinic.vault, wording=words[:LONGEST_EVIDENCE],
            )  # fmt: skip
        detail = {"relation": str(wish.relation), "scope": str(wish.scope), "number": point}
        _record(connection, "contact.add", patient_id, actor_id, now, detail)
        return _stands(connection, patient_id, point)


@once_more
def change(
    clinic: Clinic, *, patient_id: str, contact_point_id: str, wish: Wish, actor_id: str, now: datetime
) -> Done | Gone:
    """Say anew whose phone it is, what may be said there, and when it is tried."""
    with clinic.database.begin() as connection:
        before = _held(connection, patient_id, contact_point_id)
        if before is None:
            return Gone()
        after = {"relation": wish.relation, "scope": wish.scope, "rank": wish.rank}
        if any(getattr(before, name) != value for name, value in after.items()):
            patients.set_link(connection, patient_id, contact_point_id, after)
            detail = {"relation": str(wish.relation), "scope": str(wish.scope), "number": contact_point_id}
            _record(connection, "contact.change", patient_id, actor_id, now, detail)
    return Done.DONE


@once_more
def end(clinic: Clinic, *, patient_id: str, contact_point_id: str, actor_id: str, now: datetime) -> Done | Gone:
    """Nothing about this patient goes to that phone any more. What was said about consent there stays on record."""
    with clinic.database.begin() as connection:
        before = _held(connection, patient_id, contact_point_id)
        if before is None:
            return Gone()
        if before.active:
            patients.set_link(connection, patient_id, contact_point_id, {"active": False})
            _record(connection, "contact.end", patient_id, actor_id, now, {"number": contact_point_id})
    return Done.DONE


@once_more
def renew(clinic: Clinic, *, patient_id: str, contact_point_id: str, actor_id: str, now: datetime) -> Done | Gone:
    """The phone is the patient's again. A STOP that came meanwhile holds there too."""
    with clinic.database.begin() as connection:
        before = _held(connection, patient_id, contact_point_id)
        if before is None:
            return Gone()
        if not before.active:
            patients.set_link(connection, patient_id, contact_point_id, {"active": True})
            _carry(connection, patient_id, contact_point_id, actor_id, now)
            _record(connection, "contact.renew", patient_id, actor_id, now, {"number": contact_point_id})
        return _stands(connection, patient_id, contact_point_id)


@once_more
def mark_number(
    clinic: Clinic, *, patient_id: str, contact_point_id: str, safe: bool, actor_id: str, now: datetime
) -> Done | Gone:
    """Nothing at all goes to an unsafe number, whoever it is about and on whichever channel, until it is safe again."""
    with clinic.database.begin() as connection:
        if _held(connection, patient_id, contact_point_id) is None:
            return Gone()
        index = select(ContactPoint.phone_index).where(ContactPoint.id == contact_point_id).scalar_subquery()
        status = NumberStatus.ACTIVE if safe else NumberStatus.UNSAFE
        changed = connection.execute(
            update(ContactPoint)
            .where(ContactPoint.phone_index == index, ContactPoint.status != status)
            .values(status=status)
        )
        if changed.rowcount:
            action = "number.safe" if safe else "number.unsafe"
            _record(connection, action, patient_id, actor_id, now, {"number": contact_point_id})
        return _stands(connection, patient_id, contact_point_id)


def _locked(connection: Connection, patient_id: str) -> AnyRow | None:
    query = select(Patient.patient_id).where(Patient.patient_id == patient_id).with_for_update()
    return connection.execute(query).first()


def _held(connection: Connection, patient_id: str, contact_point_id: str) -> AnyRow | None:
    """The link, with its patient locked: what staff do to one record is done one after the other."""
    _locked(connection, patient_id)
    return patients.link(connection, patient_id, contact_point_id)


def _carry(connection: Connection, patient_id: str, point: str, actor_id: str, now: datetime) -> None:
    """Whoever opted out at another number, or while this one was off the record, stays opted out here."""
    row = patients.link(connection, patient_id, point)
    said = consent.said_by(connection, [patient_id]).get(patient_id, rules.NOTHING_SAID)
    if row is None or not said.is_binding_opt_out or said.basis is None:
        return
    carried = Statement(said.status, said.basis, now)
    held = Link(patient_id=patient_id, contact_point_id=point, consent=Consent(row.consent, row.consent_basis))
    after = rules.after(held.consent, carried)
    if after is held.consent:
        return
    line = consent.entry(carried, patient_id=patient_id, contact_point_id=point, actor=actor_id, evidence=CARRIED)
    consent.append(connection, [line])
    consent.apply(connection, [(held, after)])


def _stands(connection: Connection, patient_id: str, point: str) -> Done:
    row = patients.link(connection, patient_id, point)
    if row is None:
        return Done.DONE
    stopped = rules.effective(number=row.number_consent, link=row.consent) is ConsentStatus.OPTED_OUT
    return Done.STAYS_STOPPED if stopped else Done.DONE


def _record(
    connection: Connection, action: str, patient_id: str, actor_id: str, now: datetime, detail: dict[str, str]
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=action, object_type="patient", object_id=patient_id, detail=detail
    )
