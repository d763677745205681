"""One patient as the console shows them: phones, links and visits, each bounded; what happened is `timeline`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, literal, select, update

from bot.core.people import AppointmentStatus, ConsentStatus, Relation, Scope
from bot.store.columns import AnyRow
from bot.store.queries.threads import CONSENTED_AT
from bot.store.tables import (
    Appointment,
    ConsentEntry,
    ContactPoint,
    Conversation,
    Patient,
    PatientContact,
)

PHONES = 20
VISITS = 10

_AHEAD = tuple(status for status in AppointmentStatus if status.is_ahead)

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
    """The patient's phones, the one tried first first; those off the record come last."""
    return connection.execute(
        select(
            *Patient.__table__.c,
            PatientContact.relation,
            PatientContact.scope,
            PatientContact.consent,
            PatientContact.consent_basis,
            PatientContact.contact_point_id,
            PatientContact.rank,
            PatientContact.active,
            CONSENTED_AT,
            ContactPoint.phone,
            ContactPoint.channel,
            ContactPoint.status.label("number_status"),
            ContactPoint.consent.label("number_consent"),
            ContactPoint.consent_at.label("number_consent_at"),
            Conversation.id.label("conversation_id"),
        )
        .join(PatientContact, PatientContact.patient_id == Patient.patient_id)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .outerjoin(Conversation, Conversation.contact_point_id == ContactPoint.id)
        .where(Patient.patient_id == patient_id)
        .order_by(PatientContact.active.desc(), PatientContact.rank, ContactPoint.id)
        .limit(PHONES)
    ).all()


def visits(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """The patient's visits, the latest first."""
    return connection.execute(
        select(Appointment.__table__)
        .where(Appointment.patient_id == patient_id)
        .order_by(Appointment.starts_at.desc())
        .limit(VISITS)
    ).all()


def visits_ahead(connection: Connection, patient_id: str, now: datetime) -> Sequence[AnyRow]:
    """The next visits that are to take place, the next one first."""
    return connection.execute(
        select(Appointment.__table__)
        .where(Appointment.patient_id == patient_id, Appointment.starts_at > now, Appointment.status.in_(_AHEAD))
        .order_by(Appointment.starts_at, Appointment.appointment_id)
        .limit(VISITS)
    ).all()


def link(connection: Connection, patient_id: str, contact_point_id: str) -> AnyRow | None:
    """One patient at one number, in use or not."""
    return connection.execute(
        select(
            *PatientContact.__table__.c,
            ContactPoint.consent.label("number_consent"),
            ContactPoint.status.label("number_status"),
        )
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .where(PatientContact.patient_id == patient_id, PatientContact.contact_point_id == contact_point_id)
    ).first()


def set_link(connection: Connection, patient_id: str, contact_point_id: str, values: Mapping[str, object]) -> None:
    """Set columns of one link."""
    connection.execute(
        update(PatientContact)
        .where(PatientContact.patient_id == patient_id, PatientContact.contact_point_id == contact_point_id)
        .values(**values)
    )
