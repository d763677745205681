"""What a patient's text says of a visit, as rows: the answer, and that they are there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update

from bot.core.effects import Answer, Arrived
from bot.core.people import Participation, Visit
from bot.services.turn import Turn
from bot.store.columns import new_id
from bot.store.tables import Appointment, AppointmentChange

PATIENT = "patient"

_CHANGE = insert(AppointmentChange.__table__)  # type: ignore[arg-type]
_RESPONSE = (
    update(Appointment)
    .where(Appointment.appointment_id == bindparam("which"))
    .values(response=bindparam("answer"), responded_at=bindparam("at"), updated_at=bindparam("at"))
)
_ARRIVED = (
    update(Appointment)
    .where(
        Appointment.appointment_id == bindparam("which"),
        # The first word counts, and only for the time that the visit had when it was read.
        Appointment.arrived_at.is_(None),
        Appointment.version == bindparam("as_read"),
    )
    .values(arrived_at=bindparam("at"), updated_at=bindparam("at"))
)


def respond(turn: Turn, effect: Answer) -> None:
    """The patient's answer about a visit, and its line in the visit's history."""
    visit = next(v for v in turn.situation.visits if v.appointment_id == effect.appointment_id)
    if visit.response is effect.response:
        return
    turn.batch.add(_RESPONSE, {"which": visit.appointment_id, "answer": effect.response, "at": turn.now})
    turn.batch.add(_CHANGE, change_row(turn.now, PATIENT, visit, effect.response, turn.message_id))


def change_row(
    now: datetime, actor: str, visit: Visit, response: Participation, message_id: str | None
) -> dict[str, Any]:
    """The line of an appointment's history for a changed answer."""
    return {
        "id": new_id(),
        "appointment_id": visit.appointment_id,
        "at": now,
        "actor": actor,
        "field": "response",
        "before": str(visit.response),
        "after": str(response),
        "message_id": message_id,
    }


def arrive(turn: Turn, effect: Arrived) -> None:
    """The patient is there."""
    visit = next(v for v in turn.situation.visits if v.appointment_id == effect.appointment_id)
    if visit.has_arrived:
        return
    turn.batch.add(_ARRIVED, {"which": visit.appointment_id, "as_read": visit.version, "at": turn.now})
    line = {
        "id": new_id(),
        "appointment_id": visit.appointment_id,
        "at": turn.now,
        "actor": PATIENT,
        "field": "arrived_at",
        "before": None,
        "after": turn.now.isoformat(),
        "message_id": turn.message_id,
    }
    turn.batch.add(_CHANGE, line)
