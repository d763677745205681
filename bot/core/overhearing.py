"""What a text reports about an open loop that asked nothing: "they never called", of a referral under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.core.binding import Binding, Fit
from bot.core.effects import Ask, Escalate, Say
from bot.core.escalation import Reason
from bot.core.intents import Context
from bot.core.journey import Enrollment, Journey, Move, Question, QuestionState
from bot.core.situation import Response, Situation

SEVERAL = "which-loop"
"""The next step for staff where more than one loop may be meant."""


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
        if (journey := journeys.get(loop.journey)) is not None and journey.overhears is not None
        if (move := journey.overhears(loop, situation.words, asked is not None)) is not None
    ]
    if not found:
        return None
    if len(found) > 1:
        whose = {loop.patient_id for loop, _move in found}
        return _told(Response((Escalate(Reason.REFERRAL, suggestion=SEVERAL), Say("general/passed_on"))), whose, now)
    ((loop, move),) = found
    told = Response(move.effects, () if move.to == loop.step else (_moved(journeys[loop.journey], loop, move),))
    return _told(told, {loop.patient_id}, now, loop)


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
