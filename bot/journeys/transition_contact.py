"""The two-business-day contact after a discharge: only a contact that staff log closes it, never a text or a reply."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot.core.effects import Escalate, Record
from bot.core.escalation import Priority, Reason
from bot.core.journey import Enrollment, Happened, Journey, Move, OwedBy, Rank, Silence, Step

MINUTES: Final = "minutes"
"""Key in the data: from opening to the end of the second business day."""
ATTEMPTS: Final = "attempts"
ENOUGH: Final = 2
"""So many timely attempts, written down, are what payers ask for where nobody is reached."""
TWO_DAYS: Final = 2 * 24 * 60

_CALL = Escalate(Reason.TRANSITION, Priority.URGENT, suggestion="call-after-discharge")


def _time_left(loop: Enrollment) -> timedelta:
    return timedelta(minutes=int(loop.data.get(MINUTES) or TWO_DAYS))


def _tried(event: Happened) -> Move:
    """One more attempt; the clock runs on."""
    tries = int(event.enrollment.data.get(ATTEMPTS) or 0) + 1
    kept = (Record("contact-attempt", str(tries)),)
    return Move(event.enrollment.step, kept, data={ATTEMPTS: str(tries)}, stays=True)


def _time_is_up(event: Silence) -> Move:
    loop = event.enrollment
    tries = int(loop.data.get(ATTEMPTS) or 0) if loop is not None else 0
    return Move("attempted" if tries >= ENOUGH else "overdue", (_CALL,))


def _waiting(name: str, wait: timedelta | None, reached: str) -> Step:
    return Step(
        name=name,
        owed_by=OwedBy.OFFICE,
        office="call-after-discharge",
        silence_after=wait or _time_left,
        on_silence=Move(name, (_CALL,)) if wait else _time_is_up,
        events={"contact-logged": Move(reached, (Record("contact", reached),)), "attempt-logged": _tried},
    )


JOURNEY = Journey(
    name="transition_contact",
    title="Call within two business days",
    rank=Rank.TRANSITION,
    start="due",
    steps={
        "due": _waiting("due", None, "reached"),
        "overdue": _waiting("overdue", timedelta(days=1), "reached_late"),
        # Two timely attempts are on record, and the patient is still to be reached.
        "attempted": _waiting("attempted", timedelta(days=7), "reached_late"),
        "reached": Step(name="reached", closes="reached"),
        "reached_late": Step(name="reached_late", closes="reached-late"),
        "not_reached": Step(name="not_reached", closes="not-reached"),
    },
    events={"given-up": Move("not_reached")},
    staff={"contact-logged": "Patient reached", "attempt-logged": "Tried to reach", "given-up": "Give up"},
    offices={"call-after-discharge": "Call within two business days of the discharge"},
)
