"""A check-in: one yes-or-no question, or a reading asked for; an alarming answer goes to a nurse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.core.effects import Effect, Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Journey, Move, Reaction, Replied, Step

ALARM = "alarm"
"""Key in the enrollment's data: `yes` when the question itself names a danger sign, so that a yes is one."""


def _yes(event: Replied) -> Move:
    enrollment = event.question.enrollment
    if enrollment is not None and enrollment.data.get(ALARM) == "yes":
        alarm: tuple[Effect, ...] = (Escalate(Reason.SURVEY_ALERT, Priority.URGENT, suggestion="call-now"),)
        return Move("answered", (Record("checkin", "yes"), Say("general/symptom"), *alarm))
    return Move("answered", (Record("checkin", "yes"), Say("checkin/yes_noted")))


def _reading(event: Replied) -> Move:
    details = event.understanding.details
    value = "" if details.number is None else f"{details.number:g}"
    return Move("answered", (Record("reading", value), Say("checkin/reading_noted")))


_ON: Mapping[Intent, Reaction] = {
    Intent.CONFIRM: _yes,
    Intent.DECLINE: Move("answered", (Record("checkin", "no"), Say("checkin/no_noted"))),
    Intent.NUMERIC_ANSWER: _reading,
}

JOURNEY = Journey(
    name="checkin",
    start="asked",
    steps={
        "asked": Step(
            name="asked",
            text="checkin/ask",
            context=Context.CHECKIN_YES_NO,
            # The order of the numbers in the text; a question in other words has none, and "2" is then a reading.
            options=(Intent.CONFIRM, Intent.DECLINE),
            on=_ON,
            again="checkin/unclear",
            silence_after=timedelta(hours=24),
            on_silence=Move(END),
        ),
        "answered": Step(name="answered", text="checkin/yes_noted", context=Context.CHECKIN_YES_NO, on=_ON),
    },
)
