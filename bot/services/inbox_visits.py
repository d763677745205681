"""What a coordinator notes about a visit or a call, on behalf of a patient who said it by voice or in other words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update

from bot.core.people import Participation
from bot.services import audit, inbox_reply
from bot.services.clinic import Clinic
from bot.services.inbox import Gone
from bot.services.inbox_reply import Unfit
from bot.store.columns import new_id
from bot.store.database import once_more
from bot.store.tables import Appointment, AppointmentChange, Escalation

CALLED: Final = "Called the patient."

_CHANGE = insert(AppointmentChange.__table__)  # type: ignore[arg-type]


@once_more
def answer_visit(
    clinic: Clinic, *, appointment_id: str, response: Participation, actor_id: str, now: datetime
) -> Participation | Gone:
    """Set what the patient answered about a visit; gives the answer that stood before."""
    with clinic.database.begin() as connection:
        query = select(Appointment.response).where(Appointment.appointment_id == appointment_id).with_for_update()
        before: Participation | None = connection.execute(query).scalar_one_or_none()
        if before is None:
            return Gone()
        if before is response:
            return before
        connection.execute(
            update(Appointment)
            .where(Appointment.appointment_id == appointment_id)
            .values(response=response, responded_at=now, updated_at=now)
        )
        line = {"appointment_id": appointment_id, "at": now, "actor": actor_id, "field": "response"}
        connection.execute(_CHANGE, {"id": new_id(), **line, "before": str(before), "after": str(response)})
        connection.execute(update(Escalation).where(Escalation.appointment_id == appointment_id).values(updated_at=now))
        audit.record(
            connection, at=now, actor=actor_id, action="appointment.answer", object_type="appointment",
            object_id=appointment_id, detail={"before": str(before), "after": str(response)},
        )  # fmt: skip
    return before


def log_call(
    clinic: Clinic,
    *,
    conversation_id: str,
    actor_id: str,
    now: datetime,
    words: str = "",
    escalation_id: str | None = None,
) -> str | Unfit | Gone:
    """Note that the patient was called, with what came of it."""
    body = f"{CALLED} {words.strip()}".strip()
    return inbox_reply.add_note(
        clinic,
        conversation_id=conversation_id,
        actor_id=actor_id,
        body=body,
        now=now,
        escalation_id=escalation_id,
    )
