"""A waitlist offer: an earlier time; the first yes has it, staff book it, and the present visit stays until then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.core.effects import Escalate, FreeSlot, Record, Say, TakeSlot
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Happened, Journey, Move, OwedBy, Rank, Reaction, Replied, Sends, Step
from bot.core.when import local_time

SLOT = "slot"
"""Key in the enrollment's data: the time that came free. Without it, the clinic offered one by hand."""
KEEPS = "keeps"
"""Key in the data where the patient has a visit, which stays until then."""
OFFERS_LAST = timedelta(hours=4)
BOOK_WITHIN = timedelta(hours=2)

_BOOK = Escalate(Reason.BOOKING, Priority.URGENT, suggestion="book-earlier-slot")
_DECLINED = Record("waitlist", "declined")
_RELEASE = Escalate(Reason.BOOKING, suggestion="release-old-visit")
_GONE = Move("gone", (Say("waitlist/gone"),))


def _slot(event: Replied) -> str | None:
    loop = event.question.enrollment
    return loop.data.get(SLOT) if loop is not None else None


def _say(event: Replied, key: str, **more: object) -> Say:
    loop = event.question.enrollment
    keeps = {KEEPS: loop.data[KEEPS]} if loop is not None and KEEPS in loop.data else {}
    return Say(key, {**keeps, **more})


def _take(event: Replied) -> Move:
    loop, slot = event.question.enrollment, _slot(event)
    if loop is None or slot is None:
        return Move("taken", (_BOOK, _say(event, "waitlist/taken")))
    gained = (_BOOK, _say(event, "waitlist/won", starts_at=local_time(loop.data["starts_at"], loop.data["zone"])))
    take = TakeSlot(slot, "gone", gained, instead=(_say(event, "waitlist/gone"),))
    return Move("won", (take, *gained))


def _keep(event: Replied) -> Move:
    return Move("kept", (_DECLINED, _say(event, "waitlist/kept")))


def _other(event: Replied) -> Move:
    return Move("kept", (Escalate(Reason.RESCHEDULE, suggestion="offer-times"), _say(event, "waitlist/kept")))


def _change_mind(event: Replied) -> Move:
    """A no after the yes: the time is free again, unless it has been booked."""
    slot = _slot(event)
    if slot is None:
        return _keep(event)
    undo = Escalate(Reason.CORRECTION, Priority.URGENT, suggestion="keep-old-visit")
    return Move("kept", (FreeSlot(slot), _DECLINED, undo, _say(event, "waitlist/kept")))


def _no_longer(event: Happened) -> Move | None:
    """Somebody else has it. Whoever has not answered is told; whoever said no need not be."""
    return _GONE if event.enrollment.step == "asked" else None


_ON: Mapping[Intent, Reaction] = {Intent.CONFIRM: _take, Intent.DECLINE: _keep, Intent.RESCHEDULE: _other}

JOURNEY = Journey(
    name="waitlist",
    title="Earlier time",
    rank=Rank.APPOINTMENT,
    start="asked",
    steps={
        "asked": Step(
            name="asked",
            text="waitlist/offer",
            context=Context.WAITLIST_OFFER,
            options=(Intent.CONFIRM, Intent.DECLINE),
            on=_ON,
            again="waitlist/unclear",
            sends=Sends(life=OFFERS_LAST, asked_for=True),
            silence_after=OFFERS_LAST,
            on_silence=Move("unanswered"),
        ),
        # The first yes: held for them until staff have booked it, and only then is the old visit let go.
        "won": Step(
            name="won",
            text="waitlist/won",
            context=Context.WAITLIST_OFFER,
            on={Intent.CONFIRM: _take, Intent.DECLINE: _change_mind},
            owed_by=OwedBy.OFFICE,
            office="book-earlier-slot",
            silence_after=BOOK_WITHIN,
            on_silence=Move("won", (_BOOK,)),
            events={"booked": Move("booked", (_RELEASE,)), "not-booked": Move("gone", (Say("waitlist/gone"),))},
        ),
        "booked": Step(name="booked", closes="booked"),
        "taken": Step(name="taken", text="waitlist/kept", context=Context.WAITLIST_OFFER, on=_ON, closes="taken"),
        "kept": Step(name="kept", text="waitlist/kept", context=Context.WAITLIST_OFFER, on=_ON, closes="kept"),
        "gone": Step(name="gone", text="waitlist/gone", context=Context.WAITLIST_OFFER, on=_ON, closes="gone"),
        # A late yes still counts, if nobody else has the time by then.
        "unanswered": Step(
            name="unanswered", text="waitlist/offer", context=Context.WAITLIST_OFFER, on=_ON, closes="unanswered"
        ),
    },
    events={"gone": _no_longer, "withdrawn": Move(END, outcome="withdrawn")},
    staff={"booked": "Earlier visit booked", "not-booked": "Could not be booked"},
    offices={"book-earlier-slot": "Book the earlier time, then let the old visit go"},
)
