"""The clinic starts one conversation now: what the API and the console call, through the same gate as all else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.core.dialogue import ONCE
from bot.core.intents import Context
from bot.core.journey import Enrollment, Journey, QuestionState, waits
from bot.core.messages import Origin
from bot.core.outreach import Lane, Verdict
from bot.core.people import Visit
from bot.core.planning import LEAST_NOTICE, SAID_ALREADY
from bot.core.scales import limits
from bot.journeys import discover
from bot.journeys.checkin import ALARM, yes_to
from bot.journeys.waitlist import KEEPS
from bot.services import reviews
from bot.services.clinic import Clinic
from bot.services.gate import decide_and_store, drop
from bot.services.outbox import Draft, put
from bot.services.outreach_keys import RequestKey, answered, is_same, keep
from bot.services.visit_texts import link_of, template_for, visit_of
from bot.services.wording import values_for
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import planning
from bot.store.queries.conversations import ensure_conversations, insert_or_ignore
from bot.store.tables import Appointment, Patient, Question
from bot.store.tables import Enrollment as EnrollmentRow

JOURNEY_OF: Final = {
    Context.APPOINTMENT_REMINDER: "appointment",
    Context.SURVEY_SCALE: "survey",
    Context.CHECKIN_YES_NO: "checkin",
    Context.EDUCATION: "education",
    Context.RECALL_INVITE: "recall",
    Context.WAITLIST_OFFER: "waitlist",
    Context.NONE: "outreach",
}
ASKS_NOTHING: Final = (Context.EDUCATION, Context.NONE)
ANSWER_WITHIN: Final = timedelta(days=3)
NEAR: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutreachRequest:
    """What to start. `prompt` is the question in the clinic's own words, in place of the template's."""

    patient_id: str
    kind: Context
    appointment_id: str | None = None
    prompt: str | None = None
    slot: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The message written down, and what the gate said: `send`, `hold` or `drop`, with the stored reason."""

    message_id: str
    decision: Verdict
    reason: str
    again: bool = False
    """It was asked for under the same key before: nothing was done this time."""


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """Something else was asked for under this key before."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The request cannot be carried out as it is; `field` names what is wrong, `reason` says how to mend it."""

    field: str
    reason: str


@once_more
def start(
    clinic: Clinic, request: OutreachRequest, *, actor: str, now: datetime, key: str | None = None
) -> Started | Refusal | OtherRequest:
    """Write the message down, let the gate decide, and hint the queue. Raises DatabaseDown.

    The same request under the same key is carried out once, and answered alike however often it comes.
    """
    if key is None:
        with clinic.database.begin() as connection:
            result: Started | Refusal | OtherRequest = _start(connection, clinic, request, actor=actor, now=now)
    else:
        result = _start_once(clinic, request, RequestKey(actor, key), now=now)
    if isinstance(result, Started) and result.decision is not Verdict.DROP:
        clinic.queue.deliver()
    return result


def _start_once(
    clinic: Clinic, request: OutreachRequest, request_key: RequestKey, *, now: datetime
) -> Started | Refusal | OtherRequest:
    asked = {name: str(value) for name, value in asdict(request).items() if value is not None}
    body = json.dumps(asked, sort_keys=True)
    try:
        with clinic.database.begin() as connection:
            if (before := answered(connection, clinic.vault, request_key)) is not None:
                return _again(clinic, before, body)
            result = _start(connection, clinic, request, actor=request_key.actor, now=now)
            if isinstance(result, Started):
                answer = {"message_id": result.message_id, "decision": result.decision, "reason": result.reason}
                keep(connection, clinic.vault, request_key, body, now=now, **answer)  # type: ignore[arg-type]
            return result
    except IntegrityError:
        # The same request came in at this very moment, and ours is rolled back.
        with clinic.database.read() as connection:
            before = answered(connection, clinic.vault, request_key)
        if before is None:
            raise
        return _again(clinic, before, body)


def _again(clinic: Clinic, before: AnyRow, body: str) -> Started | OtherRequest:
    if not is_same(before, clinic.vault, body):
        return OtherRequest()
    return Started(before.message_id, before.decision, before.reason, again=True)


