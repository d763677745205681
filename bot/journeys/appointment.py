"""The appointment journey: confirm, decline, ask for another time, and change one's mind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.core.effects import Answer, Ask, Effect, Escalate, Say, VoidTouches
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import Journey, Move, Rank, Replied, Step
from bot.core.people import Participation

OPTIONS = (Intent.CONFIRM, Intent.RESCHEDULE, Intent.DECLINE)
OVER_AFTER = timedelta(hours=2)
"""So long after its start a visit is over, and so is the dialogue about it."""
REMINDERS = ("reminder_first", "reminder_last", "booked")


def _answer(event: Replied, response: Participation) -> tuple[Effect, ...]:
    return tuple(Answer(visit.appointment_id, response) for visit in event.visits)


def _void(event: Replied, reason: str, steps: tuple[str, ...]) -> tuple[Effect, ...]:
    return tuple(VoidTouches(visit.appointment_id, reason, steps) for visit in event.visits)


def _confirm(event: Replied) -> Move:
    # Once confirmed, only the short same-day note remains.
    return Move(
        "confirmed",
        (*_answer(event, Participation.ACCEPTED), *_void(event, "confirmed", REMINDERS), Say("appointment/confirmed")),
    )


def _decline(event: Replied) -> Move:
    return Move("declined", (*_declined(event), Say("appointment/declined")))


def _reschedule(event: Replied) -> Move:
    return Move("rescheduling", (*_rescheduled(event), Say("appointment/reschedule_requested")))


def _declined(event: Replied) -> tuple[Effect, ...]:
    # The chart is the clinic's: a person takes the visit off, so nothing is promised as done.
    return (
        *_answer(event, Participation.DECLINED),
        *_void(event, "declined", ()),
        Escalate(Reason.DECLINED, suggestion="cancel-in-chart", appointment_id=_first(event)),
    )


def _rescheduled(event: Replied) -> tuple[Effect, ...]:
    # The old slot is kept until a new one is booked.
    return (
        *_answer(event, Participation.TENTATIVE),
        *_void(event, "another-time", ()),
        Escalate(Reason.RESCHEDULE, suggestion="offer-times", appointment_id=_first(event)),
    )


def _change_to_confirmed(event: Replied) -> Move:
    return Move(
        "confirmed",
        (
            *_answer(event, Participation.ACCEPTED),
            Say("appointment/changed_to_confirmed"),
            # The place may have been given away in the meantime.
            Escalate(Reason.CORRECTION, Priority.URGENT, suggestion="check-slot-is-free", appointment_id=_first(event)),
        ),
    )


def _yes_after(step: str) -> Callable[[Replied], Move]:
    """A yes to a patient who has just said no: it may be meant for another time, or mean "take it off"."""

    def reaction(event: Replied) -> Move:
        if not event.bare:
            return _change_to_confirmed(event)
        if event.correction:
            subjects = tuple((visit.appointment_id, visit.version) for visit in event.visits)
            return Move(step, (Ask("appointment/unclear", "asked", subjects, OPTIONS),))
        # Asked already, and "yes" once more.
        doubt = Escalate(Reason.CORRECTION, suggestion="coming-or-not", appointment_id=_first(event))
        return Move(step, (Say("general/passed_on"), doubt))

    return reaction


def _change_to_declined(event: Replied) -> Move:
    return Move("declined", (*_declined(event), Say("appointment/changed_to_declined")))


def _change_to_reschedule(event: Replied) -> Move:
    return Move("rescheduling", (*_rescheduled(event), Say("appointment/changed_to_reschedule")))


def _first(event: Replied) -> str | None:
    return event.visits[0].appointment_id if event.visits else None


ASKED = Step(
    name="asked",
    text="appointment/reminder_last",
    context=Context.APPOINTMENT_REMINDER,
    options=OPTIONS,
    on={Intent.CONFIRM: _confirm, Intent.DECLINE: _decline, Intent.RESCHEDULE: _reschedule},
    again="appointment/unclear",
    silence_after=timedelta(hours=20),
    on_silence=Move("unanswered"),
)

JOURNEY = Journey(
    name="appointment",
    title="Visit",
    rank=Rank.APPOINTMENT,
    start="asked",
    steps={
        "asked": ASKED,
        # Nobody answered in time: the visit stands among the unconfirmed, and an answer still counts.
        "unanswered": Step(
            name="unanswered",
            text=ASKED.text,
            context=ASKED.context,
            options=OPTIONS,
            on=ASKED.on,
            again=ASKED.again,
            closes="unanswered",
        ),
        "confirmed": Step(
            name="confirmed",
            text="appointment/confirmed",
            context=Context.APPOINTMENT_REMINDER,
            options=OPTIONS,
            on={
                Intent.CONFIRM: _confirm,
                Intent.DECLINE: _change_to_declined,
                Intent.RESCHEDULE: _change_to_reschedule,
            },
            closes="confirmed",
        ),
        "declined": Step(
            name="declined",
            text="appointment/declined",
            context=Context.APPOINTMENT_REMINDER,
            options=OPTIONS,
            on={
                Intent.CONFIRM: _yes_after("declined"),
                Intent.DECLINE: _decline,
                Intent.RESCHEDULE: _change_to_reschedule,
            },
            closes="declined",
        ),
        "rescheduling": Step(
            name="rescheduling",
            text="appointment/reschedule_requested",
            context=Context.APPOINTMENT_REMINDER,
            options=OPTIONS,
            on={
                Intent.CONFIRM: _yes_after("rescheduling"),
                Intent.DECLINE: _change_to_declined,
                Intent.RESCHEDULE: _reschedule,
            },
            closes="another-time",
        ),
    },
)
