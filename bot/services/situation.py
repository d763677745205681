"""What the database says of a conversation, as the values that the core decides on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.journey import Enrollment, Question, QuestionState
from bot.core.language_offer import Tongue
from bot.core.people import ConsentStatus, Scope, Visit
from bot.core.situation import GONE, Person, Situation
from bot.services.clinic import Clinic
from bot.services.confidence import hears
from bot.services.visit_texts import link_of
from bot.store.columns import AnyRow
from bot.store.queries.loops import loop_of
from bot.store.together import Rows


def situation_of(clinic: Clinic, phone: Any, around: Mapping[str, Rows]) -> Situation:
    """The situation of the conversation on this (locked) phone row."""
    people, visits = around["people"], around["visits"]
    names = {
        row.patient_id: clinic.vault.maybe_open("patients.given_name", row.patient_id, row.given_name) or ""
        for row in people
    }
    # Whoever holds the phone may hear nothing of these patients: their visits are none to ask about or to name.
    # And once it is said that it is a stranger's phone, or that the patient has died, no word answers for the visits.
    told = {row.patient_id for row in people if row.scope is not Scope.NOTHING and row.status not in GONE}
    private = {row.patient_id for row in visits if clinic.sensitive.is_one(row.service, row.location)}
    kept = {patient_id for patient_id in private if not hears(clinic, patient_id, people, clinic.clock())}
    return Situation(
        people=tuple(
            Person(
                row.patient_id,
                names[row.patient_id],
                row.language,
                row.status,
                row.consent,
                row.paused_since is not None,
            )
            for row in people
        ),
        questions=tuple(question_of(row, clinic) for row in _latest(around["questions"])),
        visits=tuple(
            visit_of(
                row,
                names[row.patient_id],
                link=link_of(clinic, row.appointment_id, row.telehealth_url),
                clinician=_clinician(clinic, row) if len(visits) > 1 else "",
            )
            for row in visits
            if row.patient_id in told
            and not (row.patient_id in kept and clinic.sensitive.is_one(row.service, row.location))
        ),
        enrollments={row.appointment_id: _enrollment_of(row) for row in visits if row.enrollment_id},
        loops=tuple(loop_of(row) for row in around["loops"] if row.patient_id in told),
        opted_out=_opted_out(phone, people),
        held=phone.held_by is not None,
        staff_spoke_at=phone.last_staff_at,
        staff_asked=phone.last_staff_asked,
        last_safety_at=phone.last_safety_at,
        last_safety_family=phone.last_safety_family,
        recent_replies=tuple(datetime.fromisoformat(at) for at in phone.recent_replies),
        languages=clinic.texts.languages(),
        tongue=Tongue.parse(phone.tongue),
    )


def _latest(rows: Rows) -> list[Any]:
    """Of what a loop has asked, the last that went out: who answers "1" to the reminder does not mean the invitation.

    What was asked about visits is kept whole, each with the visits that it was about.
    """
    seen: set[str] = set()
    kept = []
    for row in rows:  # the newest first
        is_loop = row.enrollment_id is not None and row.journey != "appointment"
        if is_loop and row.enrollment_id in seen and row.state is QuestionState.OPEN:
            continue
        if is_loop and row.state is not QuestionState.PREPARED:
            seen.add(row.enrollment_id)
        kept.append(row)
    return kept


def _opted_out(phone: Any, people: Rows) -> bool:
    if phone.consent is ConsentStatus.OPTED_OUT:
        return True
    return bool(people) and all(row.consent is ConsentStatus.OPTED_OUT for row in people)


def _clinician(clinic: Clinic, row: AnyRow) -> str:
    return clinic.vault.maybe_open("appointments.clinician", row.appointment_id, row.clinician) or ""


def visit_of(row: AnyRow, name: str, link: str = "", clinician: str = "") -> Visit:
    """A row of the appointments query as the core's value."""
    return Visit(
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        status=row.status,
        response=row.response,
        version=row.version,
        name=name,
        location=row.location,
        service=row.service,
        responded_at=row.responded_at,
        is_video=row.telehealth_url is not None,
        link=link,
        has_arrived=row.arrived_at is not None,
        clinician=clinician,
    )


def _enrollment_of(row: AnyRow) -> Enrollment:
    return Enrollment(
        id=row.enrollment_id,
        journey="appointment",
        patient_id=row.patient_id,
        subject_id=row.appointment_id,
        step=row.step,
        misses=row.misses,
        data=row.data,
        version=row.enrollment_version,
    )


def question_of(row: AnyRow, clinic: Clinic) -> Question:
    """A row of the questions query as the core's value."""
    return Question(
        id=row.id,
        journey=row.journey,
        step=row.step,
        context=row.context,
        options=tuple(row.options),
        subjects=tuple((str(appointment_id), int(version)) for appointment_id, version in row.subjects),
        state=row.state,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        enrollment=_asking(row),
        patient_id=row.patient_id,
        pending=row.pending,
        prompt=clinic.vault.maybe_open("questions.prompt", row.id, row.prompt),
        message_id=row.message_id,
    )


def _asking(row: AnyRow) -> Enrollment | None:
    if row.enrollment_id is None or row.enrollment_step is None:
        return None
    data: Mapping[str, str] = row.enrollment_data
    return Enrollment(
        id=row.enrollment_id,
        journey=row.journey,
        patient_id=row.enrollment_patient_id,
        subject_id=row.enrollment_subject_id,
        step=row.enrollment_step,
        misses=row.enrollment_misses,
        data=data,
        kind=row.enrollment_kind,
        priority=row.enrollment_priority,
        version=row.enrollment_version,
        outcome=row.enrollment_outcome,
    )
