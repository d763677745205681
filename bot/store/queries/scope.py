"""Who may see which patients: the one condition that keeps a person of some locations to the patients of those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, case, func, select, true
from sqlalchemy.orm import InstrumentedAttribute

from bot.store.tables import Appointment, Conversation, Enrollment, Escalation, Message, Note, Patient, PatientContact

AnyId = InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | ColumnElement[Any]

PEOPLE: Final = 20
"""So many are looked at on one phone."""


def within(patient_id: AnyId, locations: Sequence[str]) -> ColumnElement[bool]:
    """Whether the patient of that column belongs to one of these places. No places: to the whole clinic.

    A patient belongs where they have, or ever had, a visit. Nobody's: a row without a patient, and a patient without
    any visit, are everybody's, so that nothing is out of everyone's sight.
    """
    return _seen_at(patient_id, locations) if locations else true()


def within_places(patient_id: AnyId) -> ColumnElement[bool]:
    """The same for a statement that is built once: the places are its parameter `places`."""
    return _seen_at(patient_id, bindparam("places", expanding=True))


def _seen_at(patient_id: AnyId, places: Sequence[str] | BindParameter[Any]) -> ColumnElement[bool]:
    here = func.max(case((Appointment.location.in_(places), 1), else_=0))
    # One look at their visits, for each row. Of two EXISTS PostgreSQL makes tables of all visits there are.
    theirs = select(here).where(Appointment.patient_id == patient_id).scalar_subquery()
    # Not "= 1", of which PostgreSQL expects one row in 200: it would read all where the first forty do.
    return func.coalesce(theirs, 1) > 0


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
    on_it = _on_the_phone(conversation_id)
    seen = on_it.where(within(PatientContact.patient_id, locations))
    return connection.execute(seen.limit(1)).first() is not None or connection.execute(on_it.limit(1)).first() is None


def may_see_number(connection: Connection, contact_point_id: str, locations: Sequence[str]) -> bool:
    """Whether one of the people who have, or had, that number is within these places, or nobody has."""
    if not locations:
        return True
    theirs = select(PatientContact.patient_id).where(PatientContact.contact_point_id == contact_point_id)
    seen = theirs.where(within(PatientContact.patient_id, locations))
    return connection.execute(seen.limit(1)).first() is not None or connection.execute(theirs.limit(1)).first() is None


def may_see_loop(connection: Connection, enrollment_id: str, locations: Sequence[str]) -> bool:
    """Whether its patient is within these places, or it is not known at all."""
    query = select(Enrollment.id).where(Enrollment.id == enrollment_id, ~within(Enrollment.patient_id, locations))
    return not locations or connection.execute(query).first() is None


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


def may_see_note(connection: Connection, note_id: str, locations: Sequence[str]) -> bool:
    """Whether its conversation is within these places."""
    row = connection.execute(select(Note.conversation_id).where(Note.id == note_id)).first()
    return row is None or may_see_conversation(connection, row.conversation_id, locations)


def _may_see(
    connection: Connection, patient_id: str | None, conversation_id: str | None, locations: Sequence[str]
) -> bool:
    if patient_id is not None:
        return may_see_patient(connection, patient_id, locations)
    return conversation_id is None or may_see_conversation(connection, conversation_id, locations)


def patients_of(connection: Connection, kind: str, object_id: str) -> Sequence[str]:
    """The patients that an object is about; `kind` is a route's parameter name."""
    query: Select[Any]
    match kind:
        case "patient_id":
            query = select(Patient.patient_id).where(Patient.patient_id == object_id)
        case "appointment_id":
            query = select(Appointment.patient_id).where(Appointment.appointment_id == object_id)
        case "contact_point_id":
            query = select(PatientContact.patient_id).where(PatientContact.contact_point_id == object_id)
        case "loop_id":
            query = select(Enrollment.patient_id).where(Enrollment.id == object_id)
        case "conversation_id":
            query = _on_the_phone(object_id)
        case "note_id":
            noted = select(Note.conversation_id).where(Note.id == object_id)
            query = _on_the_phone(connection.execute(noted).scalar_one_or_none())
        case "escalation_id" | "message_id":
            table = Escalation if kind == "escalation_id" else Message
            row = connection.execute(
                select(table.patient_id, table.conversation_id).where(table.id == object_id)
            ).first()
            if row is None or row.patient_id is not None:
                return [row.patient_id] if row is not None else []
            query = _on_the_phone(row.conversation_id)
        case _:
            return []
    return connection.execute(query.limit(PEOPLE)).scalars().all()


def _on_the_phone(conversation_id: str | None) -> Select[Any]:
    return (
        select(PatientContact.patient_id)
        .join(Conversation, Conversation.contact_point_id == PatientContact.contact_point_id)
        .where(Conversation.id == conversation_id, PatientContact.active.is_(True))
        .order_by(PatientContact.patient_id)
    )