def _start(
    connection: Connection, clinic: Clinic, request: OutreachRequest, *, actor: str, now: datetime
) -> Started | Refusal:
    patient = connection.execute(
        select(Patient.patient_id, Patient.given_name, Patient.language).where(Patient.patient_id == request.patient_id)
    ).first()
    if patient is None:
        return Refusal("patient_id", "no patient has this id")
    contact = _contact(connection, request.patient_id, now)
    if contact is None:
        return Refusal("patient_id", "this patient has no phone number that can be texted")
    visit = _visit(connection, clinic, request)
    if isinstance(visit, Refusal):
        return visit
    if request.slot is not None and request.slot <= now:
        return Refusal("slot", "this time has passed; offer one that is ahead")
    if request.kind is Context.NONE and not request.prompt:
        return Refusal("prompt", "a message of the kind `none` needs its words in `prompt`")
    journey = discover()[JOURNEY_OF[request.kind]]
    message_id = _write(connection, clinic, request, journey, patient, contact, visit, actor=actor, now=now)
    decision = decide_and_store(connection, clinic, [message_id], now)[message_id]
    if decision.word is not Verdict.DROP and request.kind is Context.APPOINTMENT_REMINDER and visit is not None:
        _stand_down(connection, visit, message_id, now)
    return Started(message_id, decision.word, decision.reason)


def _contact(connection: Connection, patient_id: str, now: datetime) -> AnyRow | None:
    contact = planning.contacts(connection, [patient_id]).get(patient_id)
    if contact is not None and contact.conversation_id is None:
        ensure_conversations(connection, [contact.contact_point_id], now)
        contact = planning.contacts(connection, [patient_id])[patient_id]
    return contact


def _visit(connection: Connection, clinic: Clinic, request: OutreachRequest) -> Visit | Refusal | None:
    needs_one = request.kind is Context.APPOINTMENT_REMINDER
    if request.appointment_id is None:
        return Refusal("appointment_id", "a reminder needs the appointment it is about") if needs_one else None
    row = connection.execute(
        select(Appointment.__table__).where(Appointment.appointment_id == request.appointment_id)
    ).first()
    if row is None or row.patient_id != request.patient_id:
        return Refusal("appointment_id", "this patient has no appointment with this id")
    return visit_of(row, link=link_of(clinic, row.appointment_id, row.telehealth_url))


def _text_of(clinic: Clinic, request: OutreachRequest, journey: Journey, visit: Visit | None, now: datetime) -> str:
    if request.prompt:
        return "outreach/prompt"
    if request.kind is Context.APPOINTMENT_REMINDER and visit is not None and visit.starts_at - now > NEAR:
        return "appointment/reminder_first"
    text = journey.steps[journey.start].text
    if request.kind is not Context.APPOINTMENT_REMINDER or visit is None:
        return text
    return f"appointment/{template_for(clinic, 'reminder_last', visit)}"


def _write(
    connection: Connection,
    clinic: Clinic,
    request: OutreachRequest,
    journey: Journey,
    patient: AnyRow,
    contact: AnyRow,
    visit: Visit | None,
    *,
    actor: str,
    now: datetime,
) -> str:
    name = clinic.vault.maybe_open("patients.given_name", patient.patient_id, patient.given_name) or ""
    more: dict[str, Any] = {"prompt": request.prompt} if request.prompt else {}
    if request.slot is not None:
        zone = ZoneInfo(visit.timezone if visit is not None else clinic.settings.clinic_timezone)
        more["starts_at"] = request.slot.astimezone(zone)
    if request.kind is Context.WAITLIST_OFFER and visit is not None:
        more[KEEPS] = "yes"
    # An offer without its time names none: the time of the present visit would be taken for it.
    timeless = request.kind is Context.WAITLIST_OFFER and request.slot is None
    visits = [visit] if visit is not None and not timeless else []
    values = values_for(clinic, now=now, name=name, visits=visits, **more)
    key = _text_of(clinic, request, journey, visit, now)
    rendered = reviews.render(clinic, key, language=patient.language, values=values)
    is_reminder = request.kind is Context.APPOINTMENT_REMINDER
    useful_until = visit.starts_at - LEAST_NOTICE if visit is not None and is_reminder else _answer_by(request, now)
    enrollment_id = _enroll(connection, clinic, request, journey, visit, now)
    draft = Draft(
        conversation_id=contact.conversation_id,
        contact_point_id=contact.contact_point_id,
        body=rendered.text,
        kind=key.removesuffix("_video") if not request.prompt else f"{journey.name}/prompt",
        origin=Origin.OUTREACH,
        language=rendered.language,
        patient_id=patient.patient_id,
        appointment_id=visit.appointment_id if visit is not None and is_reminder else None,
        appointment_version=visit.version if visit is not None and is_reminder else None,
        enrollment_id=enrollment_id,
        lane=Lane.REMINDER,
        due_at=now,
        expires_at=request.expires_at or useful_until,
        author_id=actor,
        budget_exempt=True,
    )
    message_id = put(connection, draft, vault=clinic.vault, now=now)
    _ask(connection, clinic, request, journey, contact, visit, message_id, enrollment_id, now)
    return message_id


