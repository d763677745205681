"""A referral and its authorisation: sent, dated, been to, reported, told; whoever owes the next step is chased."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time, timedelta
from typing import Final

from bot.core.effects import Effect, Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import (
    Enrollment,
    Happened,
    Journey,
    Move,
    OnEvent,
    OnSilence,
    OwedBy,
    Rank,
    Reaction,
    Replied,
    Sends,
    Silence,
    Step,
    Urgency,
)
from bot.core.told import NOT_CALLED, REFUSED, WENT

MORNING: Final = time(10, 0)
DAY: Final = timedelta(days=1)
SOON: Final = frozenset({Urgency.URGENT, Urgency.ASAP})
BY_IMPORT: Final = "import"
"""Value of `by` in what a file reports: files come late, and never take a loop back."""
WENT_ALREADY: Final = 3
"""Number of that answer in the text."""
VISIT_IN: Final = "visit_in"
"""Key in the data: days from the report to the visit there, where the date is known."""

# To a date: stat 1 day, urgent 7, routine 30, asked about on the way. (stat, urgent, routine) in days.
_CALL: Final = (1, 2, 7)
_CHECK: Final = (1, 2, 7)
_LAST_CHECK: Final = (1, 3, 16)
_LIMIT: Final = (1, 7, 30)
_PAYER: Final = (3, 3, 7)
"""A payer has 72 hours where it is urgent, else 7 days."""


def _days(days: tuple[int, int, int], priority: Urgency) -> int:
    return days[0 if priority is Urgency.STAT else 1 if priority in SOON else 2]


def _by_urgency(days: tuple[int, int, int]) -> Callable[[Enrollment], timedelta]:
    def wait(loop: Enrollment) -> timedelta:
        return _days(days, loop.priority) * DAY

    return wait


def _until_the_visit(loop: Enrollment) -> timedelta:
    return (int(loop.data.get(VISIT_IN) or 14) + 1) * DAY


def _chase(suggestion: str, reason: Reason = Reason.REFERRAL, priority: Priority = Priority.ROUTINE) -> Escalate:
    return Escalate(reason, priority, suggestion=suggestion)


_CALLED = Move("told", (Record("referral", "called"), Say("referral/called")))
_NOT_CALLED = Move("not_called", (Record("referral", "not-called"), _chase("ask-office"), Say("referral/not_called")))
_WENT = Move("attended", (Record("referral", "went"), Say("referral/went")))
_REFUSED = Move(
    "denied",
    (
        Record("referral", "insurance-said-no"),
        _chase("appeal-or-offer", Reason.AUTHORIZATION),
        Say("referral/insurance"),
    ),
)
_MISSED = Move("no_show", (Record("referral", "missed"), _chase("new-time"), Say("referral/missed")))


def _heard(event: Replied) -> Move | None:
    """What the words themselves report: nobody has called, the insurance said no, the patient went."""
    for words, move in ((NOT_CALLED, _NOT_CALLED), (REFUSED, _REFUSED), (WENT, _WENT)):
        if words.search(event.words):
            return move
    return None


def _overhears(loop: Enrollment, words: str, asked_else: bool) -> Move | None:
    """The same where the referral has asked nothing. Where it is past that, or waits for more, a person is told."""
    if NOT_CALLED.search(words):
        return _or_stays(_NOT_CALLED, loop, loop.step in (*_WAITS_FOR_A_DATE, *_ASKED_FOR_A_DATE))
    if REFUSED.search(words):
        return _or_stays(_REFUSED, loop, loop.step not in (*_BEEN_TO, "denied", "appeal"))
    # Where was it? Who has read a reminder may mean that visit; and "I went to the ER" is for a person's eyes.
    if WENT.search(words) and not asked_else:
        been = Move(_WENT.to, (*_WENT.effects, _chase("fetch-note")))
        return _or_stays(been, loop, loop.step not in _BEEN_TO)
    return None


def _or_stays(move: Move, loop: Enrollment, moves: bool) -> Move:
    return move if moves else replace(move, to=loop.step)


# Words that report nothing known are for a person, who moves the loop.
_UNCLEAR = Move("unclear", (Escalate(Reason.UNCLEAR, suggestion="ask-office"), Say("general/passed_on")))


def _third(event: Replied) -> Move | None:
    return _WENT if event.understanding.details.option == WENT_ALREADY else None


_ON_CHECK: Mapping[Intent, Reaction] = {
    Intent.CONFIRM: _CALLED,
    Intent.DECLINE: _NOT_CALLED,
    Intent.NUMERIC_ANSWER: _third,
}
_ON_VISIT: Mapping[Intent, Reaction] = {Intent.CONFIRM: _WENT, Intent.DECLINE: _MISSED}


def _asks(name: str, text: str, on: Mapping[Intent, Reaction], wait: tuple[int, int, int], quiet: Move) -> Step:
    check = text == "referral/check"
    return Step(
        name=name,
        text=text,
        context=Context.CHECKIN_YES_NO,
        options=(Intent.CONFIRM, Intent.DECLINE, *(("choice",) if check else ())),
        on=on,
        words=_UNCLEAR,
        hears=_heard,
        sends=Sends(at=MORNING, weekdays=True),
        silence_after=_by_urgency(wait),
        on_silence=quiet,
    )


def _office(
    name: str, office: str, days: tuple[int, int, int], quiet: OnSilence | None = None, *effects: Effect
) -> Step:
    again = quiet or Move(name, effects or (_chase(office),))
    return Step(name=name, owed_by=OwedBy.OFFICE, office=office, silence_after=_by_urgency(days), on_silence=again)


_TO_DATE = (1, 1, 3)
_OVERDUE = Move("overdue", (_chase("call-office-and-patient", priority=Priority.URGENT),))
_INSURANCE = Reason.AUTHORIZATION


def _ask(event: Silence) -> Move:
    """No date yet: the patient is asked, unless it is needed at once."""
    loop = event.enrollment
    return _OVERDUE if loop is not None and loop.priority is Urgency.STAT else Move("checking")


STEPS: Final = (
    Step(
        name="sent",
        text="referral/sent",
        words=_UNCLEAR,
        hears=_heard,
        sends=Sends(at=MORNING, weekdays=True),
        owed_by=OwedBy.OFFICE,
        office="other-office-calls",
        silence_after=_by_urgency(_CALL),
        on_silence=_ask,
    ),
    _office("received", "other-office-calls", _CALL, _ask),
    _office("info_requested", "send-information", _TO_DATE),
    _office("accepted", "other-office-calls", _CALL, _ask),
    _office("declined", "send-elsewhere", _TO_DATE),
    _office("auth_needed", "submit-authorization", (1, 1, 2), None, _chase("submit-authorization", _INSURANCE)),
    _office("auth_submitted", "payer-decides", _PAYER, None, _chase("ask-payer", Reason.AUTHORIZATION)),
    _office("approved", "other-office-calls", _CALL, _ask),
    _office("denied", "appeal-or-offer", (1, 2, 5), None, _chase("appeal-or-offer", Reason.AUTHORIZATION)),
    _office("appeal", "payer-decides", (3, 7, 30), None, _chase("ask-payer", Reason.AUTHORIZATION)),
    _asks("checking", "referral/check", _ON_CHECK, _CHECK, Move("checking_again")),
    _asks("checking_again", "referral/check", _ON_CHECK, _LAST_CHECK, _OVERDUE),
    _office("not_called", "ask-office", _TO_DATE),
    _office("unclear", "ask-office", _TO_DATE),
    _office("overdue", "call-office-and-patient", _TO_DATE),
    # The other office says that there is a date: the patient is asked whether they know.
    _asks("scheduled", "referral/check", _ON_CHECK, _TO_DATE, Move("tell_patient", (_chase("ask-office"),))),
    _office("tell_patient", "tell-patient", (1, 1, 2)),
    Step(
        name="told",
        owed_by=OwedBy.NOBODY,
        silence_after=_until_the_visit,
        on_silence=Move("visit_check"),
    ),
    _asks("visit_check", "referral/visit_check", _ON_VISIT, (2, 3, 5), Move("find_out", (_chase("ask-office"),))),
    _office("find_out", "ask-office", _TO_DATE),
    _office("attended", "fetch-note", (14, 14, 14), Move("chasing_note", (_chase("fetch-note"),))),
    # The report is due two weeks after the visit and chased until a month after it, then every week.
    _office("chasing_note", "fetch-note", (7, 7, 16)),
    _office("no_show", "new-time", (1, 2, 3)),
    _office("cancelled", "new-time", (1, 2, 3)),
    _office("note_received", "review-note", (1, 2, 3)),
    _office("reviewed", "tell-result", (1, 2, 3)),
    Step(name="informed", owed_by=OwedBy.NOBODY, silence_after=DAY, on_silence=Move("closed")),
    *(Step(name=name, closes=name) for name in ("closed", "patient_declined", "expired", "duplicate", "withdrawn")),
)

_MOVES: Final[Mapping[str, tuple[Effect, ...]]] = {
    "info-requested": (_chase("send-information"),),
    "declined": (_chase("send-elsewhere"),),
    "auth-needed": (_chase("submit-authorization", Reason.AUTHORIZATION),),
    "denied": (_chase("appeal-or-offer", Reason.AUTHORIZATION),),
    "no-show": (_chase("new-time"),),
    "cancelled": (_chase("new-time"),),
    "note-received": (_chase("review-and-tell"),),
}
_ALONG: Final = (
    "sent", "received", "accepted", "auth_needed", "auth_submitted", "approved", "checking", "checking_again",
    "scheduled", "tell_patient", "told", "visit_check", "attended", "chasing_note", "note_received", "reviewed",
    "informed",
)  # fmt: skip
"""The way as it should go."""
_WAITS_FOR_A_DATE: Final = ("sent", "received", "accepted", "approved")
_ASKED_FOR_A_DATE: Final = ("checking", "checking_again", "scheduled", "tell_patient", "unclear")
_BEEN_TO: Final = ("attended", "chasing_note", "note_received", "reviewed", "informed")

STAFF: Final = {
    "received": "The other office has it",
    "info-requested": "They want more information",
    "accepted": "Accepted",
    "declined": "They declined it",
    "auth-needed": "Needs approval",
    "auth-submitted": "Approval asked for",
    "approved": "Approved",
    "denied": "Denied",
    "appeal": "Appealed",
    "scheduled": "Has a date",
    "told": "Patient knows the date",
    "attended": "Patient went",
    "no-show": "Patient missed it",
    "cancelled": "Visit called off",
    "note-received": "Report is here",
    "reviewed": "Report read",
    "informed": "Patient told",
    "closed": "Close",
    "patient-declined": "Patient does not want it",
    "expired": "Expired",
    "duplicate": "Duplicate",
    "withdrawn": "Withdrawn",
}


def step_of(event: str) -> str:
    """The step that a report leads to."""
    return event.replace("-", "_")


def _reported(name: str) -> OnEvent:
    to, effects = step_of(name), _MOVES.get(name, ())

    def happens(event: Happened) -> Move | None:
        step = event.enrollment.step
        kept = {VISIT_IN: event.data[VISIT_IN]} if VISIT_IN in event.data else {}
        late = to in _ALONG and step in _ALONG and _ALONG.index(to) <= _ALONG.index(step)
        if to == step or (late and event.data.get("by") == BY_IMPORT):
            return None
        return Move(to, effects, data=kept)

    return happens


def begins(stage: str, priority: Urgency, waited: int, visit_is_over: bool) -> str:
    """Where a referral begins of which a file tells for the first time, `waited` days after it was asked for.

    The clock runs from the request, however late the file is.
    """
    name = step_of(stage) or "sent"
    if name == "scheduled" and visit_is_over:
        return "visit_check"
    if name not in _WAITS_FOR_A_DATE or waited <= _days(_CALL, priority):
        return name
    return "overdue" if waited > _days(_LIMIT, priority) or priority is Urgency.STAT else "checking"


JOURNEY = Journey(
    name="referral",
    title="Referral",
    rank=Rank.APPOINTMENT,
    start="sent",
    steps={step.name: step for step in STEPS},
    events={name: _reported(name) for name in STAFF},
    staff=STAFF,
    overhears=_overhears,
    offices={
        "other-office-calls": "The other office is to call the patient",
        "send-information": "Send what the other office asks for",
        "send-elsewhere": "Send the referral elsewhere",
        "submit-authorization": "Ask the insurance for approval",
        "payer-decides": "The insurance is to decide",
        "appeal-or-offer": "Appeal, or offer another way",
        "ask-office": "Ask the other office",
        "call-office-and-patient": "Call the other office and the patient",
        "tell-patient": "Tell the patient the date",
        "fetch-note": "Get the report",
        "new-time": "Help the patient to a new time",
        "review-note": "Read the report",
        "tell-result": "Tell the patient what it means",
    },
)
