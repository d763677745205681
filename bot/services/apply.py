"""Effects become rows: everything that one inbound leads to, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any, assert_never

from sqlalchemy import Update, bindparam, insert, or_, true, update

from bot.core.effects import (
    Answer,
    Arrived,
    Ask,
    ChangeConsent,
    CloseQuestion,
    Effect,
    Escalate,
    FreeSlot,
    MarkPatient,
    PauseJourneys,
    Record,
    Say,
    SetLanguage,
    Start,
    StopJourneys,
    TakeSlot,
    VoidTouches,
    WakeAt,
)
from bot.core.escalation import Reason
from bot.core.intake import supported
from bot.core.journey import Enrollment, Move, QuestionState, TouchState
from bot.core.messages import Origin
from bot.core.people import ConsentBasis
from bot.core.situation import Response
from bot.journeys import discover
from bot.services import consent, visit_answers
from bot.services.answer import answer, render
from bot.services.closing import close_with
from bot.services.escalations import Need, raise_to_person
from bot.services.loops.entering import enter
from bot.services.loops.moving import start, stop
from bot.services.loops.needs import loop_of_need
from bot.services.loops.opening import BOT
from bot.services.turn import Turn
from bot.services.visit_answers import PATIENT
from bot.store.columns import new_id
from bot.store.queries import loops, slots
from bot.store.tables import (
    Enrollment as EnrollmentRow,
)
from bot.store.tables import (
    Finding,
    Patient,
    Touch,
)
from bot.store.tables import (
    Question as QuestionRow,
)

CROSSED = timedelta(minutes=10)
"""So long before a yes, word that the time is gone was on its way while it was written."""

_FINDING = insert(Finding.__table__)  # type: ignore[arg-type]
_ENROLL = insert(EnrollmentRow.__table__)  # type: ignore[arg-type]
_ANSWERED = (
    update(QuestionRow)
    .where(QuestionRow.id == bindparam("which"))
    .values(
        state=QuestionState.ANSWERED,
        answered_at=bindparam("at"),
        answered_by=bindparam("by"),
        binding=bindparam("why"),
    )
)


def apply(turn: Turn, response: Response) -> Sequence[tuple[str, str]]:
    """Write down everything in the response; gives (message id, body) of the texts to answer with."""
    response = _race(turn, response)
    turn.patient_id = response.patient_id
    turn.visits = response.binding.visits if response.binding is not None else ()
    turn.language = _language_of(turn, response)
    turn.loop = next((loop for loop in response.enrollments if loop.id), None)
    for enrollment in response.enrollments:
        _move(turn, enrollment)
    for effect in response.effects:
        _effect(turn, effect, response)
    texts = answer(turn)
    if turn.said and not texts and not any(isinstance(effect, Escalate) for effect in response.effects):
        # The gate would not have it said, to a number that is unsafe or of a patient who has died: a person reads it.
        _escalate(turn, Escalate(Reason.UNCLEAR))
    return texts


def _race(turn: Turn, response: Response) -> Response:
    """What the response comes to once it is known whether the time on offer was still to be had."""
    wanted = next((effect for effect in response.effects if isinstance(effect, TakeSlot)), None)
    loop = next((one for one in response.enrollments if one.id), None)
    if wanted is None or loop is None:
        return response
    if slots.take(turn.batch.connection, wanted.slot_id, loop.id, turn.now):
        return response
    outcome = discover()[loop.journey].outcome_of(Move(wanted.otherwise))
    lost = replace(loop, step=wanted.otherwise, outcome=outcome)
    # A wound told of beside the yes is as urgent as ever: only what the time would have brought is left out.
    rest = tuple(effect for effect in response.effects if effect is not wanted and effect not in wanted.gained)
    kinds = {effect.key for effect in wanted.instead if isinstance(effect, Say)}
    # Their yes and our news of it crossed: what they have just been told is the answer.
    told = slots.told(turn.batch.connection, loop.id, kinds, since=turn.now - CROSSED)
    return replace(response, effects=(*rest, *(() if told else wanted.instead)), enrollments=(lost,))


def _language_of(turn: Turn, response: Response) -> str | None:
    people = turn.situation.people
    about = next((person.language for person in people if person.patient_id == turn.patient_id), None)
    on_file = about or (people[0].language if people else turn.understanding.language)
    if not any(isinstance(effect, Say) and effect.origin is Origin.SAFETY for effect in response.effects):
        return on_file
    # Whoever is in danger is answered in the words they found, whatever is on file.
    written = supported(turn.understanding.language, turn.situation.languages)
    same = written is not None and (on_file or "").partition("-")[0] == written.partition("-")[0]
    return on_file if written is None or same else written


def _effect(turn: Turn, effect: Effect, response: Response) -> None:
    match effect:
        case Say() | Ask():
            turn.said.append((effect, *render(turn, effect)))
        case Escalate():
            _escalate(turn, effect)
        case Answer():
            visit_answers.respond(turn, effect)
        case Arrived():
            visit_answers.arrive(turn, effect)
        case Record():
            _record(turn, effect)
        case ChangeConsent():
            _consent(turn, effect)
        case SetLanguage():
            _set_language(turn, effect.language)
        case MarkPatient():
            _patients(turn, _about(turn), {"status": effect.status})
        case PauseJourneys():
            # Whoever of the household it is: nobody on this phone gets a reminder in the middle of it.
            _patients(turn, [person.patient_id for person in turn.situation.people], {"paused_since": turn.now})
        case VoidTouches():
            _void(turn, effect)
        case CloseQuestion():
            _close(turn, response, effect.binding)
        case Start() | StopJourneys():
            _lead_on(turn, effect, response)
        case FreeSlot():
            slots.give_back(turn.batch.connection, effect.slot_id, turn.loop_id, turn.now)
        case TakeSlot() | WakeAt():
            pass  # Taken before anything else (`_race`); and the question's own expiry wakes the enrollment.
        case _:
            assert_never(effect)


def _escalate(turn: Turn, effect: Escalate) -> None:
    rules = [
        {"intent": str(piece.intent), "rule": piece.rule, "words": piece.words} for piece in turn.understanding.evidence
    ]
    appointment = effect.appointment_id or (turn.visits[0].appointment_id if len(turn.visits) == 1 else None)
    owner = next((v.patient_id for v in turn.situation.visits if v.appointment_id == appointment), None)
    about_whom = owner or turn.patient_id
    need = Need(
        reason=effect.reason,
        priority=effect.priority,
        conversation_id=turn.phone.id,
        patient_id=about_whom,
        message_id=turn.message_id,
        appointment_id=appointment,
        enrollment_id=loop_of_need(turn, effect, about_whom, appointment),
        suggestion=effect.suggestion,
        evidence={
            "words": turn.words,
            "rules": rules,
            "message_id": turn.message_id,
            "wish": turn.understanding.details.wish,
        },
    )
    known: Sequence[Any] | None = turn.needs
    if effect.reason in turn.raised:
        turn.batch.flush()  # so that the second finds the first, and adds to it
        known = None
    turn.raised.add(effect.reason)
    about = tuple(v for v in turn.situation.visits if v.appointment_id == appointment) or turn.near
    raise_to_person(turn.batch, need, clinic=turn.clinic, now=turn.now, known=known, about=about)


def _record(turn: Turn, effect: Record) -> None:
    finding_id = new_id()
    row = {
        "id": finding_id,
        "patient_id": turn.patient_id,
        "message_id": turn.message_id,
        "enrollment_id": turn.loop_id,
        "name": effect.name,
        "value": turn.clinic.vault.seal("findings.value", finding_id, effect.value),
        "at": turn.now,
    }
    turn.batch.add(_FINDING, row)


def _consent(turn: Turn, effect: ChangeConsent) -> None:
    turn.changed_consent = effect.status
    consent.record(
        turn.batch.connection,
        contact_point_id=turn.phone.contact_point_id,
        patient_id=None,
        status=effect.status,
        basis=effect.basis,
        program=effect.program,
        wording=turn.words,
        evidence=turn.message_id,
        language=turn.understanding.language,
        actor=PATIENT,
        at=turn.now,
        vault=turn.clinic.vault,
    )


def _about(turn: Turn) -> list[str]:
    """The patient it is about; everybody on the phone where that cannot be told."""
    everybody = [person.patient_id for person in turn.situation.people]
    return [turn.patient_id] if turn.patient_id is not None else everybody


def _patients(turn: Turn, about: Sequence[str], values: dict[str, Any]) -> None:
    if about:
        turn.batch.connection.execute(
            update(Patient).where(Patient.patient_id.in_(about)).values(**values, updated_at=turn.now)
        )


def _set_language(turn: Turn, language: str) -> None:
    turn.language = language
    _patients(turn, _about(turn), {"language": language, "language_basis": ConsentBasis.PATIENT})


def _void(turn: Turn, effect: VoidTouches) -> None:
    values = {"which": effect.subject_id, "why": effect.reason, "at": turn.now}
    turn.batch.add(_voiding(effect.steps), values)


@lru_cache(maxsize=32)
def _voiding(steps: tuple[str, ...]) -> Update:
    """The statement for these steps; no IN lists, so that it is the same text each time."""
    waiting = or_(Touch.state == TouchState.PLANNED, Touch.state == TouchState.QUEUED)
    chosen = or_(*(Touch.step == step for step in steps)) if steps else true()
    return (
        update(Touch)
        .where(Touch.subject_id == bindparam("which"), waiting, chosen)
        .values(state=TouchState.VOID, reason=bindparam("why"), updated_at=bindparam("at"))
    )


def _close(turn: Turn, response: Response, why: str) -> None:
    binding = response.binding
    question = binding.question if binding is not None else None
    if binding is None or question is None or not question.id:
        return
    about = {visit.appointment_id for visit in binding.visits}
    for other in turn.situation.questions:
        subjects = {appointment_id for appointment_id, _version in other.subjects}
        same = other.id == question.id or (subjects and subjects <= about and other.is_live(turn.now))
        if same and other.state in (QuestionState.OPEN, QuestionState.PREPARED):
            turn.batch.add(
                _ANSWERED,
                {"which": other.id, "at": turn.now, "by": turn.message_id, "why": (why or binding.reason)[:120]},
            )


def _lead_on(turn: Turn, effect: Start | StopJourneys, response: Response) -> None:
    """What this loop means for the patient's others."""
    for loop in response.enrollments[:1]:
        if isinstance(effect, Start):
            start(turn.batch.connection, turn.clinic, loop, effect, turn.now)
        else:
            stop(turn.batch.connection, loop, effect, turn.now)


