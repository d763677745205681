"""A recall: care that is due. Invited, reminded twice, then a person; booked, done elsewhere or declined it ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta

from bot.core.dialogue import ONCE
from bot.core.effects import Ask, Escalate, Record, Say
from bot.core.escalation import Reason
from bot.core.intents import Context, Intent
from bot.core.journey import (
    UNREACHABLE,
    Enrollment,
    Journey,
    Move,
    OwedBy,
    Rank,
    Reaction,
    Replied,
    Sends,
    Silence,
    Step,
)
from bot.core.told import DONE, later_days, tells_where_and_when

MORNING = time(10, 0)
BETWEEN = timedelta(days=7)
BOOKING_TAKES = timedelta(days=3)
LATER = 30
"""Days after which whoever wants to be asked later is asked again, where they give no time themselves."""
MOST_TOUCHES, MOST_TOUCHES_IN = 3, timedelta(days=90)
"""So often a gap is asked about in so long; then a person, or a letter."""
REST = timedelta(days=30)
"""So long after "done" or "no" nobody asks about the same gap, whatever file brings it again."""
TELLS_ALL = 40
"""Characters: whoever writes so much about having had it has said where or when."""

_NEXT = {"asked": "reminded", "reminded": "reminded_again"}
_FETCH = Escalate(Reason.RECORDS, suggestion="fetch-record")
_BOOK = Move("booking", (Escalate(Reason.BOOKING, suggestion="offer-times"), Say("recall/booked_request")))
_NO = Move("declined", (Record("recall", "declined"), Say("recall/declined")))
_NOTED = Move("done", (Record("recall", "done"), _FETCH, Say("recall/done_noted")))
_CALL = Move("with_person", (Escalate(Reason.SILENCE, suggestion="call-or-letter"),))


def _loop(event: Replied) -> Enrollment | None:
    return event.question.enrollment


def _later(event: Replied) -> Move:
    loop = _loop(event)
    if loop is not None and loop.data.get(ONCE):
        # One conversation and no more: what is to follow is for a person.
        return Move("later", (Escalate(Reason.BOOKING, suggestion="offer-later-times"), Say("recall/later")))
    step = loop.step if loop is not None else "asked"
    # The texts that are left are those that have not been sent: nobody is asked a fourth time.
    then = _NEXT.get(step) or (loop.data.get("then") if loop is not None else None) or "with_person"
    days = later_days(event.words) or LATER
    return Move("later", (Record("recall", "later"), Say("recall/later")), data={"then": then, "days": str(days)})


def _no(event: Replied) -> Move:
    """ "3" and "I had it already" are one answer to the contract; a no that says neither is a no."""
    if event.understanding.details.option is None and not DONE.search(event.words):
        return _NO
    if len(event.words) > TELLS_ALL or tells_where_and_when(event.words):
        return _NOTED
    # Staff know of it now: the answer to where and when joins what is in front of them, if it comes.
    return Move("where", (_FETCH, Ask("recall/already_done", "where")))


_ON: Mapping[Intent, Reaction] = {Intent.CONFIRM: _BOOK, Intent.RESCHEDULE: _later, Intent.DECLINE: _no}


def _asks(name: str, on_silence: Move) -> Step:
    return Step(
        name=name,
        text="recall/invite",
        context=Context.RECALL_INVITE,
        # The order of the numbers in the text.
        options=(Intent.CONFIRM, Intent.RESCHEDULE, Intent.DECLINE),
        on=_ON,
        again="recall/unclear",
        sends=Sends(at=MORNING, weekdays=True, life=timedelta(days=3)),
        silence_after=BETWEEN,
        on_silence=on_silence,
    )


def _office(name: str, office: str, within: timedelta, reason: Reason = Reason.BOOKING) -> Step:
    return Step(
        name=name,
        context=Context.RECALL_INVITE,
        on=_ON,
        owed_by=OwedBy.OFFICE,
        office=office,
        silence_after=within,
        on_silence=Move(name, (Escalate(reason, suggestion=office),)),
    )


def _asked_again(event: Silence) -> Move:
    loop = event.enrollment
    then = loop.data.get("then", "with_person") if loop is not None else "with_person"
    return _CALL if then == "with_person" else Move(then)


JOURNEY = Journey(
    name="recall",
    title="Recall",
    rank=Rank.RECALL,
    start="asked",
    steps={
        "asked": _asks("asked", Move("reminded")),
        "reminded": _asks("reminded", Move("reminded_again")),
        "reminded_again": _asks("reminded_again", _CALL),
        "later": Step(
            name="later",
            context=Context.RECALL_INVITE,
            on=_ON,
            owed_by=OwedBy.NOBODY,
            silence_after=lambda loop: timedelta(days=int(loop.data.get("days", LATER))),
            on_silence=_asked_again,
        ),
        "where": Step(
            name="where",
            text="recall/already_done",
            words=_NOTED,
            silence_after=timedelta(days=2),
            on_silence=Move("done"),
        ),
        "booking": _office("booking", "offer-times", BOOKING_TAKES),
        "with_person": _office("with_person", "call-or-letter", timedelta(days=14), Reason.SILENCE),
        "booked": Step(name="booked", closes="booked"),
        "done": Step(name="done", closes="done"),
        "letter": Step(name="letter", closes="letter"),
        "declined": Step(name="declined", context=Context.RECALL_INVITE, on=_ON, closes="declined"),
        "excluded": Step(name="excluded", closes="excluded"),
    },
    events={
        UNREACHABLE: _CALL,
        "booked": Move("booked"),
        "done": Move("done"),
        "letter-sent": Move("letter"),
        "declined": Move("declined"),
        "excluded": Move("excluded"),
    },
    settles=(Reason.BOOKING, Reason.SILENCE),
    staff={
        "booked": "Visit booked",
        "done": "Already done",
        "letter-sent": "Letter sent",
        "declined": "Declined",
        "excluded": "Not for this patient",
    },
    offices={"offer-times": "Offer times for the visit", "call-or-letter": "Call, or put on the letter list"},
)
