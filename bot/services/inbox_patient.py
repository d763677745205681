"""What a coordinator sets right about a patient from within a conversation, and takes back as easily."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update

from bot.core.people import ConsentBasis, PatientStatus
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.inbox import Gone
from bot.services.inbox_visits import CALLED
from bot.store.database import once_more
from bot.store.tables import Escalation, Note, Patient

TAKEN_BACK_WITHIN: Final = timedelta(minutes=10)
"""So long its writer takes a call back that was logged by mistake."""


@once_more
def speak(clinic: Clinic, *, patient_id: str, language: str, actor_id: str, now: datetime) -> str | Gone:
    """Write to the patient in that language from now on; gives the one before."""
    with clinic.database.begin() as connection:
        query = select(Patient.language).where(Patient.patient_id == patient_id).with_for_update()
        before: str | None = connection.execute(query).scalar_one_or_none()
        if before is None:
            return Gone()
        if before == language:
            return before
        # As told to staff, which no import overrules.
        values = {"language": language, "language_basis": ConsentBasis.STAFF, "updated_at": now}
        connection.execute(update(Patient).where(Patient.patient_id == patient_id).values(**values))
        connection.execute(update(Escalation).where(Escalation.patient_id == patient_id).values(updated_at=now))
        audit.record(
            connection, at=now, actor=actor_id, action="patient.language", object_type="patient", object_id=patient_id,
            detail={"before": before, "after": language},
        )  # fmt: skip
    return before


@once_more
def wrong_number(clinic: Clinic, *, patient_id: str, wrong: bool, actor_id: str, now: datetime) -> bool | Gone:
    """The phone is not this patient's, or is after all; whether that is news. Nothing more goes out about them."""
    known, then = PatientStatus.ACTIVE, PatientStatus.WRONG_NUMBER
    if not wrong:
        known, then = then, known
    with clinic.database.begin() as connection:
        query = select(Patient.status).where(Patient.patient_id == patient_id).with_for_update()
        before: PatientStatus | None = connection.execute(query).scalar_one_or_none()
        if before is None:
            return Gone()
        if before is not known:
            return False
        connection.execute(update(Patient).where(Patient.patient_id == patient_id).values(status=then, updated_at=now))
        connection.execute(update(Escalation).where(Escalation.patient_id == patient_id).values(updated_at=now))
        audit.record(
            connection, at=now, actor=actor_id, action="patient.status", object_type="patient", object_id=patient_id,
            detail={"before": str(before), "after": str(then)},
        )  # fmt: skip
    return True


@once_more
def take_call_back(clinic: Clinic, *, conversation_id: str, note_id: str, actor_id: str, now: datetime) -> str | Gone:
    """The call was logged by mistake; gives the note's id. Notes in words of one's own stay."""
    with clinic.database.begin() as connection:
        there = (Note.id == note_id, Note.conversation_id == conversation_id)
        row = connection.execute(select(Note.__table__).where(*there).with_for_update()).first()
        if row is None or row.author_id != actor_id or row.at <= now - TAKEN_BACK_WITHIN:
            return Gone()
        if not clinic.vault.open("notes.body", row.id, row.body).startswith(CALLED):
            return Gone()
        connection.execute(delete(Note).where(Note.id == note_id))
        audit.record(
            connection, at=now, actor=actor_id, action="note.undo", object_type="note", object_id=note_id,
            detail={"conversation_id": row.conversation_id},
        )  # fmt: skip
    return note_id
