"""One patient with all that the API shows of her."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from bot.services.clinic import Clinic
from bot.store.columns import new_id
from bot.store.tables import Appointment, ContactPoint, Conversation, Escalation, Message, Patient, PatientContact

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)


@pytest.fixture
def ana(clinic: Clinic) -> dict[str, str]:
    """Ana, her phone, her visit, eleven messages and five escalations; gives the ids."""
    point, conversation = new_id(), new_id()
    rows: list[tuple[type, list[dict[str, Any]]]] = [
        (Patient, [{"patient_id": "P/1", "language": "es", "created_at": NOW, "updated_at": NOW}]),
        (
            ContactPoint,
            [
                {
                    "id": point,
                    "phone": clinic.vault.seal("contact_points.phone", point, "+16015550111"),
                    "phone_index": clinic.vault.index("+16015550111"),
                    "channel": "sms",
                    "created_at": NOW,
                }
            ],
        ),
        (PatientContact, [{"patient_id": "P/1", "contact_point_id": point, "consent": "opted-in", "created_at": NOW}]),
        (Conversation, [{"id": conversation, "contact_point_id": point, "created_at": NOW}]),
        (Appointment, [_visit(f"A{day}", NOW + timedelta(days=day)) for day in (3, 1, 2)]),
        (Message, [_text(clinic, conversation, point, number) for number in range(11)]),
        (Escalation, [_escalation(conversation, number) for number in range(5)]),
    ]
    with clinic.database.begin() as connection:
        for table, values in rows:
            connection.execute(insert(table), values)
    return {"conversation": conversation, "point": point}


def _visit(appointment_id: str, starts_at: datetime) -> dict[str, Any]:
    times = {"starts_at": starts_at, "created_at": NOW, "updated_at": NOW}
    return {"appointment_id": appointment_id, "patient_id": "P/1", "timezone": "UTC", "status": "booked", **times}


def _text(clinic: Clinic, conversation: str, point: str, number: int) -> dict[str, Any]:
    message_id = new_id()
    # Each answer has the very instant of the text that it answers.
    at = NOW + timedelta(minutes=number // 2)
    outbound = number % 2 == 1
    return {
        "id": message_id,
        "conversation_id": conversation,
        "contact_point_id": point,
        "patient_id": "P/1",
        "direction": "outbound" if outbound else "inbound",
        "origin": "reply" if outbound else None,
        "kind": "confirm",
        "body": clinic.vault.seal("messages.body", message_id, f"text {number}"),
        "status": "sent" if outbound else "received",
        "twilio_sid": f"SM{number}",
        "created_at": at,
        "updated_at": at,
    }


def _escalation(conversation: str, number: int) -> dict[str, Any]:
    at = NOW + timedelta(minutes=number)
    return {
        "id": new_id(),
        # The last is of a number that is nobody's.
        "patient_id": "P/1" if number < 4 else None,
        "conversation_id": conversation,
        "priority": "urgent" if number else "emergency",
        "priority_rank": 1 if number else 0,
        "reason": ["emergency", "symptom", "question", "unclear", "refill"][number],
        "respond_by": at,
        "created_at": at,
        "updated_at": at,
    }
