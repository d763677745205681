"""A check-in: one yes-or-no question, or a reading asked for; an alarming answer goes to a nurse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.core.effects import Effect, Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Journey, Move, Reaction, Replied, Step
from bot.core.messages import Origin
from bot.core.understanding.readings import BEYOND

ALARM = "alarm"
"""Key in the enrollment's data: `yes` when the question itself names a danger sign, so that a yes is one."""


def _alarms(event: Replied) -> bool:
    enrollment = event.question.enrollment
    return enrollment is not None and enrollment.data.get(ALARM) == "yes"


def _yes(event: Replied) -> Move:
    if _alarms(event):
        alarm: tuple[Effect, ...] = (Escalate(Reason.SURVEY_ALERT, Priority.URGENT, suggestion="call-now"),)
        return Move("answered", (Record("checkin", "yes"), Say("general/symptom"), *alarm))
    return Move("answered", (Record("checkin", "yes"), Say("checkin/yes_noted")))


def _no(event: Replied) -> Move:
    if _alarms(event):
        return Move("answered", (Record("checkin", "no"), Say("checkin/yes_noted")))
    # "Are you feeling OK?" - no: a nurse. What a no to the clinic's own question means, a person knows.
    priority = Priority.ROUTINE if event.question.prompt else Priority.URGENT
    alert = Escalate(Reason.SURVEY_ALERT, priority, suggestion="call-about-the-answer")
    return Move("answered", (Record("checkin", "no"), alert, Say("checkin/no_noted")))


def _reading(event: Replied) -> Move:
    details = event.understanding.details
    if _alarms(event) and event.understanding.has(Intent.CONFIRM):
        return _yes(event)  # "Yes, since 2": the danger is in the yes.
    kept = Record("reading", "" if details.number is None else f"{details.number:g}")
    grave = {piece.rule.partition(":")[2] for piece in event.understanding.evidence if piece.rule.startswith(BEYOND)}
    if "emergency" in grave:
        alert = Escalate(Reason.SURVEY_ALERT, Priority.EMERGENCY, suggestion="call-now")
        return Move("answered", (kept, alert, Say("general/emergency", origin=Origin.SAFETY)))
    if grave:
        alert = Escalate(Reason.SURVEY_ALERT, Priority.URGENT, suggestion="call-now")
        return Move("answered", (kept, alert, Say("general/symptom")))
    return Move("answered", (kept, Say("checkin/reading_noted")))


_ON: Mapping[Intent, Reaction] = {
    Intent.CONFIRM: _yes,
    Intent.DECLINE: _no,
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