def _move(turn: Turn, enrollment: Enrollment) -> None:
    if enrollment.id:
        turn.enrolled[enrollment.subject_id] = enrollment.id
        values = loops.move_of(enrollment, turn.now)
        if enrollment.journey == loops.VISITS:
            turn.batch.add(loops.ANSWERED, {name: values[name] for name in ("which", "to", "missed", "turn", "at")})
        else:
            turn.batch.add(loops.MOVE, values)
        _enter(turn, enrollment)
        return
    fresh = new_id()
    turn.enrolled[enrollment.subject_id] = fresh
    turn.batch.add(
        _ENROLL,
        {
            "id": fresh,
            "journey": enrollment.journey,
            "patient_id": enrollment.patient_id,
            "subject_id": enrollment.subject_id,
            "step": enrollment.step,
            "misses": enrollment.misses,
            "data": dict(enrollment.data),
            "created_at": turn.now,
            "updated_at": turn.now,
        },
    )


def _enter(turn: Turn, loop: Enrollment) -> None:
    """A loop that an answer has moved stands in its new step. Contacts about visits are planned from the visits."""
    journey = discover().get(loop.journey)
    asked = (question.enrollment for question in turn.situation.questions)
    before = next((one for one in (*asked, *turn.situation.loops) if one is not None and one.id == loop.id), None)
    if journey is None or journey.name == loops.VISITS or before is None or before.version == loop.version:
        return
    cause = str(turn.understanding.intent)
    turn.batch.add(loops.HISTORY, loops.history(loop, before.step, cause=cause, actor=PATIENT, now=turn.now))
    enter(turn.batch.connection, turn.clinic, journey, loop, turn.now)
    if loop.outcome is not None:
        close_with(turn.batch.connection, turn.clinic, journey, loop, actor=BOT, now=turn.now)
