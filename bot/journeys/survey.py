"""A survey: one question answered by a number from 0 to 10."""

from __future__ import annotations

from datetime import timedelta

from bot.core.effects import Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Journey, Move, Rank, Replied, Step
from bot.core.scales import is_worrying

HIGHEST = 10
LOW = 3
"""A visit with such a mark is one that a person asks about."""


def _score(event: Replied) -> Move:
    number = event.understanding.details.number
    if number is None or not 0 <= number <= HIGHEST:
        return Move("asked", (Say("survey/unclear"), Escalate(Reason.UNCLEAR)))
    kept = Record("score", f"{number:g}")
    loop = event.question.enrollment
    if loop is not None and is_worrying(number, loop.data):
        alert = Escalate(Reason.SURVEY_ALERT, Priority.URGENT, suggestion="call-about-the-answer")
        return Move("answered", (kept, alert, Say("checkin/no_noted")))
    if event.question.prompt is None and number <= LOW:
        # Of our own question, how the visit was; what a low mark in the clinic's own words means, a person knows.
        unhappy = Escalate(Reason.COMPLAINT, suggestion="call-about-the-visit")
        return Move("answered", (kept, unhappy, Say("survey/thanks")))
    return Move("answered", (kept, Say("survey/thanks")))


JOURNEY = Journey(
    name="survey",
    title="Survey",
    rank=Rank.EDUCATION,
    start="asked",
    steps={
        "asked": Step(
            name="asked",
            text="survey/ask",
            context=Context.SURVEY_SCALE,
            on={Intent.NUMERIC_ANSWER: _score},
            again="survey/unclear",
            silence_after=timedelta(hours=48),
            on_silence=Move(END, outcome="unanswered"),
        ),
        "answered": Step(
            name="answered",
            text="survey/thanks",
            context=Context.SURVEY_SCALE,
            on={Intent.NUMERIC_ANSWER: _score},
            closes="answered",
        ),
    },
)
