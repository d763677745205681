"""Builders for the values that conversations are decided on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.binding import bind
from bot.core.intake import respond
from bot.core.intents import Context, Details, Evidence, Intent, Understanding
from bot.core.journey import Enrollment, Question, QuestionState
from bot.core.people import AppointmentStatus, ConsentStatus, Participation, PatientStatus, Visit
from bot.core.situation import Person, Response, Situation
from bot.journeys import discover

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
OPTIONS = ("confirm", "reschedule", "decline")


def means(*intents: Intent, auto: bool = True, **details: object) -> Understanding:
    """An understanding with these meanings."""
    evidence = tuple(Evidence(intent, "test", "words") for intent in intents)
    return Understanding(intents, 0.9, auto, "en", evidence, Details(**details))  # type: ignore[arg-type]


def a_visit(appointment_id: str = "A1", **changes: object) -> Visit:
    """A visit tomorrow at 10:00 in Chicago."""
    made = Visit(
        appointment_id=appointment_id,
        patient_id="P1",
        starts_at=datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
        timezone="America/Chicago",
        status=AppointmentStatus.BOOKED,
        response=Participation.NEEDS_ACTION,
        name="Maria",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def an_enrollment(subject_id: str = "A1", step: str = "asked", **changes: object) -> Enrollment:
    """An enrollment on the appointment journey."""
    made = Enrollment(id=f"E-{subject_id}", journey="appointment", patient_id="P1", subject_id=subject_id, step=step)
    return replace(made, **changes)  # type: ignore[arg-type]


def a_question(*visits: Visit, **changes: object) -> Question:
    """The reminder's question about these visits, asked ten minutes ago."""
    made = Question(
        id="Q1",
        journey="appointment",
        step="asked",
        context=Context.APPOINTMENT_REMINDER,
        options=OPTIONS,
        subjects=tuple((visit.appointment_id, visit.version) for visit in visits),
        state=QuestionState.OPEN,
        asked_at=NOW - timedelta(minutes=10),
        expires_at=max((visit.starts_at for visit in visits), default=NOW + timedelta(days=1)),
        enrollment=an_enrollment(visits[0].appointment_id) if len(visits) == 1 else None,
        patient_id="P1",
        message_id="M1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def maria(**changes: object) -> Person:
    """The patient."""
    made = Person("P1", "Maria", "en", PatientStatus.ACTIVE, ConsentStatus.OPTED_IN)
    return replace(made, **changes)  # type: ignore[arg-type]


def a_situation(*questions: Question, visits: tuple[Visit, ...] = (), **changes: object) -> Situation:
    """One patient on the phone, with these questions and visits."""
    made = Situation(
        people=(maria(),),
        questions=questions,
        visits=visits,
        enrollments={visit.appointment_id: an_enrollment(visit.appointment_id) for visit in visits},
        languages=("en", "es", "ar"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def decide(situation: Situation, understanding: Understanding, text: str = "", now: datetime = NOW) -> Response:
    """Bind and respond, as the service does."""
    binding = bind(text, understanding, situation.questions, situation.visits, now)
    return respond(understanding, situation, binding=binding, journeys=discover(), now=now)
