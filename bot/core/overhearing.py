"""What a text reports about an open loop that asked nothing: "they never called", of a referral under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.binding import ANSWERS, Binding, Fit
from bot.core.effects import Ask, Effect, Escalate, Say
from bot.core.escalation import Reason
from bot.core.household import CLAUSE
from bot.core.intents import Context
from bot.core.journey import Enrollment, Journey, Move, Question, QuestionState
from bot.core.people import Visit
from bot.core.referring import Reference, words_of
from bot.core.situation import Response, Situation

SEVERAL = "which-loop"
"""The next step for staff where more than one loop may be meant."""
LEAST = 2
"""Fewer words beside a report are a yes or a no to go with it."""
VISIT_TOO = "visit-meant-too"
"""The same where the words beside the report may be about the visit here."""


def beside(words: str, loops: Sequence[Enrollment], journeys: Mapping[str, Journey]) -> str:
    """The words without the clauses that report something about one of these loops; empty where none does."""
    clauses = list(filter(str.strip, CLAUSE.split(words)))
    rest = [clause.strip() for clause in clauses if not any(_moves(loop, clause, journeys, False) for loop in loops)]
    return ", ".join(rest) if len(rest) < len(clauses) else ""


def overheard(
    situation: Situation,
    binding: Binding,
    answered: Response,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response | None:
    """The one open loop that the words report something about takes it; a person sees it, whatever it is.

    None where the text has been taken for an answer to what was asked, or where another loop waits for one.
    """
    asked = binding.question if binding.fit is Fit.OPEN and not _is_notice(binding) else None
    # "My insurance said no" takes no visit off that nobody has asked about.
    unasked = binding.fit is Fit.UNPROMPTED or _is_notice(binding)
    if not unasked and (answered.enrollments or any(isinstance(effect, Ask) for effect in answered.effects)):
        return None
    if asked is not None and asked.journey != "appointment":
        return None
    found = [
        (loop, move)
        for loop in situation.loops
        if not situation.named or loop.patient_id in situation.named
        if (move := _moves(loop, situation.words, journeys, asked is not None)) is not None
    ]
    if not found:
        return None
    visits = binding.visits or situation.visits
    if answered.effects and _answers_too(situation, visits, now):
        # "Please cancel Thursday, I went to another doctor": the visit's answer stands, and a person sees the report.
        reports = _raised(found[0][1].effects) if len(found) == 1 else (Escalate(Reason.REFERRAL, suggestion=SEVERAL),)
        return replace(answered, effects=(*answered.effects, *reports))
    if len(found) > 1:
        whose = {loop.patient_id for loop, _move in found}
        return _told(Response((Escalate(Reason.REFERRAL, suggestion=SEVERAL), Say("general/passed_on"))), whose, now)
    ((loop, move),) = found
    effects = (*move.effects, *_maybe_the_visit(situation, visits))
    told = Response(effects, () if move.to == loop.step else (_moved(journeys[loop.journey], loop, move),))
    return _told(told, {loop.patient_id}, now, loop)


def _moves(loop: Enrollment, words: str, journeys: Mapping[str, Journey], asked_else: bool) -> Move | None:
    journey = journeys.get(loop.journey)
    return None if journey is None or journey.overhears is None else journey.overhears(loop, words, asked_else)


def _answers_too(situation: Situation, visits: Sequence[Visit], now: datetime) -> bool:
    """Whether the words beside the report are an answer that names the visit."""
    rest = situation.beside
    answers = rest is not None and any(intent in ANSWERS for intent in rest.intents)
    return rest is not None and answers and bool(Reference(visits, now).visits(rest.words))


def _maybe_the_visit(situation: Situation, visits: Sequence[Visit]) -> tuple[Effect, ...]:
    """More than a bare yes or no beside the report, which names no visit: a person reads whether one is meant."""
    rest = situation.beside
    if rest is None or len(visits) != 1 or len(words_of(rest.words)) < LEAST:
        return ()
    if not any(intent in ANSWERS for intent in rest.intents):
        return ()
    return (Escalate(Reason.UNCLEAR, suggestion=VISIT_TOO, appointment_id=visits[0].appointment_id),)


def _raised(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    return tuple(effect for effect in effects if isinstance(effect, Escalate))


def _is_notice(binding: Binding) -> bool:
    """Whether the text comes after one that only told of a visit."""
    return binding.question is not None and binding.question.is_notice


def _moved(journey: Journey, loop: Enrollment, move: Move) -> Enrollment:
    return replace(loop, step=move.to, misses=0, version=loop.version + 1, outcome=journey.outcome_of(move))


def _told(told: Response, whose: set[str], now: datetime, loop: Enrollment | None = None) -> Response:
    patient_id = next(iter(whose)) if len(whose) == 1 else None
    # Stands in for the question that nobody asked: whose loop it is, is known.
    question = Question(
        id="", journey=loop.journey if loop is not None else "", step="", context=Context.NONE, options=(),
        subjects=(), state=QuestionState.VOID, asked_at=now, expires_at=now, enrollment=loop, patient_id=patient_id,
    )  # fmt: skip
    return replace(told, binding=Binding(Fit.UNPROMPTED, "reports on an open loop", question))
