"""Looking at a journey before a patient does: what is wrong with it, and what it looks like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import Formatter

from bot.core.effects import Ask, Effect, Start
from bot.core.intents import Context, Details, Evidence, Intent, Understanding
from bot.core.journey import (
    END,
    Enrollment,
    Happened,
    Journey,
    Move,
    OwedBy,
    Question,
    QuestionState,
    Reaction,
    Replied,
    Silence,
    Step,
)
from bot.core.people import Visit
from bot.core.understanding.readings import BEYOND, DOUBTFUL

JUDGED = ("", f"{BEYOND}:urgent", DOUBTFUL)
"""What understanding may say of a reading: nothing, that it is grave, that it is to be taken again."""


def faults(
    journey: Journey, texts: frozenset[str], sample: Visit, names: frozenset[str] | None = None
) -> tuple[str, ...]:
    """Everything wrong with the journey, a line each.

    `texts` are the templates there are, `sample` any visit, `names` the journeys there are (None: not looked at).
    """
    return tuple(_faults(journey, texts, sample, names))


def _faults(journey: Journey, texts: frozenset[str], sample: Visit, names: frozenset[str] | None) -> Iterator[str]:
    if journey.start not in journey.steps:
        yield f"{journey.name}: starts at {journey.start}, which is no step"
    reached = {journey.start}
    for name, step in journey.steps.items():
        where = f"{journey.name}/{name}"
        yield from (f"{where}: {fault}" for fault in _step_faults(journey, step, name, texts))
        for label, move in moves(step, sample, journey):
            reached.add(move.to)
            if move.to != END and move.to not in journey.steps:
                yield f"{where}: leads to {move.to}, which is no step"
            yield from (f"{where}: on {label}, {fault}" for fault in _effect_faults(label, move.effects, names))
    for name in sorted(set(journey.steps) - reached):
        yield f"{journey.name}/{name}: nothing leads here"
    for name in sorted(set(journey.staff) - _reported(journey)):
        yield f"{journey.name}: staff may report {name}, which nothing takes up"


def _step_faults(journey: Journey, step: Step, name: str, texts: frozenset[str]) -> Iterator[str]:
    if step.name != name:
        yield f"calls itself {step.name}"
    for text in filter(None, (step.text, step.again)):
        if not any(_is_like(text, known) for known in texts):
            yield f"there is no text {text}"
    if step.sends is not None and not step.text:
        yield "sends a text, and has none"
    waits = step.silence_after is not None and step.on_silence is not None
    asks = bool(step.on) or step.words is not None
    if step.closes is None and not waits and (asks or step.sends is not None or step.owed_by is not OwedBy.PATIENT):
        yield "asks or waits, and does not say what silence means"
    if step.closes is None and not waits and not asks and not step.events and not journey.events:
        yield "is a dead end: no answer, no event, no silence leads on"
    if step.owed_by is OwedBy.OFFICE and step.office not in journey.offices:
        yield f"the office owes {step.office}, which the journey has no words for"


def _effect_faults(label: str, effects: tuple[Effect, ...], names: frozenset[str] | None) -> Iterator[str]:
    for effect in effects:
        if isinstance(effect, Ask) and (label == "silence" or label.startswith("event ")):
            yield f"asks {effect.key} where nobody has written: let the step send it"
        if isinstance(effect, Start) and names is not None and effect.journey not in names:
            yield f"starts {effect.journey}, which is no journey"


def _is_like(wanted: str, known: str) -> bool:
    """Whether a text's key is that of a template; "{name}" stands for anything."""
    if "{" not in wanted:
        return wanted == known
    rest, first = known, True
    for literal, field, _spec, _conversion in Formatter().parse(wanted):
        at = rest.find(literal)
        if at < 0 or (first and at > 0):
            return False
        rest, first = rest[at + len(literal) :], field is None
    return True


