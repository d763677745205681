"""The engine: one event moves one enrollment along its journey and says what is to be done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

from bot.core.effects import Ask, CloseQuestion, Effect, Escalate, Say
from bot.core.escalation import Reason
from bot.core.intents import Intent
from bot.core.journey import END, Enrollment, Event, Happened, Journey, Move, Replied, Silence, Step

ONCE: Final = "once"
"""Key in an enrollment's data: the clinic started one conversation, and no loop."""
GUESSED: Final = 0.6
"""No surer than this, and nothing in a text is acted on without a person."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The enrollment as it is now, what is to be done, and the intent that was acted on (None: none was).

    `moved` says whether a step was entered, be it the same one again; `stays`, that it was not entered anew.
    """

    enrollment: Enrollment
    effects: tuple[Effect, ...] = ()
    acted_on: Intent | None = None
    moved: bool = False
    stays: bool = False


def advance(journey: Journey, enrollment: Enrollment, event: Event, now: datetime) -> Outcome:
    """Take one event. Never raises for what a patient may write or not write."""
    del now  # Steps wait by the questions' own times; the argument keeps the signature of every decider.
    match event:
        case Replied():
            return _replied(journey, enrollment, event)
        case Silence():
            return _silent(journey, enrollment, event)
        case Happened():
            return _happened(journey, enrollment, event)
        case _:
            assert_never(event)


def answers(step: Step | None, event: Replied) -> Intent | None:
    """The first meaning of the reply that this step has a reaction to, if it is sure enough to be acted on."""
    understood = event.understanding
    if step is None or understood.has(Intent.UNCLEAR, Intent.EMERGENCY):
        return None
    found = next((intent for intent in understood.intents if intent in step.on), None)
    # A main meaning that the bot would not act on by itself is a guess; one beside a question for people is not.
    guessed = not understood.auto and (found is understood.intent or understood.confidence <= GUESSED)
    return None if guessed else found


def _replied(journey: Journey, enrollment: Enrollment, event: Replied) -> Outcome:
    # After the end, in a step of the past, or in one that asks nothing, an answer means what its question asked.
    for step in (journey.step(enrollment.step), journey.step(event.question.step)):
        heard = step.hears(event) if step is not None and step.hears is not None else None
        if heard is not None and not event.understanding.has(Intent.UNCLEAR, Intent.EMERGENCY):
            after = _after(journey, enrollment, heard)
            return Outcome(after, (CloseQuestion(), *heard.effects), acted_on=event.understanding.intent, moved=True)
        intent = answers(step, event)
        if step is not None and intent is not None:
            break
    else:
        return Outcome(enrollment)
    reaction = step.on[intent]
    move = reaction if isinstance(reaction, Move) else reaction(event)
    if move is None:
        return Outcome(enrollment)
    after = _after(journey, enrollment, move)
    return Outcome(after, (CloseQuestion(), *move.effects), acted_on=intent, moved=True)


def _after(journey: Journey, enrollment: Enrollment, move: Move) -> Enrollment:
    return replace(
        enrollment,
        step=move.to,
        misses=0,
        data={**enrollment.data, **move.data} if move.data else enrollment.data,
        version=enrollment.version + 1,
        outcome=journey.outcome_of(move),
    )


def _happened(journey: Journey, enrollment: Enrollment, event: Happened) -> Outcome:
    """What is reported moves the loop where its step, or else the whole journey, has a reaction to it."""
    step = journey.step(enrollment.step)
    reaction = step.events.get(event.name) if step is not None else None
    if reaction is None:
        reaction = journey.events.get(event.name)
    move = reaction if reaction is None or isinstance(reaction, Move) else reaction(event)
    if move is None:
        return Outcome(enrollment)
    return Outcome(_after(journey, enrollment, move), move.effects, moved=True, stays=move.stays)


def endangered(journey: Journey, enrollment: Enrollment, event: Replied) -> Outcome:
    """What the journey makes of a reply that is a danger: it is kept and moves the loop. Nothing more is said."""
    step = journey.step(event.question.step)
    move = step.in_danger(event) if step is not None and step.in_danger is not None else None
    if move is None:
        return Outcome(enrollment)
    after = _after(journey, enrollment, move)
    return Outcome(after, (CloseQuestion(), *move.effects), acted_on=event.understanding.intent, moved=True)


def miss(journey: Journey, enrollment: Enrollment, event: Replied) -> Outcome:
    """The reply meant nothing to the step: ask once more, then hand over to a person, then keep quiet."""
    misses = enrollment.misses + 1
    after = replace(enrollment, misses=misses)
    question = event.question
    step = journey.step(question.step)
    move = in_words(step, event) if step is not None else None
    if move is not None:
        return Outcome(_after(journey, enrollment, move), (CloseQuestion(), *move.effects), moved=True)
    # A question in the clinic's own words cannot be asked once more in ours, but about a visit it can.
    once_more = step.again if step is not None and (question.prompt is None or question.subjects) else None
    if misses < journey.misses and step is not None and once_more is not None:
        again = Ask(once_more, step.name, question.subjects, question.options or step.options, question.pending)
        return Outcome(after, (again,))
    if misses == journey.misses or (step is not None and once_more is None and misses == 1):
        return Outcome(after, (Say("general/passed_on"), Escalate(Reason.UNCLEAR)))
    return Outcome(after, (Escalate(Reason.UNCLEAR),))


def in_words(step: Step, event: Replied) -> Move | None:
    """What words that answer nothing lead to: what they report, or where the step takes any words."""
    heard = step.hears(event) if step.hears is not None else None
    if heard is not None or step.words is None or event.understanding.has(Intent.EMERGENCY):
        return heard
    return step.words if isinstance(step.words, Move) else step.words(event)


def _silent(journey: Journey, enrollment: Enrollment, event: Silence) -> Outcome:
    # Whoever wrote something that nobody understood and then fell silent is still waiting for an answer.
    unclear = Escalate(Reason.UNCLEAR, suggestion="no-answer-after-unclear")
    waiting: tuple[Effect, ...] = (unclear,) if enrollment.misses else ()
    step = journey.step(enrollment.step)
    if step is None or step.on_silence is None:
        return Outcome(enrollment, waiting)
    if enrollment.data.get(ONCE):
        # One conversation was asked for, and nobody answered: nothing follows by itself.
        return Outcome(_after(journey, enrollment, Move(END, outcome="unanswered")), waiting, moved=True)
    move = step.on_silence if isinstance(step.on_silence, Move) else step.on_silence(event)
    return Outcome(_after(journey, enrollment, move), (*waiting, *move.effects), moved=True)
