"""A need (a ride, food, cost, a home): places that help, a referral if wanted, and later whether it helped.

One that a patient tells of by the way begins with the office (`told_us`): a person has been announced, and no text goes
out on account of it, until the office has the places texted, or a day has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time, timedelta

from bot.core.effects import Effect, Escalate, Record, Say
from bot.core.escalation import Reason
from bot.core.intents import Context, Intent
from bot.core.journey import (
    END,
    Enrollment,
    Happened,
    Journey,
    Move,
    OnEvent,
    OwedBy,
    Rank,
    Replied,
    Sends,
    Silence,
    Step,
    Urgency,
)

MORNING = time(10, 0)
PATIENCE = timedelta(days=3)
TRY_FOR = timedelta(days=14)
A_DAY = timedelta(days=1)
AT_ONCE = timedelta(hours=4)
RIDE = "transport"
SAID, SAID_PLACES = "told_us", "places_known"
"""Where a need begins that was told by the way: without and with places on file that may help."""
RAISED = "raised"
"""Key in the enrollment's data: for which reason it was brought to a person."""
RESOURCES = "resources"
"""Key in the enrollment's data: ids of the places that fit."""
IDLE = ("false-alarm", "no-answer-needed", "wrong-number")
"""Outcomes of a case by which nothing is wanted."""
REASONS: Mapping[str, Reason] = {RIDE: Reason.TRANSPORT, "cost": Reason.FINANCIAL}


def _reason(loop: Enrollment | None) -> Reason:
    """For what its case stands: as it was first raised, or by the kind of help."""
    if loop is not None and RAISED in loop.data:
        return Reason(loop.data[RAISED])
    return REASONS.get(loop.kind if loop is not None else "", Reason.NEED)


def _refer(event: Replied) -> Move:
    loop = event.question.enrollment
    effects: tuple[Effect, ...] = (
        Record("need-referral", "yes"),
        Escalate(_reason(loop), suggestion="contact-the-places"),
        Say("needs/referred"),
    )
    return Move("referring", effects)


def _not_helped(event: Replied) -> Move:
    effects: tuple[Effect, ...] = (
        Record("need-met", "no"),
        Escalate(_reason(event.question.enrollment), suggestion="find-help"),
        Say("needs/person"),
    )
    return Move("office", effects)


def _ride(suggestion: str) -> OnEvent:
    def move(event: Happened) -> Move | None:
        if event.enrollment.kind != RIDE:
            return None  # Food does not wait for a visit.
        return Move(suggestion, (Escalate(Reason.TRANSPORT, suggestion=suggestion),))

    return move


def _chased(name: str, office: str) -> Callable[[Silence], Move]:
    def move(event: Silence) -> Move:
        return Move(name, (Escalate(_reason(event.enrollment), suggestion=office),))

    return move


def _office(name: str, office: str) -> Step:
    return Step(
        name=name,
        owed_by=OwedBy.OFFICE,
        office=office,
        silence_after=PATIENCE,
        on_silence=_chased(name, office),
        events={"done": Move("trying"), "resolved": _resolved},
    )


def _resolved(event: Happened) -> Move:
    """The person who had the case has closed it."""
    if event.data.get("outcome") in IDLE:
        return Move(END, outcome="not-needed")
    return Move("trying")


def _reopened(event: Happened) -> Move | None:
    """The case was closed too soon: it is the office's again."""
    loop = event.enrollment
    return Move(_said(loop)) if loop.step in ("trying", END) and loop.outcome in (None, "not-needed") else None


def _said(loop: Enrollment) -> str:
    return SAID_PLACES if loop.data.get(RESOURCES) else SAID


def _said_again(event: Happened) -> Move:
    return Move(_said(event.enrollment))


def _soon(loop: Enrollment) -> timedelta:
    return A_DAY if loop.priority is Urgency.ROUTINE else AT_ONCE


def _stands(event: Happened) -> None:
    """No ride has been booked yet: a visit that moves changes nothing for the office but the day."""
    del event


_NOT_BOOKED: Mapping[str, OnEvent] = {"visit-moved": _stands, "visit-cancelled": _stands}
_OFFERED = Move("offered")


_MET = Move("met", (Record("need-met", "yes"), Say("education/noted")))

JOURNEY = Journey(
    name="needs",
    title="Help nearby",
    rank=Rank.RECALL,
    start="offered",
    steps={
        "offered": Step(
            name="offered",
            text="needs/offer",
            context=Context.CHECKIN_YES_NO,
            options=(Intent.CONFIRM, Intent.DECLINE),
            on={
                Intent.CONFIRM: _refer,
                Intent.DECLINE: Move("trying", (Record("need-referral", "no"), Say("education/noted"))),
            },
            again="checkin/unclear",
            sends=Sends(life=timedelta(days=3)),
            silence_after=PATIENCE,
            on_silence=Move("trying"),
        ),
        SAID: Step(
            name=SAID,
            owed_by=OwedBy.OFFICE,
            office="find-help",
            silence_after=_soon,
            on_silence=_chased(SAID, "find-help"),
            events={"done": Move("trying"), "resolved": _resolved, **_NOT_BOOKED},
        ),
        SAID_PLACES: Step(
            name=SAID_PLACES,
            owed_by=OwedBy.OFFICE,
            office="offer-places",
            silence_after=_soon,
            # Nobody came to it: the patient hears of the places, and the case stays with people.
            on_silence=_OFFERED,
            events={
                "offer": _OFFERED,
                "asked-for": _OFFERED,
                "done": Move("trying"),
                "resolved": _resolved,
                **_NOT_BOOKED,
            },
        ),
        "referring": _office("referring", "contact-the-places"),
        "rebook-the-ride": _office("rebook-the-ride", "rebook-the-ride"),
        "call-off-the-ride": _office("call-off-the-ride", "call-off-the-ride"),
        "trying": Step(
            name="trying",
            owed_by=OwedBy.NOBODY,
            silence_after=TRY_FOR,
            on_silence=Move("asked"),
            events={"said-again": _said_again},
        ),
        "asked": Step(
            name="asked",
            text="needs/helped",
            context=Context.CHECKIN_YES_NO,
            options=(Intent.CONFIRM, Intent.DECLINE),
            on={Intent.CONFIRM: _MET, Intent.DECLINE: _not_helped},
            again="checkin/unclear",
            sends=Sends(at=MORNING, weekdays=True, life=timedelta(days=3)),
            silence_after=PATIENCE,
            on_silence=Move("unanswered"),
            events={"said-again": _said_again},
        ),
        # Nothing on file matches, or it did not help: a person looks.
        "office": _office("office", "find-help"),
        "met": Step(name="met", context=Context.CHECKIN_YES_NO, on={Intent.DECLINE: _not_helped}, closes="met"),
        "unanswered": Step(name="unanswered", closes="unanswered"),
    },
    events={
        "met": Move("met"),
        "reopened": _reopened,
        "visit-moved": _ride("rebook-the-ride"),
        "visit-cancelled": _ride("call-off-the-ride"),
        "stopped": Move(END, outcome="stopped"),
    },
    joins=(Reason.TRANSPORT, Reason.FINANCIAL, Reason.NEED),
    staff={"done": "Done", "offer": "Text the places", "met": "Need is met", "stopped": "Wants no help"},
    offices={
        "contact-the-places": "Contact the places for the patient",
        "find-help": "Find help by hand",
        "offer-places": "See to it, or text the places that may help",
        "rebook-the-ride": "The visit moved: book the ride anew",
        "call-off-the-ride": "The visit is off: call the ride off",
    },
    samples=({}, {"kind": RIDE}, {RESOURCES: "one"}),
)
