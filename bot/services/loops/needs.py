"""A need that a patient tells of in any conversation: one loop keeps it, however often it is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, update

from bot.core.effects import Escalate
from bot.core.journey import Urgency
from bot.core.people import Visit
from bot.journeys.needs import JOURNEY, RAISED, RIDE, SAID
from bot.services.clinic import Clinic
from bot.services.loops.moving import report
from bot.services.loops.opening import Opening, open_loop
from bot.services.turn import Turn
from bot.store.queries import loops
from bot.store.tables import Enrollment

PATIENT: Final = "patient"
SAID_AGAIN: Final = "said-again"
SOON: Final = timedelta(hours=48)
"""A ride to a visit that is nearer is looked for at once: those who drive need days."""


def loop_of_need(turn: Turn, effect: Escalate, patient_id: str | None, appointment_id: str | None) -> str | None:
    """The loop that a case belongs to: of the need that was told, or else the one that the text was taken for."""
    if not effect.need or patient_id is None:
        return turn.loop_id
    theirs = [visit for visit in turn.situation.visits if visit.patient_id == patient_id and visit.is_open(turn.now)]
    meant = [visit for visit in theirs if visit.appointment_id == appointment_id] or theirs
    visit = meant[0] if len(meant) == 1 else None
    return keep_need(turn.batch.connection, turn.clinic, patient_id, effect, visit=visit, now=turn.now)


def keep_need(
    connection: Connection, clinic: Clinic, patient_id: str, told: Escalate, *, visit: Visit | None, now: datetime
) -> str | None:
    """Its loop: the one of this kind that is open, or a new one, in which the office has the next step.

    Nothing is texted on account of it: the reply to the patient's words has said that a person sees to it.
    """
    kind = told.need
    visit = visit if kind == RIDE else None
    about = visit.appointment_id if visit is not None else None
    standing = loops.open_alike(connection, patient_id, JOURNEY.name, kind, about)
    if standing is None:
        near = visit is not None and visit.starts_at - now < SOON
        opening = Opening(
            journey=JOURNEY.name,
            patient_id=patient_id,
            kind=kind,
            priority=Urgency.URGENT if near else Urgency.ROUTINE,
            appointment_id=about,
            data={RAISED: str(told.reason)} if told.reason in JOURNEY.joins else {},
            step=SAID,
        )
        return open_loop(connection, clinic, opening, now, actor=PATIENT)
    if about is not None and standing.appointment_id is None:
        connection.execute(update(Enrollment).where(Enrollment.id == standing.id).values(appointment_id=about))
    report(connection, clinic, standing, SAID_AGAIN, data={}, actor=PATIENT, now=now)
    return str(standing.id)
