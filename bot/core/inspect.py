"""Looking at a journey before a patient does: what is wrong with it, and what it looks like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.core.intents import Context, Details, Intent, Understanding
from bot.core.journey import END, Journey, Move, Question, QuestionState, Reaction, Replied, Step
from bot.core.people import Visit


def faults(journey: Journey, texts: frozenset[str], sample: Visit) -> tuple[str, ...]:
    """Everything wrong with the journey, a line each; `texts` are the templates there are, `sample` any visit."""
    return tuple(_faults(journey, texts, sample))


def _faults(journey: Journey, texts: frozenset[str], sample: Visit) -> Iterator[str]:
    if journey.start not in journey.steps:
        yield f"{journey.name}: starts at {journey.start}, which is no step"
    reached = {journey.start}
    for name, step in journey.steps.items():
        where = f"{journey.name}/{name}"
        if step.name != name:
            yield f"{where}: calls itself {step.name}"
        for text in filter(None, (step.text, step.again)):
            if text not in texts:
                yield f"{where}: there is no text {text}"
        if step.on and name == journey.start and (step.silence_after is None or step.on_silence is None):
            yield f"{where}: asks, and does not say what silence means"
        for _label, move in moves(step, sample):
            reached.add(move.to)
            if move.to != END and move.to not in journey.steps:
                yield f"{where}: leads to {move.to}, which is no step"
    for name in sorted(set(journey.steps) - reached):
        yield f"{journey.name}/{name}: nothing leads here"


def moves(step: Step, sample: Visit) -> Iterator[tuple[str, Move]]:
    """Every way out of a step: what is answered (or silence), and the move."""
    for intent, reaction in step.on.items():
        yield str(intent), _try(intent, reaction, step, sample)
    if step.on_silence is not None:
        yield "silence", step.on_silence


def _try(intent: Intent, reaction: Reaction, step: Step, sample: Visit) -> Move:
    if isinstance(reaction, Move):
        return reaction
    question = Question(
        id="sample",
        journey="sample",
        step=step.name,
        context=Context.NONE,
        options=(),
        subjects=((sample.appointment_id, sample.version),),
        state=QuestionState.OPEN,
        asked_at=sample.starts_at,
        expires_at=sample.starts_at,
    )
    understanding = Understanding((intent,), 1.0, auto=True, details=Details(number=1))
    return reaction(Replied(understanding, question, (sample,)))


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
        for label, move in moves(step, sample):
            edges.setdefault((name, move.to), []).append(label)
    return edges
