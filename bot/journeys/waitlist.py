"""A waitlist offer: an earlier time; taking it is booked by a person, and the present visit stays until then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.core.effects import Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Journey, Move, Rank, Reaction, Step

_TAKE = Move(
    "taken", (Escalate(Reason.BOOKING, Priority.URGENT, suggestion="book-earlier-slot"), Say("waitlist/taken"))
)
_KEEP = Move("kept", (Record("waitlist", "declined"), Say("waitlist/kept")))
_OTHER = Move("kept", (Escalate(Reason.RESCHEDULE, suggestion="offer-times"), Say("waitlist/kept")))
_ON: Mapping[Intent, Reaction] = {Intent.CONFIRM: _TAKE, Intent.DECLINE: _KEEP, Intent.RESCHEDULE: _OTHER}

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
            silence_after=timedelta(hours=4),
            on_silence=Move(END, outcome="unanswered"),
        ),
        **{
            name: Step(name=name, text="waitlist/kept", context=Context.WAITLIST_OFFER, on=_ON, closes=name)
            for name in ("taken", "kept")
        },
    },
)
