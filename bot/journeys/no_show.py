"""A missed visit: a kind word the same day and an easy way back; after a second miss, what stood in the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.core.effects import Effect, Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import Enrollment, Journey, Move, OwedBy, Rank, Reaction, Replied, Sends, Silence, Step, Urgency

SOON = timedelta(hours=3)
"""So long after the visit's time the text goes out: who was only late has come by then."""
AGAIN = "again"
"""Key in the enrollment's data: it is not the first visit missed within a year."""
DAY = timedelta(days=1)
BARRIERS: Mapping[int, tuple[str, Reason]] = {
    1: ("ride", Reason.TRANSPORT),
    2: ("cost", Reason.FINANCIAL),
    3: ("other", Reason.HUMAN_REQUESTED),
}

_BOOK = Move("booking", (Escalate(Reason.BOOKING, suggestion="offer-times"), Say("no_show/booking")))
_NO = Move("declined", (Record("no_show", "no-new-visit"), Say("no_show/declined")))
_ON: Mapping[Intent, Reaction] = {Intent.CONFIRM: _BOOK, Intent.RESCHEDULE: _BOOK, Intent.DECLINE: _NO}


def _barrier(event: Replied) -> Move:
    number = event.understanding.details.number
    name, reason = BARRIERS.get(int(number or 0), ("other", Reason.HUMAN_REQUESTED))
    effects: tuple[Effect, ...] = (
        Record("barrier", name),
        Escalate(reason, suggestion="barrier-then-times"),
        Say("no_show/barrier_noted"),
    )
    return Move("barrier", effects)


def _need(reason: Reason, name: str) -> Move:
    effects = (Record("barrier", name), Escalate(reason, suggestion="barrier-then-times"), Say("no_show/barrier_noted"))
    return Move("barrier", effects)


def _quiet(event: Silence) -> Move:
    """Nobody answers: who has missed more than one visit is called."""
    again = event.enrollment is not None and event.enrollment.data.get(AGAIN)
    if not again:
        return Move("unanswered")
    return Move("call", (Escalate(Reason.SILENCE, suggestion="call-after-misses"),))


def _patience(loop: Enrollment) -> timedelta:
    return DAY if loop.priority is not Urgency.ROUTINE else 3 * DAY


def _office(name: str, office: str) -> Step:
    return Step(
        name=name,
        context=Context.APPOINTMENT_REMINDER,
        on=_ON,
        owed_by=OwedBy.OFFICE,
        office=office,
        silence_after=3 * DAY,
        on_silence=Move(name, (Escalate(Reason.BOOKING, Priority.URGENT, suggestion=office),)),
    )


JOURNEY = Journey(
    name="no_show",
    title="Missed visit",
    rank=Rank.APPOINTMENT,
    start="asked",
    steps={
        "asked": Step(
            name="asked",
            text="no_show/missed",
            context=Context.RECALL_INVITE,
            options=(Intent.CONFIRM, Intent.DECLINE),
            on=_ON,
            again="no_show/unclear",
            sends=Sends(after=SOON, life=DAY),
            silence_after=_patience,
            on_silence=_quiet,
        ),
        # The second miss asks for what stood in the way, and a person sees to that before anything is booked.
        "why": Step(
            name="why",
            text="no_show/why",
            context=Context.SURVEY_SCALE,
            options=("choice", "choice", "choice"),
            on={
                Intent.NUMERIC_ANSWER: _barrier,
                Intent.TRANSPORT_NEED: _need(Reason.TRANSPORT, "ride"),
                Intent.FINANCIAL_NEED: _need(Reason.FINANCIAL, "cost"),
            },
            again="no_show/why_unclear",
            sends=Sends(after=SOON, life=DAY),
            silence_after=_patience,
            on_silence=_quiet,
        ),
        "booking": _office("booking", "offer-times"),
        "barrier": _office("barrier", "barrier-then-times"),
        "call": _office("call", "call-after-misses"),
        # A visit that is nobody's business but the patient's, and a phone that others read too: nothing is texted.
        "call-discreetly": _office("call-discreetly", "call-discreetly"),
        "booked": Step(name="booked", closes="booked"),
        "declined": Step(name="declined", context=Context.RECALL_INVITE, on=_ON, closes="declined"),
        "unanswered": Step(name="unanswered", context=Context.RECALL_INVITE, on=_ON, closes="unanswered"),
        "came": Step(name="came", closes="came-after-all"),
    },
    events={
        "booked": Move("booked"),
        "came": Move("came"),
        "declined": Move("declined"),
        # The second miss begins with the question why: see the feeder.
        "ask-why": Move("why"),
        "call-discreetly": Move("call-discreetly"),
    },
    staff={"booked": "New visit booked", "came": "They did come", "declined": "Wants no new visit"},
    offices={
        "offer-times": "Offer times for a new visit",
        "barrier-then-times": "See to what stood in the way, then offer times",
        "call-after-misses": "Call: several visits missed, and no answer",
        "call-discreetly": "Call the patient in person: others read the phone",
    },
)
