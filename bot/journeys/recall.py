"""A recall: care that is due. Invited, reminded twice, then a person; booked, done elsewhere or declined it ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta

from bot.core.effects import Escalate, Record, Say
from bot.core.escalation import Reason
from bot.core.intents import Context, Intent
from bot.core.journey import Journey, Move, OwedBy, Rank, Reaction, Sends, Step

MORNING = time(10, 0)
BETWEEN = timedelta(days=7)
BOOKING_TAKES = timedelta(days=3)

_BOOK = Move("booking", (Escalate(Reason.BOOKING, suggestion="offer-times"), Say("recall/booked_request")))
_LATER = Move("later", (Escalate(Reason.BOOKING, suggestion="offer-later-times"), Say("recall/later")))
_NO = Move("declined", (Record("recall", "declined"), Say("recall/declined")))
_ON: Mapping[Intent, Reaction] = {Intent.CONFIRM: _BOOK, Intent.RESCHEDULE: _LATER, Intent.DECLINE: _NO}
_CALL = Move("with_person", (Escalate(Reason.SILENCE, suggestion="call-or-letter"),))


def _asks(name: str, after: timedelta, on_silence: Move) -> Step:
    return Step(
        name=name,
        text="recall/invite",
        context=Context.RECALL_INVITE,
        # The order of the numbers in the text.
        options=(Intent.CONFIRM, Intent.RESCHEDULE, Intent.DECLINE),
        on=_ON,
        again="recall/unclear",
        sends=Sends(after=after, at=MORNING, weekdays=True, life=timedelta(days=3)),
        silence_after=BETWEEN,
        on_silence=on_silence,
    )


def _office(name: str, office: str, within: timedelta, reason: Reason = Reason.BOOKING) -> Step:
    again = Move(name, (Escalate(reason, suggestion=office),))
    return Step(
        name=name,
        context=Context.RECALL_INVITE,
        on=_ON,
        owed_by=OwedBy.OFFICE,
        office=office,
        silence_after=within,
        on_silence=again,
    )


JOURNEY = Journey(
    name="recall",
    title="Recall",
    rank=Rank.RECALL,
    start="asked",
    steps={
        "asked": _asks("asked", timedelta(0), Move("reminded")),
        "reminded": _asks("reminded", timedelta(0), Move("reminded_again")),
        "reminded_again": _asks("reminded_again", timedelta(0), _CALL),
        "booking": _office("booking", "offer-times", BOOKING_TAKES),
        "later": _office("later", "offer-times", timedelta(days=30)),
        "with_person": _office("with_person", "call-or-letter", timedelta(days=14), Reason.SILENCE),
        "booked": Step(name="booked", closes="booked"),
        "done": Step(name="done", closes="done"),
        "letter": Step(name="letter", closes="letter"),
        "declined": Step(name="declined", context=Context.RECALL_INVITE, on=_ON, closes="declined"),
    },
    events={
        "booked": Move("booked"),
        "done": Move("done"),
        "letter-sent": Move("letter"),
        "declined": Move("declined"),
    },
    staff={
        "booked": "Visit booked",
        "done": "Already done",
        "letter-sent": "Letter sent",
        "declined": "Declined",
    },
    offices={"offer-times": "Offer times for the visit", "call-or-letter": "Call, or put on the letter list"},
)
