"""The vocabulary of a journey: what it asks, what each answer leads to, and what silence means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from bot.core.effects import Effect
from bot.core.intents import Context, Intent, Understanding
from bot.core.people import Visit

END: Final = "end"
"""The step in which nothing more is asked. A correction may still arrive there."""


class QuestionState(StrEnum):
    """Where a question stands."""

    PREPARED = "prepared"
    """Its text has not gone out yet: nobody can be answering it."""
    OPEN = "open"
    ANSWERED = "answered"
    VOID = "void"
    """Its subject moved or was cancelled."""
    EXPIRED = "expired"


class TouchState(StrEnum):
    """Where a planned contact stands."""

    PLANNED = "planned"
    QUEUED = "queued"
    """A message row exists; the gate decides on it."""
    SKIPPED = "skipped"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One patient on one journey about one thing, and where the dialogue stands."""

    id: str
    journey: str
    patient_id: str
    subject_id: str
    step: str
    misses: int = 0
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, as stored: `subjects` are (appointment id, version) pairs, the visits it is about."""

    id: str
    journey: str
    step: str
    context: Context
    options: tuple[str, ...]
    subjects: tuple[tuple[str, int], ...]
    state: QuestionState
    asked_at: datetime
    expires_at: datetime
    enrollment: Enrollment | None = None
    patient_id: str | None = None
    pending: str | None = None
    prompt: str | None = None
    message_id: str | None = None

    @property
    def is_notice(self) -> bool:
        """Whether the text only told of a visit: it asked nothing, and a yes may be meant for it all the same."""
        return self.journey == "appointment" and self.context is Context.NONE

    def is_live(self, now: datetime) -> bool:
        """Whether an answer to it still means what it asked."""
        return self.state is QuestionState.OPEN and self.expires_at > now


@dataclass(frozen=True, slots=True)
class Replied:
    """The patient answered this question; `visits` are its subjects as they are now."""

    understanding: Understanding
    question: Question
    visits: tuple[Visit, ...] = ()
    correction: bool = False
    bare: bool = False
    """A yes and no more: it does not say to what."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came for as long as the step waits."""

    visits: tuple[Visit, ...] = ()


Event: TypeAlias = Replied | Silence


@dataclass(frozen=True, slots=True)
class Move:
    """Where to go, and what to do on the way."""

    to: str
    effects: tuple[Effect, ...] = ()


Reaction: TypeAlias = "Move | Callable[[Replied], Move]"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing asked (or said), and what each answer leads to.

    `text` is the template that asks it; `again` the one that asks once more after a miss. `corrections` is what an
    answer means once the step is left for good and the patient changes their mind.
    """

    name: str
    text: str
    context: Context = Context.NONE
    options: tuple[str, ...] = ()
    on: Mapping[Intent, Reaction] = field(default_factory=dict)
    again: str | None = None
    silence_after: timedelta | None = None
    on_silence: Move | None = None


@dataclass(frozen=True, slots=True)
class PlannedTouch:
    """One contact to be made: what, when, and until when it is of use."""

    step: str
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey: its steps by name, where it starts, and after how many misses a person takes over."""

    name: str
    start: str
    steps: Mapping[str, Step]
    misses: int = 2

    def step(self, name: str) -> Step | None:
        """The step of that name; None for the end and for names of the past."""
        return self.steps.get(name)
