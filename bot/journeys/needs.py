"""A need (a ride, food, cost, a home): places that help, a referral if wanted, and later whether it helped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta

from bot.core.effects import Effect, Escalate, Record, Say
from bot.core.escalation import Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Enrollment, Happened, Journey, Move, OnEvent, OwedBy, Rank, Replied, Sends, Step

MORNING = time(10, 0)
PATIENCE = timedelta(days=3)
TRY_FOR = timedelta(days=14)
RIDE = "transport"
REASONS: Mapping[str, Reason] = {RIDE: Reason.TRANSPORT, "cost": Reason.FINANCIAL}


def _reason(loop: Enrollment | None) -> Reason:
    return REASONS.get(loop.kind if loop is not None else "", Reason.HUMAN_REQUESTED)


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


def _office(name: str, office: str) -> Step:
    return Step(
        name=name,
        owed_by=OwedBy.OFFICE,
        office=office,
        silence_after=PATIENCE,
        on_silence=Move(name, (Escalate(Reason.HUMAN_REQUESTED, suggestion=office),)),
        events={"done": Move("trying")},
    )


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
        "referring": _office("referring", "contact-the-places"),
        "rebook-the-ride": _office("rebook-the-ride", "rebook-the-ride"),
        "call-off-the-ride": _office("call-off-the-ride", "call-off-the-ride"),
        "trying": Step(name="trying", owed_by=OwedBy.NOBODY, silence_after=TRY_FOR, on_silence=Move("asked")),
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
        ),
        # Nothing on file matches, or it did not help: a person looks.
        "office": _office("office", "find-help"),
        "met": Step(name="met", context=Context.CHECKIN_YES_NO, on={Intent.DECLINE: _not_helped}, closes="met"),
        "unanswered": Step(name="unanswered", closes="unanswered"),
    },
    events={
        "met": Move("met"),
        "visit-moved": _ride("rebook-the-ride"),
        "visit-cancelled": _ride("call-off-the-ride"),
        "stopped": Move(END, outcome="stopped"),
    },
    staff={"done": "Done", "met": "Need is met", "stopped": "Wants no help"},
    offices={
        "contact-the-places": "Contact the places for the patient",
        "find-help": "Find help by hand",
        "rebook-the-ride": "The visit moved: book the ride anew",
        "call-off-the-ride": "The visit is off: call the ride off",
    },
    samples=({}, {"kind": RIDE}),
)
