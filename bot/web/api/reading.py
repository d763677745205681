"""What the API shows: patients, appointments, escalations, messages and decisions. Who looked is in the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort
from sqlalchemy import Connection

from bot.core.people import Channel, ConsentStatus
from bot.services import audit
from bot.store.columns import AnyRow
from bot.store.queries import api as queries
from bot.web.api.access import bearer
from bot.web.api.objects import (
    Appointment,
    Appointments,
    AppointmentsQuery,
    Decisions,
    Escalation,
    Escalations,
    EscalationsQuery,
    Message,
    Messages,
    MessagesQuery,
    Patient,
    fields_of,
)
from bot.web.api.operation import operation
from bot.web.api.paging import key_of, page
from bot.web.api.problems import ApiProblem, Fault
from bot.web.current import clinic

NONE = "There is none with this id."
MISSING = {404: NONE}


def register(blueprint: Blueprint) -> None:
    """Put the routes that read on the blueprint."""
    # Ids are the clinic's own and may hold a slash.
    operation(blueprint, "/patients/<path:patient_id>", answer=Patient, refusals=MISSING)(get_patient)
    operation(blueprint, "/appointments", answer=Appointments, query=AppointmentsQuery)(list_appointments)
    operation(blueprint, "/appointments/<path:appointment_id>", answer=Appointment, refusals=MISSING)(get_appointment)
    operation(blueprint, "/escalations", answer=Escalations, query=EscalationsQuery)(list_escalations)
    operation(blueprint, "/escalations/<escalation_id>", answer=Escalation, refusals=MISSING)(get_escalation)
    operation(blueprint, "/messages", answer=Messages, query=MessagesQuery)(list_messages)
    operation(blueprint, "/messages/<message_id>", answer=Message, refusals=MISSING)(get_message)
    operation(blueprint, "/messages/<message_id>/decisions", answer=Decisions, refusals=MISSING)(list_decisions)


def get_patient(patient_id: str) -> dict[str, Any]:
    """One patient, with the consent that holds now."""
    with clinic().database.begin() as connection:
        row = queries.patient(connection, patient_id) or abort(404, NONE)
        contacts = [_contact(contact) for contact in queries.contacts(connection, patient_id)]
        _looked_at(connection, "patient", patient_id)
    return {**fields_of(row), "consent": {"sms": _sms_consent(contacts)}, "contacts": contacts}


def get_appointment(appointment_id: str) -> AnyRow:
    """One appointment, with the patient's answer."""
    with clinic().database.begin() as connection:
        row = queries.appointment(connection, appointment_id) or abort(404, NONE)
        _looked_at(connection, "appointment", appointment_id)
    return row


def list_appointments(query: AppointmentsQuery) -> dict[str, Any]:
    """Appointments, the earliest first."""
    filters = query.model_dump(include={"patient_id", "status", "response"})
    with clinic().database.begin() as connection:
        rows = queries.appointments(
            connection,
            filters,
            start=aware(query.start),
            end=aware(query.end),
            after=key_of(query.after, parts=2),
            limit=query.limit + 1,
        )
        _looked_at(connection, "appointments", query.patient_id)
    return page(rows, query.limit, key=lambda row: (row.starts_at, row.appointment_id), item=fields_of)


def get_escalation(escalation_id: str) -> AnyRow:
    """One escalation."""
    with clinic().database.read() as connection:
        return queries.escalation(connection, escalation_id) or abort(404, NONE)


def list_escalations(query: EscalationsQuery) -> dict[str, Any]:
    """Escalations, the newest first; without a filter all of them, unknown numbers' too."""
    filters = query.model_dump(include={"patient_id", "status", "priority", "reason"})
    with clinic().database.read() as connection:
        rows = queries.escalations(connection, filters, after=key_of(query.after, parts=2), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.created_at, row.id), item=fields_of)


def list_messages(query: MessagesQuery) -> dict[str, Any]:
    """One patient's messages, or one conversation's, the oldest first."""
    if query.patient_id is None and query.conversation_id is None:
        fault = Fault(field="patient_id", reason="give patient_id or conversation_id")
        raise ApiProblem(422, "Not valid: patient_id", errors=[fault])
    filters = query.model_dump(include={"patient_id", "conversation_id", "direction"})
    with clinic().database.begin() as connection:
        rows = queries.messages(connection, filters, after=key_of(query.after, parts=3), limit=query.limit + 1)
        _looked_at(connection, "messages", query.patient_id or query.conversation_id)
    return page(rows, query.limit, key=lambda row: (row.created_at, row.direction, row.id), item=_message)


def get_message(message_id: str) -> dict[str, Any]:
    """One message."""
    with clinic().database.begin() as connection:
        row = queries.message(connection, message_id) or abort(404, NONE)
        _looked_at(connection, "message", message_id)
    return _message(row)


def list_decisions(message_id: str) -> dict[str, Any]:
    """Why this message did or did not go out."""
    with clinic().database.read() as connection:
        if queries.message(connection, message_id) is None:
            abort(404, NONE)
        return {"items": queries.decisions(connection, message_id)}


def aware(time: datetime | None) -> datetime | None:
    """The instant; one without an offset is the clinic's local time."""
    if time is None or time.tzinfo is not None:
        return time
    return time.replace(tzinfo=ZoneInfo(clinic().settings.clinic_timezone))


def _contact(row: AnyRow) -> dict[str, Any]:
    opted_out = row.number_consent is ConsentStatus.OPTED_OUT
    return {**fields_of(row), "consent": ConsentStatus.OPTED_OUT if opted_out else row.consent}


def _sms_consent(contacts: list[dict[str, Any]]) -> ConsentStatus:
    """Consent at the first number that is tried by SMS."""
    return next((one["consent"] for one in contacts if one["channel"] is Channel.SMS), ConsentStatus.UNKNOWN)


def _message(row: AnyRow) -> dict[str, Any]:
    body = clinic().vault.open("messages.body", row.id, row.body)
    return {**fields_of(row), "body": body.encode("utf-8", "replace").decode(), "media": len(row.media)}


def _looked_at(connection: Connection, what: str, which: str | None) -> None:
    """Leave a line in the audit trail (45 CFR 164.312(b)): reading a patient's data is an act of its own."""
    audit.record(
        connection, at=clinic().clock(), actor=bearer().id, action="api.read", object_type=what, object_id=which
    )
