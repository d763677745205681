"""A refill: due or ready. Picked up it ends; cost, side effects and trouble at the pharmacy each have their way.

No text names the medicine or says anything about a dose.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final

from bot.core.effects import Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import Journey, Move, OwedBy, Rank, Replied, Sends, Step
from bot.core.told import PHARMACY, PICKED_UP

MORNING: Final = time(10, 0)
WAITS: Final = timedelta(days=3)
HAVE_IT, COST, SIDE_EFFECTS, AT_PHARMACY = 1, 2, 3, 4

_HAVE_IT = Move("picked_up", (Record("refill", "picked-up"), Say("medication/have_it")))
_COST = Move("cost", (Record("refill", "cost"), Escalate(Reason.FINANCIAL), Say("general/financial")))
_SIDE_EFFECTS = Move(
    "side_effects",
    (
        Record("refill", "side-effects"),
        Escalate(Reason.MEDICATION, Priority.URGENT, suggestion="nurse-call"),
        Say("general/symptom"),
    ),
)
_PHARMACY = Move(
    "pharmacy",
    (
        Record("refill", "pharmacy"),
        Escalate(Reason.MEDICATION, suggestion="call-pharmacy"),
        Say("medication/pharmacy"),
    ),
)
_BY_NUMBER: Final = {HAVE_IT: _HAVE_IT, COST: _COST, SIDE_EFFECTS: _SIDE_EFFECTS, AT_PHARMACY: _PHARMACY}


def _chosen(event: Replied) -> Move | None:
    details = event.understanding.details
    return _BY_NUMBER.get(details.option or int(details.number or 0))


def _heard(event: Replied) -> Move | None:
    """What the words themselves report."""
    if event.understanding.details.option is not None:
        return None
    if event.understanding.has(Intent.SYMPTOM):
        return _SIDE_EFFECTS
    if event.understanding.has(Intent.FINANCIAL_NEED):
        return _COST
    if PICKED_UP.search(event.words):
        return _HAVE_IT
    return _PHARMACY if PHARMACY.search(event.words) else None


def _asks(name: str, text: str, on_silence: Move) -> Step:
    return Step(
        name=name,
        text=text,
        context=Context.CHECKIN_YES_NO,
        options=("choice",) * len(_BY_NUMBER),
        on={Intent.NUMERIC_ANSWER: _chosen, Intent.CONFIRM: _HAVE_IT},
        hears=_heard,
        again="medication/unclear",
        sends=Sends(at=MORNING, life=timedelta(days=2)),
        silence_after=WAITS,
        on_silence=on_silence,
    )


def _office(name: str, office: str, within: timedelta, effect: Escalate) -> Step:
    return Step(
        name=name,
        owed_by=OwedBy.OFFICE,
        office=office,
        silence_after=within,
        on_silence=Move(name, (effect,)),
    )


_CALL = Move("with_person", (Escalate(Reason.SILENCE, suggestion="call-pharmacy"),))
_DAY = timedelta(days=1)

JOURNEY = Journey(
    name="medication",
    title="Refill",
    rank=Rank.RECALL,
    start="due",
    steps={
        "due": _asks("due", "medication/due", Move("due_again")),
        "due_again": _asks("due_again", "medication/due", _CALL),
        "ready": _asks("ready", "medication/ready", Move("ready_again")),
        "ready_again": _asks("ready_again", "medication/ready", _CALL),
        "cost": _office("cost", "help-with-cost", 2 * _DAY, Escalate(Reason.FINANCIAL)),
        "side_effects": _office(
            "side_effects",
            "nurse-call",
            timedelta(hours=4),
            Escalate(Reason.MEDICATION, Priority.URGENT, suggestion="nurse-call"),
        ),
        "pharmacy": _office("pharmacy", "call-pharmacy", _DAY, Escalate(Reason.MEDICATION, suggestion="call-pharmacy")),
        "with_person": _office(
            "with_person", "call-pharmacy", 3 * _DAY, Escalate(Reason.SILENCE, suggestion="call-pharmacy")
        ),
        "picked_up": Step(name="picked_up", closes="picked-up"),
        "stopped": Step(name="stopped", closes="stopped"),
    },
    events={
        "ready": Move("ready"),
        "picked-up": Move("picked_up"),
        "cancelled": Move("stopped"),
        "pharmacy-trouble": Move("pharmacy", (Escalate(Reason.MEDICATION, suggestion="call-pharmacy"),)),
    },
    staff={
        "ready": "Ready at the pharmacy",
        "picked-up": "Picked up",
        "pharmacy-trouble": "Trouble at the pharmacy",
        "cancelled": "Not to be refilled",
    },
    offices={
        "help-with-cost": "Help with the cost",
        "nurse-call": "A nurse calls",
        "call-pharmacy": "Call the pharmacy or the patient",
    },
)
