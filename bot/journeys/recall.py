"""A recall: care that is due; yes brings a coordinator with times, done and no are taken as such."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.core.effects import Escalate, Record, Say
from bot.core.escalation import Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Journey, Move, Reaction, Step

_BOOK = Move("booking", (Escalate(Reason.BOOKING, suggestion="offer-times"), Say("recall/booked_request")))
_LATER = Move("later", (Escalate(Reason.BOOKING, suggestion="offer-later-times"), Say("recall/later")))
_NO = Move("declined", (Record("recall", "declined"), Say("recall/declined")))
_ON: Mapping[Intent, Reaction] = {Intent.CONFIRM: _BOOK, Intent.RESCHEDULE: _LATER, Intent.DECLINE: _NO}

JOURNEY = Journey(
    name="recall",
    start="asked",
    steps={
        "asked": Step(
            name="asked",
            text="recall/invite",
            context=Context.RECALL_INVITE,
            # The order of the numbers in the text.
            options=(Intent.CONFIRM, Intent.RESCHEDULE, Intent.DECLINE),
            on=_ON,
            again="recall/unclear",
            silence_after=timedelta(days=5),
            on_silence=Move(END),
        ),
        **{
            name: Step(name=name, text="recall/invite", context=Context.RECALL_INVITE, on=_ON)
            for name in ("booking", "later", "declined")
        },
    },
)
