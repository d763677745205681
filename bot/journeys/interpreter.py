"""An interpreter for a visit: told when the visit moves or is called off, as a ride or an authorisation is."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot.core.effects import Escalate
from bot.core.escalation import Priority, Reason
from bot.core.journey import END, Journey, Move, OwedBy, Rank, Step

PATIENCE: Final = timedelta(days=1)
MOVED: Final = "rebook-the-interpreter"
OFF: Final = "call-off-the-interpreter"


def _owed(name: str) -> Step:
    return Step(
        name=name,
        owed_by=OwedBy.OFFICE,
        office=name,
        silence_after=PATIENCE,
        # Nobody has said that it is done: without an interpreter the visit may come to nothing.
        on_silence=Move(name, (Escalate(Reason.LANGUAGE, Priority.URGENT, suggestion=name),)),
    )


def _told(name: str) -> Move:
    return Move(name, (Escalate(Reason.LANGUAGE, suggestion=name),))


JOURNEY = Journey(
    name="interpreter",
    title="Interpreter",
    rank=Rank.APPOINTMENT,
    start="booked",
    steps={
        # As far as anybody has said, one is booked: there is nothing to do until the visit changes.
        "booked": Step(
            name="booked", owed_by=OwedBy.NOBODY, silence_after=timedelta(days=90), on_silence=Move("seen-to")
        ),
        MOVED: _owed(MOVED),
        OFF: _owed(OFF),
        "seen-to": Step(name="seen-to", closes="seen-to"),
    },
    events={
        "visit-moved": _told(MOVED),
        "visit-cancelled": _told(OFF),
        "done": Move("seen-to"),
        "not-needed": Move(END, outcome="not-needed"),
    },
    staff={"done": "Interpreter knows", "not-needed": "Needs none"},
    offices={
        MOVED: "The visit moved: book the interpreter for the new time",
        OFF: "The visit is off: tell the interpreter",
    },
)