def _reported(journey: Journey) -> set[str]:
    return set(journey.events) | {name for step in journey.steps.values() for name in step.events}


def moves(step: Step, sample: Visit, journey: Journey | None = None) -> Iterator[tuple[str, Move]]:
    """Every way out of a step: what is answered (or "silence", or "event …"), and the move."""
    carried = journey.samples if journey is not None else ({},)
    for intent, reaction in step.on.items():
        yield from ((str(intent), move) for move in _tries(intent, reaction, step, sample, carried))
    if step.words is not None:
        yield from (("in words", move) for move in _tries(Intent.UNCLEAR, step.words, step, sample, carried))
    if step.in_danger is not None:
        yield from (("danger", move) for move in _tries(Intent.EMERGENCY, step.in_danger, step, sample, carried))
    for data in journey.samples if journey is not None else ({},):
        yield from _unasked(step, replace(_enrollment(step, sample), kind=data.get("kind", ""), data=data), journey)


def _unasked(step: Step, enrollment: Enrollment, journey: Journey | None) -> Iterator[tuple[str, Move]]:
    """The ways out that no answer leads to."""
    if step.on_silence is not None:
        quiet = step.on_silence
        yield "silence", quiet if isinstance(quiet, Move) else quiet(Silence(enrollment))
    events = {**(journey.events if journey is not None and step.closes is None else {}), **step.events}
    for name, happens in events.items():
        move = happens if isinstance(happens, Move) else happens(Happened(name, enrollment))
        if move is not None:
            yield f"event {name}", move


def _enrollment(step: Step, sample: Visit) -> Enrollment:
    return Enrollment("sample", "sample", sample.patient_id, sample.appointment_id, step.name)


def _tries(
    intent: Intent, reaction: Reaction, step: Step, sample: Visit, carried: Sequence[Mapping[str, str]]
) -> Iterator[Move]:
    """Where a reaction may lead: one that looks at the number chosen is tried with each that there is.

    And with what its loops may carry, "number" being a reading that is told; each as understanding may judge it.
    """
    if isinstance(reaction, Move):
        yield reaction
        return
    known: list[Move] = []
    for data in carried:
        loop = replace(_enrollment(step, sample), kind=data.get("kind", ""), data=data)
        told = [float(data["number"])] if "number" in data else []
        for number in (None, *range(1, len(step.options) + 1), *told):
            details = Details(number=float(number or 1), option=number if isinstance(number, int) else None)
            for rule in JUDGED if told else JUDGED[:1]:
                evidence = (Evidence(intent, rule, ""),) if rule else ()
                understanding = Understanding((intent,), 1.0, auto=True, details=details, evidence=evidence)
                move = reaction(Replied(understanding, _question(step, sample, loop), (sample,)))
                if move is not None and move not in known:
                    known.append(move)
                    yield move


def _question(step: Step, sample: Visit, loop: Enrollment) -> Question:
    return Question(
        id="sample",
        journey="sample",
        step=step.name,
        context=Context.NONE,
        options=(),
        subjects=((sample.appointment_id, sample.version),),
        state=QuestionState.OPEN,
        asked_at=sample.starts_at,
        expires_at=sample.starts_at,
        enrollment=loop,
    )


def mermaid(journey: Journey, sample: Visit) -> str:
    """The journey as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {journey.start}"]
    by_target: Mapping[tuple[str, str], list[str]] = _edges(journey, sample)
    for (source, target), labels in by_target.items():
        arrow = "[*]" if target == END else target
        lines.append(f"    {source} --> {arrow}: {', '.join(labels)}")
    return "\n".join(lines)


def _edges(journey: Journey, sample: Visit) -> dict[tuple[str, str], list[str]]:
    edges: dict[tuple[str, str], list[str]] = {}
    for name, step in journey.steps.items():
        for label, move in moves(step, sample, journey):
            labels = edges.setdefault((name, move.to), [])
            if label not in labels:
                labels.append(label)
    return edges
