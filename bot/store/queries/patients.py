"""One patient as the console shows them: phones, the consent ledger, visits and messages, each bounded."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, literal, or_, select

from bot.core.people import ConsentStatus, Relation, Scope
from bot.store.columns import AnyRow
from bot.store.queries.threads import CONSENTED_AT
from bot.store.tables import (
    Appointment,
    ConsentEntry,
    ContactPoint,
    Conversation,
    Message,
    Patient,
    PatientContact,
)

LEDGER = 50
MESSAGES = 60
PHONES = 20
VISITS = 20

# A patient seen for themselves, in the form of a patient on a phone.
_ALONE = (
    literal(Relation.SELF, PatientContact.relation.type).label("relation"),
    literal(Scope.ALL, PatientContact.scope.type).label("scope"),
    literal(ConsentStatus.UNKNOWN, PatientContact.consent.type).label("consent"),
    literal(None, PatientContact.consent_basis.type).label("consent_basis"),
    literal(None, ConsentEntry.at.type).label("consented_at"),
)


def patient(connection: Connection, patient_id: str) -> AnyRow | None:
    """One patient."""
    return connection.execute(select(*Patient.__table__.c, *_ALONE).where(Patient.patient_id == patient_id)).first()


def phones(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """The patient's phones, the one tried first first."""
    return connection.execute(
        select(
            *Patient.__table__.c,
            PatientContact.relation,
            PatientContact.scope,
            PatientContact.consent,
            PatientContact.consent_basis,
            PatientContact.contact_point_id,
            CONSENTED_AT,
            ContactPoint.phone,
            ContactPoint.channel,
            ContactPoint.status.label("number_status"),
            ContactPoint.consent.label("number_consent"),
            Conversation.id.label("conversation_id"),
        )
        .join(PatientContact, PatientContact.patient_id == Patient.patient_id)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .outerjoin(Conversation, Conversation.contact_point_id == ContactPoint.id)
        .where(Patient.patient_id == patient_id, PatientContact.active.is_(True))
        .order_by(PatientContact.rank, ContactPoint.id)
        .limit(PHONES)
    ).all()


def ledger(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """What was said about texts by the patient or for their numbers, newest first."""
    numbers = select(PatientContact.contact_point_id).where(PatientContact.patient_id == patient_id)
    for_number = and_(ConsentEntry.patient_id.is_(None), ConsentEntry.contact_point_id.in_(numbers))
    return connection.execute(
        select(ConsentEntry.__table__)
        .where(or_(ConsentEntry.patient_id == patient_id, for_number))
        .order_by(ConsentEntry.at.desc(), ConsentEntry.id.desc())
        .limit(LEDGER)
    ).all()


def visits(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """The patient's visits, the latest first."""
    return connection.execute(
        select(Appointment.__table__)
        .where(Appointment.patient_id == patient_id)
        .order_by(Appointment.starts_at.desc())
        .limit(VISITS)
    ).all()


def messages(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """The latest messages about the patient, newest first."""
    return connection.execute(
        select(Message.__table__)
        .where(Message.patient_id == patient_id)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(MESSAGES)
    ).all()
