"""Home from the hospital: check-ins that taper over 30 days. A red answer goes to a nurse, and so does silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Final

from bot.core.effects import Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import Happened, Journey, Move, OwedBy, Rank, Reaction, Sends, Silence, Step

MORNING: Final = time(10, 0)
ANSWER_IN: Final = timedelta(days=1)
NURSE_CALLS_IN: Final = timedelta(hours=4)
NEXT: Final = "next"
"""Key in the data: which check-in comes after the one that a nurse sees to."""

WELL, MEDICINES, VISIT = "transition/well", "transition/medicines", "transition/visit"
# Step, text, days after the step before, and the step after it. Three texts a week are all that a patient's budget has.
PLAN: Final = (
    ("day1", WELL, 0, "day2"),
    ("day2", MEDICINES, 0, "day3"),
    ("day3", VISIT, 0, "day8"),
    ("day8", WELL, 4, "day14"),
    ("day14", WELL, 5, "day30"),
    ("day30", WELL, 15, "finished"),
)
_NURSE = Escalate(Reason.TRANSITION, Priority.URGENT, suggestion="nurse-call")
_QUIET = Escalate(Reason.SILENCE, Priority.URGENT, suggestion="nurse-call")
_MISSING = Escalate(Reason.TRANSITION, Priority.URGENT, suggestion="medicines-missing")
_NO_VISIT = Escalate(Reason.BOOKING, suggestion="book-follow-up")


def _on(text: str, after: str) -> Mapping[Intent, Reaction]:
    fine = Say("transition/noted")
    if text == WELL:
        worse = (Record("worse", "yes"), _NURSE, Say("general/symptom"))
        return {
            Intent.CONFIRM: Move("with_nurse", worse, data={NEXT: after}),
            Intent.DECLINE: Move(after, (Record("worse", "no"), fine)),
        }
    name = text.rpartition("/")[2]
    task = _MISSING if text == MEDICINES else _NO_VISIT
    return {
        Intent.CONFIRM: Move(after, (Record(name, "yes"), fine)),
        Intent.DECLINE: Move(after, (Record(name, "no"), task, Say(f"{text}_missing"))),
    }


def _check(name: str, text: str, days: int, after: str) -> Step:
    return Step(
        name=name,
        text=text,
        context=Context.CHECKIN_YES_NO,
        options=(Intent.CONFIRM, Intent.DECLINE),
        on=_on(text, after),
        # Nobody guesses at the words of somebody who has just come home.
        words=Move("with_nurse", (_NURSE, Say("general/passed_on")), data={NEXT: after}),
        sends=Sends(after=timedelta(days=days), at=MORNING, life=timedelta(days=1)),
        silence_after=ANSWER_IN,
        on_silence=Move(after, (_QUIET,)),
    )


def _seen_to(event: Happened) -> Move | None:
    return Move(event.enrollment.data.get(NEXT, "finished"))


def _not_seen_to(event: Silence) -> Move:
    del event
    return Move("with_nurse", (_NURSE,))


JOURNEY = Journey(
    name="transition",
    title="After a hospital stay",
    rank=Rank.TRANSITION,
    start="day1",
    steps={
        **{name: _check(name, text, days, after) for name, text, days, after in PLAN},
        "with_nurse": Step(
            name="with_nurse",
            owed_by=OwedBy.OFFICE,
            office="nurse-call",
            silence_after=NURSE_CALLS_IN,
            on_silence=_not_seen_to,
            events={"nurse-called": _seen_to},
        ),
        "finished": Step(name="finished", closes="finished"),
        "readmitted": Step(name="readmitted", closes="readmitted"),
        "declined": Step(name="declined", closes="declined"),
    },
    events={"readmitted": Move("readmitted"), "declined": Move("declined")},
    staff={
        "nurse-called": "A nurse has called",
        "readmitted": "Back in hospital",
        "declined": "Wants no check-ins",
    },
    offices={"nurse-call": "A nurse calls"},
)
