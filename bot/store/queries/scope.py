"""Who may see which patients: the one condition that keeps a person of some locations to the patients of those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from bot.store.tables import Appointment, Conversation, Escalation, Message, Patient, PatientContact

AnyId = InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | ColumnElement[Any]


def within(patient_id: AnyId, locations: Sequence[str]) -> ColumnElement[bool]:
    """Whether the patient of that column belongs to one of these places. No places: to the whole clinic.

    A patient belongs where they have, or ever had, a visit. Nobody's: a row without a patient, and a patient without
    any visit, are everybody's, so that nothing is out of everyone's sight.
    """
    if not locations:
        return true()
    theirs = select(Appointment.appointment_id).where(Appointment.patient_id == patient_id)
    here = theirs.where(Appointment.location.in_(locations))
    return or_(patient_id.is_(None), exists(here), ~exists(theirs))


def may_see_patient(connection: Connection, patient_id: str, locations: Sequence[str]) -> bool:
    """Whether that patient is within these places, or not known at all."""
    query = select(Patient.patient_id).where(Patient.patient_id == patient_id, ~within(Patient.patient_id, locations))
    return not locations or connection.execute(query).first() is None


def may_see_appointment(connection: Connection, appointment_id: str, locations: Sequence[str]) -> bool:
    """Whether that visit is, or was, at one of these places, or not known at all."""
    query = select(Appointment.appointment_id).where(
        Appointment.appointment_id == appointment_id, Appointment.location.not_in(locations)
    )
    return not locations or connection.execute(query).first() is None


def may_see_conversation(connection: Connection, conversation_id: str, locations: Sequence[str]) -> bool:
    """Whether one of the people on that phone is within these places, or nobody is known on it."""
    if not locations:
        return True
    on_it = (
        select(PatientContact.patient_id)
        .join(Conversation, Conversation.contact_point_id == PatientContact.contact_point_id)
        .where(Conversation.id == conversation_id, PatientContact.active.is_(True))
    )
    seen = on_it.where(within(PatientContact.patient_id, locations))
    return connection.execute(seen.limit(1)).first() is not None or connection.execute(on_it.limit(1)).first() is None


def may_see_escalation(connection: Connection, escalation_id: str, locations: Sequence[str]) -> bool:
    """Whether its patient, or its conversation where it names none, is within these places."""
    row = connection.execute(
        select(Escalation.patient_id, Escalation.conversation_id).where(Escalation.id == escalation_id)
    ).first()
    return row is None or _may_see(connection, row.patient_id, row.conversation_id, locations)


def may_see_message(connection: Connection, message_id: str, locations: Sequence[str]) -> bool:
    """Whether its patient, or its conversation where it names none, is within these places."""
    row = connection.execute(
        select(Message.patient_id, Message.conversation_id).where(Message.id == message_id)
    ).first()
    return row is None or _may_see(connection, row.patient_id, row.conversation_id, locations)


def _may_see(
    connection: Connection, patient_id: str | None, conversation_id: str | None, locations: Sequence[str]
) -> bool:
    if patient_id is not None:
        return may_see_patient(connection, patient_id, locations)
    return conversation_id is None or may_see_conversation(connection, conversation_id, locations)
