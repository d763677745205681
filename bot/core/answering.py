"""What becomes of a reply that is no danger and no consent word: an answer, a residue for people, or a miss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.core.binding import ANSWERS, Binding, Fit
from bot.core.dialogue import Outcome, advance, answers, miss
from bot.core.effects import Ask, CloseQuestion, Effect, Escalate, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent, Understanding
from bot.core.journey import Enrollment, Journey, Question, QuestionState, Replied
from bot.core.messages import Origin
from bot.core.people import Visit
from bot.core.situation import Response, Situation

RESIDUE: Final[Mapping[Intent, tuple[Reason, Priority, str]]] = {
    Intent.REQUEST_HUMAN: (Reason.HUMAN_REQUESTED, Priority.ROUTINE, "general/human"),
    Intent.RUNNING_LATE: (Reason.RUNNING_LATE, Priority.URGENT, "general/running_late"),
    Intent.TRANSPORT_NEED: (Reason.TRANSPORT, Priority.ROUTINE, "general/transport"),
    Intent.FINANCIAL_NEED: (Reason.FINANCIAL, Priority.ROUTINE, "general/financial"),
    Intent.REFILL_REQUEST: (Reason.REFILL, Priority.ROUTINE, "general/refill"),
    Intent.QUESTION: (Reason.QUESTION, Priority.ROUTINE, "general/question"),
    Intent.ABUSE: (Reason.COMPLAINT, Priority.ROUTINE, "general/complaint"),
}
_UNANSWERED: Final = {
    Intent.CONFIRM: Reason.UNCLEAR,
    Intent.DECLINE: Reason.DECLINED,
    Intent.RESCHEDULE: Reason.RESCHEDULE,
}


def answer(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response:
    answered = _answer(understanding, situation, binding, journeys, now)
    residue = _residue(understanding, answered)
    if answered.effects or residue:
        return replace(answered, effects=(*answered.effects, *residue))
    return _unanswered(understanding, situation, binding, journeys)


def _residue(understanding: Understanding, answered: Response) -> tuple[Effect, ...]:
    said = any(isinstance(effect, Say | Ask) for effect in answered.effects)
    spoken_for = understanding.has(Intent.SYMPTOM)  # the nurse's call covers the rest
    effects: list[Effect] = []
    for intent in understanding.intents:
        if intent not in RESIDUE:
            continue
        reason, priority, key = RESIDUE[intent]
        effects.append(Escalate(reason, priority))
        if not spoken_for and not any(isinstance(effect, Say) for effect in effects):
            effects.append(Say(key if not said else "general/question"))
    return tuple(effects)


def _answer(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response:
    """Let the journey take the reply, as far as one fits."""
    if binding.fit in (Fit.NONE, Fit.AMBIGUOUS, Fit.MOVED, Fit.OVER):
        return Response(_elsewhere(understanding, binding, now))
    if situation.opted_out and binding.fit is Fit.CORRECTION:
        return Response(())  # A bare yes after STOP may be meant for the texts; a person reads it.
    question = binding.question
    if question is not None and question.pending is not None:
        return _chosen(understanding, situation, binding, journeys, now)
    if question is None or question.journey == "appointment":
        return _about_visits(understanding, situation, binding, journeys["appointment"], now)
    journey, enrollment = journeys.get(question.journey), question.enrollment
    if journey is None or enrollment is None:
        return Response(())
    return _taken(advance(journey, enrollment, Replied(understanding, question, binding.visits), now))


def _taken(outcome: Outcome) -> Response:
    moved = (outcome.enrollment,) if outcome.acted_on is not None else ()
    return Response(outcome.effects, moved)


def _about_visits(
    understanding: Understanding, situation: Situation, binding: Binding, journey: Journey, now: datetime
) -> Response:
    intent = answers(journey.steps["asked"], Replied(understanding, _standing_in(binding, now)))
    visits = binding.visits
    if intent is None or not visits:
        return Response(())
    if len(visits) > 1 and intent is not Intent.CONFIRM:
        return Response((CloseQuestion(binding.reason), which_visit(visits, intent)))
    effects: list[Effect] = []
    moved: list[Enrollment] = []
    for visit in visits:
        outcome = _advance_visit(understanding, situation, binding, visit, journey, now)
        effects.extend(outcome.effects)
        moved.append(outcome.enrollment)
    return Response(tuple(effects), tuple(moved))


def _advance_visit(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    visit: Visit,
    journey: Journey,
    now: datetime,
) -> Outcome:
    enrollment = situation.enrollments.get(visit.appointment_id) or Enrollment(
        id="", journey=journey.name, patient_id=visit.patient_id, subject_id=visit.appointment_id, step=journey.start
    )
    event = Replied(understanding, _standing_in(binding, now), (visit,), correction=binding.fit is Fit.CORRECTION)
    return advance(journey, enrollment, event, now)


def _standing_in(binding: Binding, now: datetime) -> Question:
    """The bound question, or one that was never asked, for a patient who writes first about a visit."""
    if binding.question is not None:
        return binding.question
    from_nowhere = tuple((visit.appointment_id, visit.version) for visit in binding.visits)
    return _unasked(from_nowhere, now)


def _unasked(subjects: tuple[tuple[str, int], ...], now: datetime) -> Question:
    return Question(
        id="",
        journey="appointment",
        step="asked",
        context=Context.APPOINTMENT_REMINDER,
        options=(),
        subjects=subjects,
        state=QuestionState.OPEN,
        asked_at=now,
        expires_at=now,
    )


def which_visit(visits: Sequence[Visit], intent: Intent) -> Ask:
    """One short numbered question: which of these visits was meant."""
    return Ask(
        "appointment/which_visit",
        "which",
        tuple((visit.appointment_id, visit.version) for visit in visits),
        tuple("choice" for _ in visits),
        pending=str(intent),
    )


def _chosen(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response:
    """The answer to "which visit?": act on the intent that waited, for the visit chosen."""
    question = binding.question
    assert question is not None
    chosen = _choice(understanding, binding)
    if not chosen:
        return Response(())
    meant = replace(understanding, intents=(Intent(question.pending or Intent.UNCLEAR),))
    effects: list[Effect] = []
    moved: list[Enrollment] = []
    for visit in chosen:
        outcome = _advance_visit(meant, situation, binding, visit, journeys["appointment"], now)
        effects.extend(outcome.effects)
        moved.append(outcome.enrollment)
    return Response(tuple(effects), tuple(moved))


def _choice(understanding: Understanding, binding: Binding) -> tuple[Visit, ...]:
    number = understanding.details.option or int(understanding.details.number or 0)
    if number == 0 and len(binding.visits) == 1:
        return binding.visits
    return binding.visits[number - 1 : number] if number > 0 else ()


def _elsewhere(understanding: Understanding, binding: Binding, now: datetime) -> tuple[Effect, ...]:
    intent = next((i for i in understanding.intents if i in ANSWERS), None)
    if intent is None or understanding.has(Intent.UNCLEAR):
        return ()
    if binding.fit is Fit.AMBIGUOUS:
        return (which_visit(binding.visits, intent),)
    if binding.fit is Fit.MOVED:
        return _since_moved(intent, binding, now)
    if binding.fit is Fit.OVER:
        escalate: tuple[Effect, ...] = () if intent is Intent.CONFIRM else (Escalate(_UNANSWERED[intent]),)
        return (Say("appointment/already_over"), *escalate)
    if intent is Intent.CONFIRM:
        return ()
    return (Escalate(_UNANSWERED[intent]), Say("general/passed_on"))


def _since_moved(intent: Intent, binding: Binding, now: datetime) -> tuple[Effect, ...]:
    visit = next((visit for visit in binding.visits if visit.is_open(now)), None)
    if visit is not None:
        return (Ask("appointment/no_longer_open", "asked", ((visit.appointment_id, visit.version),)),)
    escalate: tuple[Effect, ...] = () if intent is Intent.DECLINE else (Escalate(_UNANSWERED[intent]),)
    return (Say("appointment/already_over"), *escalate)


def _unanswered(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
) -> Response:
    """Nothing was acted on: small talk needs nothing; the rest is a miss, or goes to a person."""
    if understanding.has(Intent.HELP):
        return Response((Say("general/help", origin=Origin.CONSENT),))
    if understanding.has(Intent.SYMPTOM, Intent.LANGUAGE_SWITCH, Intent.OPT_IN, Intent.OPT_OUT):
        return Response(())
    if understanding.has(Intent.ACKNOWLEDGE) and not understanding.has(Intent.UNCLEAR):
        return Response(())
    if situation.has_media:
        return Response((Escalate(Reason.MEDIA, suggestion="look-at-picture"), Say("general/media_received")))
    question = binding.question
    if not situation.is_long and binding.fit is Fit.OPEN and question is not None and question.enrollment is not None:
        journey = journeys.get(question.journey)
        if journey is not None:
            outcome = miss(journey, question.enrollment, Replied(understanding, question, binding.visits))
            return Response(outcome.effects, (outcome.enrollment,))
    if not situation.people:
        return Response((Escalate(Reason.UNCLEAR), Say("general/who_are_we")))
    if understanding.has(Intent.GREETING):
        return Response((Say("general/help", origin=Origin.CONSENT),))
    return Response((Escalate(Reason.UNCLEAR), Say("general/passed_on")))
