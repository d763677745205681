"""Texts of loops that nobody has asked for just now: written down for the gate, in the patient's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from bot.core.messages import Origin
from bot.services import outbox, reviews
from bot.services.clinic import Clinic
from bot.services.wording import values_for
from bot.store.columns import AnyRow
from bot.store.queries import planning
from bot.store.queries.conversations import ensure_conversations
from bot.store.tables import Patient

USEFUL_FOR = timedelta(days=2)


def reach(connection: Connection, patient_id: str, now: datetime) -> AnyRow | None:
    """The phone that is tried first, with its conversation; None where no number can be texted."""
    contact = planning.contacts(connection, [patient_id]).get(patient_id)
    if contact is not None and contact.conversation_id is None:
        ensure_conversations(connection, [contact.contact_point_id], now)
        contact = planning.contacts(connection, [patient_id])[patient_id]
    return contact


def tell(
    connection: Connection,
    clinic: Clinic,
    row: AnyRow,
    key: str,
    values: Mapping[str, Any],
    *,
    origin: Origin = Origin.OUTREACH,
    budget_exempt: bool = False,
    now: datetime,
) -> str | None:
    """Write one text of this loop down; its message id, or None where no number can be texted."""
    contact = reach(connection, row.patient_id, now)
    if contact is None:
        return None
    patient = connection.execute(
        select(Patient.given_name, Patient.language).where(Patient.patient_id == row.patient_id)
    ).one()
    name = clinic.vault.maybe_open("patients.given_name", row.patient_id, patient.given_name) or ""
    filled = values_for(clinic, now=now, name=name, **values)
    rendered = reviews.render(clinic, key, language=patient.language, values=filled)
    draft = outbox.Draft(
        conversation_id=contact.conversation_id,
        contact_point_id=contact.contact_point_id,
        body=rendered.text,
        kind=key,
        origin=origin,
        language=rendered.language,
        patient_id=row.patient_id,
        enrollment_id=row.id,
        expires_at=now + USEFUL_FOR,
        budget_exempt=budget_exempt,
    )
    return outbox.put(connection, draft, vault=clinic.vault, now=now)
