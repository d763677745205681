"""What staff change on a patient's record: the language, the status, and the stop and restart of texts by program."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update

from bot.core.consent import EVERY_PROGRAM
from bot.core.people import ConsentBasis, ConsentStatus, PatientStatus
from bot.journeys import discover
from bot.services import audit, consent
from bot.services.clinic import Clinic
from bot.services.gate import NEW_LANGUAGE, drop
from bot.services.inbox import Gone
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import ahead, patients
from bot.store.tables import Patient

SHORTEST_EVIDENCE: Final = 5
LONGEST_EVIDENCE: Final = 500
SETTABLE: Final = (PatientStatus.ACTIVE, PatientStatus.WRONG_NUMBER, PatientStatus.DECEASED)


class Unfit(StrEnum):
    """Why nothing was changed."""

    EVIDENCE = "evidence"
    PROGRAM = "program"
    LANGUAGE = "language"
    MOVED = "moved"
    """Somebody has changed it since the page was made."""


def programs() -> tuple[str, ...]:
    """What can be stopped by itself: the texts of each journey."""
    return tuple(sorted(discover()))


def stop_texts(
    clinic: Clinic, *, patient_id: str, evidence: str, actor_id: str, now: datetime, program: str = EVERY_PROGRAM
) -> bool | Gone:
    """Record that the patient wants no more texts, or none of a program, as told to staff; False: no evidence."""
    return _change(clinic, patient_id, ConsentStatus.OPTED_OUT, ConsentBasis.STAFF, evidence, actor_id, now, program)


def restart_texts(
    clinic: Clinic, *, patient_id: str, evidence: str, actor_id: str, now: datetime, program: str = EVERY_PROGRAM
) -> bool | Gone:
    """Record a signed form by which the patient wants them again; False when the evidence says nothing."""
    return _change(clinic, patient_id, ConsentStatus.OPTED_IN, ConsentBasis.FORM, evidence, actor_id, now, program)


def _change(
    clinic: Clinic,
    patient_id: str,
    status: ConsentStatus,
    basis: ConsentBasis,
    evidence: str,
    actor_id: str,
    now: datetime,
    program: str,
) -> bool | Gone:
    words = evidence.strip()
    if len(words) < SHORTEST_EVIDENCE or program not in (EVERY_PROGRAM, *programs()):
        return False
    with clinic.database.begin() as connection:
        if patients.patient(connection, patient_id) is None:
            return Gone()
        consent.record(
            connection,
            contact_point_id=None,
            patient_id=patient_id,
            status=status,
            basis=basis,
            actor=actor_id,
            at=now,
            vault=clinic.vault,
            wording=words[:LONGEST_EVIDENCE],
            program=program,
        )
        audit.record(
            connection, at=now, actor=actor_id, action="consent.change", object_type="patient", object_id=patient_id,
            detail={"status": str(status), "basis": str(basis), "program": program},
        )  # fmt: skip
    return True


@once_more
def set_language(clinic: Clinic, *, patient_id: str, language: str, actor_id: str, now: datetime) -> str | Unfit | Gone:
    """Text the patient in that language from now on; an import does not change it back. Gives the one before.

    A reminder that is written down and waits is written anew by the next round of planning.
    """
    if language not in clinic.texts.languages():
        return Unfit.LANGUAGE
    with clinic.database.begin() as connection:
        before = _locked(connection, patient_id)
        if before is None:
            return Gone()
        if (before.language, before.language_basis) != (language, ConsentBasis.STAFF):
            _set(connection, patient_id, now, language=language, language_basis=ConsentBasis.STAFF)
            detail = {"before": str(before.language), "after": language}
            _record(connection, "patient.language", patient_id, actor_id, now, detail)
        if before.language != language and (waiting := ahead.planned_texts(connection, patient_id)):
            drop(connection, dict.fromkeys(waiting, NEW_LANGUAGE), now)
    return str(before.language)


@once_more
def set_status(
    clinic: Clinic, *, patient_id: str, status: PatientStatus, was: PatientStatus, actor_id: str, now: datetime
) -> PatientStatus | Unfit | Gone:
    """Mark the number as wrong or the patient as deceased, or take that back. Consent stays as it is. Gives the old."""
    with clinic.database.begin() as connection:
        before = _locked(connection, patient_id)
        if before is None:
            return Gone()
        if before.status is not was:
            return Unfit.MOVED
        if before.status is not status:
            _set(connection, patient_id, now, status=status)
            detail = {"before": str(before.status), "after": str(status)}
            _record(connection, "patient.status", patient_id, actor_id, now, detail)
    return PatientStatus(was)


def _locked(connection: Connection, patient_id: str) -> AnyRow | None:
    columns = (Patient.language, Patient.language_basis, Patient.status)
    return connection.execute(select(*columns).where(Patient.patient_id == patient_id).with_for_update()).first()


def _set(connection: Connection, patient_id: str, now: datetime, **values: object) -> None:
    connection.execute(update(Patient).where(Patient.patient_id == patient_id).values(**values, updated_at=now))


def _record(
    connection: Connection, action: str, patient_id: str, actor_id: str, now: datetime, detail: dict[str, str]
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=action, object_type="patient", object_id=patient_id, detail=detail
    )
