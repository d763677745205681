"""Two questions on mood (PHQ-2): asked only after a yes; a sum of 3 or more is for a person the same day."""

from __future__ import annotations

from datetime import timedelta

from bot.core.effects import Ask, Effect, Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Journey, Move, OwedBy, Rank, Replied, Sends, Silence, Step

HIGHEST = 3
POSITIVE = 3
FIRST = "first"
"""Key in the enrollment's data: the first mark, only until the second is given."""
PATIENCE = timedelta(days=2)

_ALERT = Escalate(Reason.SURVEY_ALERT, Priority.URGENT, suggestion="call-today")
_TALK = Move("person", (Escalate(Reason.HUMAN_REQUESTED, suggestion="call-to-talk"), Say("general/human")))
_NO = Move("declined", (Record("phq2-asked", "declined"), Say("education/noted")))


def _mark(event: Replied) -> int | None:
    number = event.understanding.details.number
    return int(number) if number is not None and number.is_integer() and 0 <= number <= HIGHEST else None


def _again(step: str) -> Move:
    return Move(step, (Ask("survey/phq2_unclear", step), Escalate(Reason.UNCLEAR)))


def _first(event: Replied) -> Move:
    mark = _mark(event)
    if mark is None:
        return _again("interest")
    return Move("down", (Record("phq2-1", str(mark)), Ask("survey/phq2_down", "down")), data={FIRST: str(mark)})


def _second(event: Replied) -> Move:
    mark, loop = _mark(event), event.question.enrollment
    if mark is None:
        return _again("down")
    total = mark + int((loop.data.get(FIRST) if loop is not None else "") or 0)
    kept: tuple[Effect, ...] = (Record("phq2-2", str(mark)), Record("phq2", str(total)))
    if total >= POSITIVE:
        return Move("positive", (*kept, _ALERT, Say("survey/phq2_call")), data={FIRST: ""})
    return Move("answered", (*kept, Say("checkin/yes_noted")), data={FIRST: ""})


def _left_half(event: Silence) -> Move:
    """One mark, and no other: the highest one is enough by itself."""
    first = event.enrollment.data.get(FIRST) if event.enrollment is not None else ""
    if int(first or 0) >= POSITIVE:
        return Move("positive", (_ALERT,), data={FIRST: ""})
    return Move("unanswered", data={FIRST: ""})


JOURNEY = Journey(
    name="phq2",
    title="Two questions on mood",
    rank=Rank.RECALL,
    start="invited",
    steps={
        "invited": Step(
            name="invited",
            text="survey/feelings",
            context=Context.CHECKIN_YES_NO,
            options=(Intent.CONFIRM, Intent.DECLINE, Intent.REQUEST_HUMAN),
            on={
                Intent.CONFIRM: Move("interest", (Ask("survey/phq2_interest", "interest"),)),
                Intent.DECLINE: _NO,
                Intent.REQUEST_HUMAN: _TALK,
            },
            again="survey/needs_unclear",
            sends=Sends(life=timedelta(days=1)),
            silence_after=PATIENCE,
            on_silence=Move("unanswered"),
        ),
        "interest": Step(
            name="interest",
            text="survey/phq2_interest",
            context=Context.SURVEY_SCALE,
            on={Intent.NUMERIC_ANSWER: _first, Intent.REQUEST_HUMAN: _TALK},
            again="survey/phq2_unclear",
            silence_after=PATIENCE,
            on_silence=Move("unanswered"),
        ),
        "down": Step(
            name="down",
            text="survey/phq2_down",
            context=Context.SURVEY_SCALE,
            on={Intent.NUMERIC_ANSWER: _second, Intent.REQUEST_HUMAN: _TALK},
            again="survey/phq2_unclear",
            silence_after=PATIENCE,
            on_silence=_left_half,
        ),
        "positive": Step(
            name="positive",
            owed_by=OwedBy.OFFICE,
            office="call-today",
            silence_after=timedelta(hours=8),
            on_silence=Move("positive", (_ALERT,)),
        ),
        "person": Step(
            name="person",
            owed_by=OwedBy.OFFICE,
            office="call-to-talk",
            silence_after=timedelta(days=2),
            on_silence=Move("person", (Escalate(Reason.HUMAN_REQUESTED, suggestion="call-to-talk"),)),
        ),
        "answered": Step(name="answered", closes="answered"),
        "called": Step(name="called", closes="called"),
        "declined": Step(name="declined", closes="declined"),
        "unanswered": Step(name="unanswered", closes="unanswered"),
    },
    events={"called": Move("called"), "stopped": Move(END, outcome="stopped")},
    staff={"called": "Called and cared for"},
    offices={"call-today": "Call today about the answers", "call-to-talk": "Call: they would rather talk"},
    samples=({}, {FIRST: "3"}),
)
