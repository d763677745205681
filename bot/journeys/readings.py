"""Readings from home: asked for some times, doubtful ones once more, grave ones in front of a nurse, each one kept.

Which one is grave, and which is to be taken again, is a clinician's to say (`locales/readings.toml`): understanding
goes by it, and says so in its evidence. An emergency is dealt with before any journey; here its reading is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Final

from bot.core.effects import Ask, Effect, Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent
from bot.core.journey import END, Enrollment, Journey, Move, OwedBy, Rank, Reaction, Replied, Sends, Silence, Step
from bot.core.reading_kinds import MEASURES, PREFIX, READINGS, written
from bot.core.understanding.readings import BEYOND, DOUBTFUL

MORNING: Final = time(10, 0)
ANSWER_IN: Final = timedelta(days=1)
AGAIN_IN: Final = timedelta(hours=2)
NURSE_CALLS_IN: Final = timedelta(hours=4)
A_LITTLE: Final = timedelta(hours=2)
"""Less than whole days between two texts: else each would go out a day later than the one before."""
LEFT, GAP, MEASURE = "left", "gap", "measure"
"""Keys in the data: how many times more it is asked for, every how many days, and what."""
OFF = "off"
"""The same: "yes" where the one number that came of a pressure is to be measured again."""

_NURSE = Escalate(Reason.SURVEY_ALERT, Priority.URGENT, suggestion="nurse-call")
_LOOK = Escalate(Reason.SURVEY_ALERT, suggestion="call-about-the-answer")
_QUIET = Escalate(Reason.SILENCE, suggestion="call-about-the-answer")


def _kept(event: Replied) -> Record | None:
    """The reading as it is kept; None where it can be none."""
    loop, details = event.question.enrollment, event.understanding.details
    if loop is None or loop.kind not in MEASURES or details.number is None:
        return None
    value = written(loop.kind, details.number, details.lower, event.words)
    return Record(f"{PREFIX}{loop.kind}", value) if value is not None else None


def _has(event: Replied, rule: str) -> bool:
    return any(piece.rule.startswith(rule) for piece in event.understanding.evidence)


def _first(event: Replied) -> Move | None:
    """Of a pressure both numbers are needed: whoever sends one is asked for both, unless that one is grave."""
    loop, details = event.question.enrollment, event.understanding.details
    lone = loop is not None and loop.kind == "pressure" and details.number is not None and details.lower is None
    if lone and not _has(event, BEYOND):
        return Move("both", (Ask("readings/both", "both"),), data={OFF: "yes" if _has(event, DOUBTFUL) else ""})
    return _reading(event)


def _grave(event: Replied) -> Move | None:
    """In front of a nurse, also where it is half a reading and cannot be kept: the case shows the words."""
    if not _has(event, BEYOND):
        return None
    kept = _kept(event)
    return Move("with_nurse", (*((kept,) if kept is not None else ()), _NURSE, Say("general/symptom")))


def _reading(event: Replied) -> Move | None:
    if (grave := _grave(event)) is not None:
        return grave
    kept = _kept(event)
    if kept is None:
        return None
    if _has(event, DOUBTFUL):
        return Move("again", (kept, Ask("readings/again", "again")))
    return Move(_after(event.question.enrollment), (kept, Say("checkin/reading_noted")))


def _second(event: Replied) -> Move | None:
    """What comes after the rest. One that is still off is for a nurse to look at."""
    if (grave := _grave(event)) is not None:
        return grave
    kept = _kept(event)
    if kept is None:
        return None
    after = _after(event.question.enrollment)
    effects: tuple[Effect, ...] = (kept, Say("checkin/reading_noted"))
    return Move(after, (*effects, _LOOK) if _has(event, DOUBTFUL) else effects)


def _emergency(event: Replied) -> Move | None:
    kept = _kept(event)
    return Move("with_nurse", (kept,)) if kept is not None else None


def _not_now(event: Replied) -> Move:
    return Move(_after(event.question.enrollment), (Say("education/noted"),))


def _after(loop: Enrollment | None) -> str:
    """Where it goes on: to rest until the next one, if there is one."""
    return "resting" if loop is not None and int(loop.data.get(LEFT) or 0) > 0 else "finished"


def _next(event: Silence) -> Move:
    left = int((event.enrollment.data.get(LEFT) if event.enrollment is not None else "") or 0)
    return Move("asked", data={LEFT: str(max(left - 1, 0))}) if left > 0 else Move("finished")


def _unheard(event: Silence) -> Move:
    return Move(_after(event.enrollment) if _after(event.enrollment) == "resting" else "unanswered")


def _not_again(event: Silence) -> Move:
    """A doubtful reading, and then nothing: a person looks."""
    return Move(_after(event.enrollment), (_QUIET,))


def _no_pair(event: Silence) -> Move:
    off = event.enrollment is not None and event.enrollment.data.get(OFF) == "yes"
    return _not_again(event) if off else _unheard(event)


def _gap(loop: Enrollment) -> timedelta:
    return timedelta(days=int(loop.data.get(GAP) or 1)) - A_LITTLE


def _asks(name: str, text: str, answer: Reaction, **more: object) -> Step:
    on: Mapping[Intent, Reaction] = {Intent.NUMERIC_ANSWER: answer, Intent.DECLINE: _not_now}
    return Step(
        name=name,
        text=text,
        context=Context.CHECKIN_YES_NO,
        on=on,
        in_danger=_emergency,
        again="readings/unclear",
        **more,  # type: ignore[arg-type]
    )


_SAMPLE = {"kind": "oxygen", MEASURE: "oxygen", "number": "97", GAP: "3"}

JOURNEY = Journey(
    name=READINGS,
    title="Readings from home",
    rank=Rank.RECALL,
    start="asked",
    steps={
        "asked": _asks(
            "asked",
            "readings/{measure}",
            _first,
            sends=Sends(at=MORNING, life=timedelta(days=1)),
            silence_after=ANSWER_IN,
            on_silence=_unheard,
        ),
        "both": _asks("both", "readings/both", _reading, silence_after=AGAIN_IN, on_silence=_no_pair),
        "again": _asks("again", "readings/again", _second, silence_after=AGAIN_IN, on_silence=_not_again),
        "resting": Step(name="resting", owed_by=OwedBy.NOBODY, silence_after=_gap, on_silence=_next),
        "with_nurse": Step(
            name="with_nurse",
            owed_by=OwedBy.OFFICE,
            office="nurse-call",
            silence_after=NURSE_CALLS_IN,
            on_silence=Move("with_nurse", (_NURSE,)),
            events={"nurse-called": lambda event: Move(_after(event.enrollment))},
        ),
        "finished": Step(name="finished", closes="finished"),
        "unanswered": Step(name="unanswered", closes="unanswered"),
    },
    events={"stopped": Move(END, outcome="stopped")},
    staff={"nurse-called": "A nurse has called", "stopped": "No more of these texts"},
    offices={"nurse-call": "A nurse calls about the reading"},
    samples=(
        {**_SAMPLE, LEFT: "0"},
        {**_SAMPLE, LEFT: "2"},
        {**_SAMPLE, "kind": "pressure", MEASURE: "pressure", LEFT: "0"},
    ),
)
