"""How a visit was, asked the day after: a mark from 0 to 10, and of a low one what went wrong; a person reads it."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final

from bot.core.effects import Ask, Escalate, Record, Say
from bot.core.escalation import Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Journey, Move, OwedBy, Rank, Replied, Sends, Step

MORNING: Final = time(10, 0)
PATIENCE: Final = timedelta(days=2)
HIGHEST: Final = 10
CONTENT: Final = 7
"""From such a mark on nothing more is asked."""
LOW: Final = 3
"""Of such a mark a person asks, whether or not the patient says why."""

_CALL = Escalate(Reason.COMPLAINT, suggestion="call-about-the-visit")


def _mark(event: Replied) -> Move | None:
    number = event.understanding.details.number
    if number is None or not 0 <= number <= HIGHEST:
        return None
    kept = Record("visit-feedback", f"{number:g}")
    if number >= CONTENT:
        return Move("answered", (kept, Say("survey/thanks")))
    ask = Ask("feedback/why", "why")
    return Move("why", (kept, _CALL, ask) if number <= LOW else (kept, ask))


_TOLD = Move("told", (_CALL, Say("survey/thanks")))


def _why(event: Replied) -> Move | None:
    """The patient's own words, whatever they are taken for besides: whoever sees to it reads them in the case."""
    small = set(event.understanding.intents) <= {Intent.ACKNOWLEDGE, Intent.GREETING, Intent.NUMERIC_ANSWER}
    return None if small else _TOLD


JOURNEY = Journey(
    name="feedback",
    title="How a visit was",
    rank=Rank.EDUCATION,
    start="asked",
    steps={
        "asked": Step(
            name="asked",
            text="survey/ask",
            context=Context.SURVEY_SCALE,
            on={Intent.NUMERIC_ANSWER: _mark},
            again="survey/unclear",
            sends=Sends(at=MORNING, life=timedelta(days=1)),
            silence_after=PATIENCE,
            on_silence=Move("unanswered"),
        ),
        "why": Step(
            name="why",
            text="feedback/why",
            context=Context.NONE,
            words=_TOLD,
            hears=_why,
            silence_after=PATIENCE,
            on_silence=Move("answered"),
        ),
        "told": Step(
            name="told",
            owed_by=OwedBy.OFFICE,
            office="call-about-the-visit",
            silence_after=PATIENCE,
            on_silence=Move("told", (_CALL,)),
            events={"called": Move("called"), "resolved": Move("called")},
        ),
        "answered": Step(
            name="answered", context=Context.SURVEY_SCALE, on={Intent.NUMERIC_ANSWER: _mark}, closes="answered"
        ),
        "called": Step(name="called", closes="called"),
        "unanswered": Step(name="unanswered", closes="unanswered"),
    },
    events={"stopped": Move(END, outcome="stopped")},
    joins=(Reason.COMPLAINT,),
    staff={"called": "Talked with them"},
    offices={"call-about-the-visit": "Call: they were unhappy with the visit"},
)
