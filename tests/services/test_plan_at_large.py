"""More visits than a batch holds: whoever plans beside whom, nobody is reminded twice, no household taken apart."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.core.journey import TouchState
from bot.services.clinic import Clinic
from bot.services.plan import BATCH, PlanCounts, plan_due
from bot.store.bulk import put_many
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Conversation,
    Enrollment,
    Message,
    Patient,
    PatientContact,
    Question,
    Touch,
)
from tests.services.at_once import at_once
from tests.services.sending import NOON, Scene

HOUSEHOLDS = BATCH * 5 // 4
"""Two people each, so that there are more visits than two batches hold, and a batch ends between two of a household."""


def move_in(clinic: Clinic) -> None:
    """Households of two, each with two visits of tomorrow on one phone; half of the phones have been texted before."""
    rows: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (Patient, ContactPoint, PatientContact, Conversation, Appointment)
    }
    for number in range(HOUSEHOLDS):
        phone, at = f"phone-{number}", {"created_at": NOON}
        rows[ContactPoint].append({"id": phone, "phone": b"", "phone_index": phone, "channel": "sms", **at})
        if number % 2:
            rows[Conversation].append({"id": f"talk-{number}", "contact_point_id": phone, **at})
        for who in ("a", "b"):
            patient = f"{who}{number}"
            name = clinic.vault.seal("patients.given_name", patient, f"Ana{who}")
            rows[Patient].append(
                {"patient_id": patient, "given_name": name, "language": "es", "updated_at": NOON, **at}
            )
            rows[PatientContact].append({"patient_id": patient, "contact_point_id": phone, "consent": "opted-in", **at})
            rows[Appointment].append(
                {
                    "appointment_id": f"visit-{who}{number}",
                    "patient_id": patient,
                    "starts_at": NOON + timedelta(hours=20, minutes=15 * (number % 9) + (30 if who == "b" else 0)),
                    "timezone": "America/Chicago",
                    "status": "booked",
                    "updated_at": NOON,
                    **at,
                }
            )
    with clinic.database.begin() as connection:
        for table, made in rows.items():
            put_many(connection, table.__table__, made)


@pytest.mark.slow
@pytest.mark.parametrize("planners", [1, 2])
def test_every_household_gets_one_text_and_what_is_at_fault_keeps_nothing_back(scene: Scene, planners: int) -> None:
    clinic = scene.clinic
    move_in(clinic)
    with clinic.database.begin() as connection:
        connection.execute(
            update(Patient).where(Patient.patient_id == "b77").values(given_name=b"sealed with a key that is gone")
        )
    counts: Counter[str] = Counter()
    for one in at_once(*[lambda: plan_due(clinic, at=NOON)] * planners):
        assert isinstance(one, PlanCounts)
        counts.update(visits=one.visits, messages=one.messages, failed=one.failed)
    assert (counts["visits"], counts["messages"]) == (2 * HOUSEHOLDS, HOUSEHOLDS)
    assert counts["failed"] >= 1
    with clinic.database.read() as connection:
        phones = connection.execute(
            select(func.count()).select_from(Message).group_by(Message.contact_point_id, Message.kind)
        ).scalars()
        assert list(phones) == [1] * HOUSEHOLDS
        kinds = Counter(connection.execute(select(Message.kind)).scalars())
        # Who shares a phone with the one at fault is reminded alone.
        assert kinds == {"appointment/household": HOUSEHOLDS - 1, "appointment/reminder_last": 1}
        made = select(func.count()).select_from(Touch).where(Touch.step == "reminder_last")
        assert connection.execute(made.where(Touch.state == TouchState.QUEUED)).scalar_one() == 2 * HOUSEHOLDS - 1
        assert connection.execute(made.where(Touch.state == TouchState.PLANNED)).scalar_one() == 1
        asked = connection.execute(select(Question.message_id, Question.subjects)).all()
        assert sorted(visit for row in asked for visit, _version in row.subjects) == sorted(
            f"visit-{who}{number}" for number in range(HOUSEHOLDS) for who in ("a", "b") if (who, number) != ("b", 77)
        )
        assert connection.execute(select(func.count()).select_from(Enrollment)).scalar_one() == 2 * HOUSEHOLDS - 1