def _answer_by(request: OutreachRequest, now: datetime) -> datetime:
    """Until when an answer means what it says: a time that was offered can be taken until it has come."""
    latest = now + ANSWER_WITHIN
    return latest if request.slot is None else min(latest, request.slot)


def _enroll(
    connection: Connection, clinic: Clinic, request: OutreachRequest, journey: Journey, visit: Visit | None,
    now: datetime,
) -> str:  # fmt: skip
    about_visit = journey.name == "appointment" and visit is not None
    after = journey.steps[journey.start].silence_after
    begun = Enrollment("", journey.name, request.patient_id, "", journey.start)
    wake_at = now + waits(after, begun) if after is not None else None
    if about_visit and visit is not None:
        known = planning.enrollments_about(connection, [visit.appointment_id]).get(visit.appointment_id)
        if known is not None:
            connection.execute(update(EnrollmentRow).where(EnrollmentRow.id == known).values(misses=0, wake_at=wake_at))
            return known
    fresh = new_id()
    connection.execute(
        insert_or_ignore(connection, EnrollmentRow.__table__),
        {
            "id": fresh,
            "journey": journey.name,
            "patient_id": request.patient_id,
            "subject_id": visit.appointment_id if about_visit and visit is not None else fresh,
            "step": journey.start,
            "misses": 0,
            "data": _data(clinic, request, visit),
            "wake_at": wake_at,
            "created_at": now,
            "updated_at": now,
        },
    )
    if about_visit and visit is not None:  # Somebody else may have been asking about it at the same moment.
        return planning.enrollments_about(connection, [visit.appointment_id])[visit.appointment_id]
    return fresh


def _data(clinic: Clinic, request: OutreachRequest, visit: Visit | None) -> dict[str, str]:
    once = {} if request.kind is Context.APPOINTMENT_REMINDER else {ONCE: "yes"}
    if request.kind is Context.WAITLIST_OFFER and visit is not None:
        return {**once, KEEPS: "yes"}
    if request.kind is Context.SURVEY_SCALE:
        return {**once, **limits(request.prompt or "")}
    # "Are you having trouble breathing today?": a yes is no mere answer.
    asks = request.prompt if request.kind is Context.CHECKIN_YES_NO else None
    means = yes_to(asks, clinic.understand) if asks else None
    return {**once, ALARM: means} if means else once


def _ask(
    connection: Connection,
    clinic: Clinic,
    request: OutreachRequest,
    journey: Journey,
    contact: AnyRow,
    visit: Visit | None,
    message_id: str,
    enrollment_id: str,
    now: datetime,
) -> None:
    step = journey.steps[journey.start]
    question_id = new_id()
    about = visit if request.kind is Context.APPOINTMENT_REMINDER else None
    if about is not None:
        _supersede(connection, contact.conversation_id, about, now)
    connection.execute(
        insert(Question).values(
            id=question_id,
            conversation_id=contact.conversation_id,
            message_id=message_id,
            enrollment_id=enrollment_id,
            patient_id=request.patient_id,
            journey=journey.name,
            step=step.name,
            context=request.kind,
            options=[] if request.prompt else list(step.options),
            subjects=[[about.appointment_id, about.version]] if about is not None else [],
            prompt=clinic.vault.maybe_seal("questions.prompt", question_id, request.prompt),
            state=QuestionState.PREPARED,
            asked_at=now,
            expires_at=request.expires_at or (about.starts_at if about is not None else _answer_by(request, now)),
        )
    )


def _stand_down(connection: Connection, visit: Visit, message_id: str, now: datetime) -> None:
    """What else waits to go out about this visit is left out: nobody gets two texts about one visit at once."""
    waiting = planning.waiting_about(connection, visit.appointment_id, but=message_id)
    if waiting:
        drop(connection, dict.fromkeys(waiting, SAID_ALREADY), now)


def _supersede(connection: Connection, conversation_id: str, visit: Visit, now: datetime) -> None:
    """Asking anew about a visit takes the place of an earlier question that has not gone out."""
    rows = connection.execute(
        select(Question.id, Question.subjects).where(
            Question.conversation_id == conversation_id, Question.state == QuestionState.PREPARED
        )
    ).all()
    stale = [row.id for row in rows if any(subject[0] == visit.appointment_id for subject in row.subjects)]
    if stale:
        connection.execute(
            update(Question).where(Question.id.in_(stale)).values(state=QuestionState.VOID, answered_at=now)
        )
