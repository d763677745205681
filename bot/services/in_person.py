"""What no text may tell of a visit that is nobody's business but the patient's: somebody calls and says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core.escalation import Priority, Reason
from bot.core.people import PatientStatus
from bot.core.preparation import PREFIX
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.store.batch import Batch
from bot.store.columns import AnyRow
from bot.store.queries import planning
from bot.store.queries.conversations import ensure_conversations

NEXT_STEP = "tell-discreetly"


def bring(
    connection: Connection, clinic: Clinic, rows: Sequence[AnyRow], contacts: Mapping[str, AnyRow], now: datetime
) -> None:
    """One routine case for each of these visits that is off, or that the patient has to prepare for.

    `rows` are contacts that are not made because others read every phone of the patient.
    """
    visits = {
        row.appointment_id: row
        for row in rows
        if (row.step == "cancelled" or row.step.startswith(PREFIX))
        and contacts[row.patient_id].patient_status is PatientStatus.ACTIVE
    }
    if not visits:
        return
    phones = sorted({contacts[row.patient_id].contact_point_id for row in visits.values()})
    ensure_conversations(connection, phones, now)
    talks = planning.conversations_of(connection, phones)
    for appointment_id, row in sorted(visits.items()):
        need = Need(
            reason=Reason.DELIVERY_FAILURE,
            priority=Priority.ROUTINE,
            conversation_id=talks[contacts[row.patient_id].contact_point_id],
            patient_id=row.patient_id,
            appointment_id=appointment_id,
            suggestion=NEXT_STEP,
        )
        batch = Batch(connection)
        raise_to_person(batch, need, clinic=clinic, now=now)
        batch.flush()
