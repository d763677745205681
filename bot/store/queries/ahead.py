"""What lies ahead of a patient and of those on the same phone: visits, contacts planned for them, texts that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from bot.core.journey import TouchState
from bot.core.messages import Direction, MessageStatus
from bot.store.columns import AnyRow
from bot.store.queries.planning import DUE
from bot.store.tables import Appointment, Message, Patient, Touch

VISITS: Final = 60
TOUCHES: Final = 200
WAITING: Final = 10


def visits(connection: Connection, patient_ids: Sequence[str], now: datetime) -> Sequence[AnyRow]:
    """The next visits of these patients, with who they are, as planning looks at them."""
    return connection.execute(
        select(
            Appointment.appointment_id,
            Appointment.patient_id,
            Appointment.starts_at,
            Appointment.timezone,
            Appointment.status,
            Appointment.response,
            Appointment.version,
            Appointment.planned_version,
            Appointment.previous_starts_at,
            Appointment.telehealth_url,
            Appointment.location,
            Appointment.service,
            Patient.given_name,
            Patient.language,
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .where(Appointment.patient_id.in_(patient_ids), Appointment.starts_at > now)
        .order_by(Appointment.starts_at, Appointment.appointment_id)
        .limit(VISITS)
    ).all()


def planned(connection: Connection, appointment_ids: Sequence[str], until: datetime) -> Sequence[AnyRow]:
    """Contacts about these visits that are planned until then, as `planning.due` gives them, and nothing locked."""
    query = DUE.where(Touch.subject_id.in_(appointment_ids), Touch.due_at <= until)
    return connection.execute(query.order_by(Touch.due_at, Touch.id).limit(TOUCHES)).all()


def waiting(connection: Connection, patient_id: str) -> Sequence[AnyRow]:
    """Texts about the patient that are written down and wait to go out, the next one first."""
    return connection.execute(
        select(Message.id, Message.body, Message.language, Message.kind, Message.due_at, Message.contact_point_id)
        .where(
            Message.patient_id == patient_id,
            Message.direction == Direction.OUTBOUND,
            Message.status == MessageStatus.PLANNED,
        )
        .order_by(Message.due_at, Message.id)
        .limit(WAITING)
    ).all()


def planned_texts(connection: Connection, patient_id: str) -> Sequence[str]:
    """Ids of the texts about the patient that planning wrote and that have not gone out."""
    return (
        connection.execute(
            select(Message.id)
            .join(Touch, Touch.message_id == Message.id)
            .where(
                Message.patient_id == patient_id,
                Message.status == MessageStatus.PLANNED,
                Touch.state == TouchState.QUEUED,
            )
            .distinct()
        )
        .scalars()
        .all()
    )
