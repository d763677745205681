"""The vocabulary of a journey: what it asks, what each answer leads to, and what silence means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Final, TypeAlias

from bot.core.effects import Effect
from bot.core.escalation import Reason
from bot.core.intents import Context, Intent, Understanding
from bot.core.people import Visit

END: Final = "end"
"""The step in which nothing more is asked. A correction may still arrive there."""


UNREACHABLE: Final = "unreachable"
"""The event that nothing texted can reach the patient; a journey without a reaction takes it for silence."""


class QuestionState(StrEnum):
    """Where a question stands."""

    PREPARED = "prepared"
    """Its text has not gone out yet: nobody can be answering it."""
    OPEN = "open"
    ANSWERED = "answered"
    VOID = "void"
    """Its subject moved or was cancelled."""
    EXPIRED = "expired"


class Urgency(StrEnum):
    """How soon the care is needed: FHIR request-priority."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class OwedBy(StrEnum):
    """Whose next step a loop waits for."""

    PATIENT = "patient"
    OFFICE = "office"
    """Ours or the other office's: a person has to do something, by a time."""
    NOBODY = "nobody"
    """Only time has to pass."""


class Rank(IntEnum):
    """Which program's text goes first where a patient's budget has room for one. Lower goes first."""

    SAFETY = 0
    REPLY = 1
    APPOINTMENT = 2
    TRANSITION = 3
    RECALL = 4
    EDUCATION = 5


class TouchState(StrEnum):
    """Where a planned contact stands."""

    PLANNED = "planned"
    QUEUED = "queued"
    """A message row exists; the gate decides on it."""
    SKIPPED = "skipped"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One patient on one journey about one thing: the loop, and where the dialogue stands.

    `kind` says which of its kind (a measure, a specialty, a series); `data` are words and ids, never a patient's.
    """

    id: str
    journey: str
    patient_id: str
    subject_id: str
    step: str
    misses: int = 0
    data: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    priority: Urgency = Urgency.ROUTINE
    version: int = 1
    """Grows with every move."""
    outcome: str | None = None
    """How it ended; None while it is open."""


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
    words: str = ""
    """What was written, for a step that listens for more than answers."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came for as long as the step waits: no answer, or nothing from whoever owes the next step."""

    enrollment: Enrollment | None = None
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """Somebody reports something about the loop: staff, an import, another journey. `data` are words and ids."""

    name: str
    enrollment: Enrollment
    data: Mapping[str, str] = field(default_factory=dict)


Event: TypeAlias = Replied | Silence | Happened


@dataclass(frozen=True, slots=True)
class Move:
    """Where to go, and what to do on the way.

    `outcome` says how the loop ends where `to` is END; `data` is kept in the enrollment. `stays`: the step is not
    entered anew, and its clock runs on; for reports in steps that send nothing.
    """

    to: str
    effects: tuple[Effect, ...] = ()
    outcome: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    stays: bool = False


Reaction: TypeAlias = "Move | Callable[[Replied], Move | None]"
"""None: it is no answer to the step after all."""
OnSilence: TypeAlias = "Move | Callable[[Silence], Move]"
OnEvent: TypeAlias = "Move | Callable[[Happened], Move | None]"
"""None: it changes nothing where the loop stands."""
Wait: TypeAlias = "timedelta | Callable[[Enrollment], timedelta]"


@dataclass(frozen=True, slots=True)
class Sends:
    """When the text of a step goes out, counted from entering it.

    `at` is a time of day in the patient's zone: that day's where it is still ahead, else the next day's. `life` is how
    long the text is of use; the gate drops it afterwards.
    """

    after: Wait = timedelta(0)
    at: time | None = None
    weekdays: bool = False
    """Never on a Saturday or Sunday."""
    life: timedelta = timedelta(days=2)
    asked_for: bool = False
    """The patient has asked to be told, and it cannot wait: outside the budget. Whoever plans it sees to how often."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing asked, said or waited for, and what each answer leads to.

    `text` is the template; "{name}" in it is filled from the enrollment's data. With `sends` the text is planned on
    entering the step; without, it is what an answer said already, or nothing is said. `words` is for a step that asks
    for words: a reply that means none of its answers leads there. `again` asks once more after a miss. `silence_after`
    counts from the text, or from entering where there is none. A step with `closes` ends the loop with that outcome; an
    answer that still comes is a correction, and may open it again.
    """

    name: str
    text: str = ""
    context: Context = Context.NONE
    options: tuple[str, ...] = ()
    on: Mapping[Intent, Reaction] = field(default_factory=dict)
    words: Reaction | None = None
    in_danger: Callable[[Replied], Move | None] | None = None
    """Where a reply leads that is a danger by what it answers; the safety reply and the case come with it anyway."""
    hears: Callable[[Replied], Move | None] | None = None
    """What the words themselves report ("they never called"), whatever else they are taken for."""
    again: str | None = None
    silence_after: Wait | None = None
    on_silence: OnSilence | None = None
    sends: Sends | None = None
    events: Mapping[str, OnEvent] = field(default_factory=dict)
    owed_by: OwedBy = OwedBy.PATIENT
    office: str | None = None
    """Key of what the office has to do next, where the office owes it."""
    closes: str | None = None

    def text_for(self, data: Mapping[str, str]) -> str:
        """The template's key for an enrollment with this data. Raises KeyError where the data lacks a name."""
        return self.text.format_map(data) if "{" in self.text else self.text


@dataclass(frozen=True, slots=True)
class PlannedTouch:
    """One contact to be made: what, when, and until when it is of use."""

    step: str
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey: its steps by name, where it starts, and after how many misses a person takes over.

    `events` are what may be reported at any step (a step's own reaction goes first); `staff` are those of them that
    people report in the console, each with the words of its button.
    """

    name: str
    start: str
    steps: Mapping[str, Step]
    rank: Rank
    """Of its texts. Without a default: each is chosen."""
    misses: int = 2
    title: str = ""
    """What the console calls it."""
    events: Mapping[str, OnEvent] = field(default_factory=dict)
    staff: Mapping[str, str] = field(default_factory=dict)
    offices: Mapping[str, str] = field(default_factory=dict)
    """What the office has to do, in words, by the key that steps name."""
    joins: tuple[Reason, ...] = ()
    """Where there are any: what comes up again joins the open loop of its kind, and the loop's cases for these reasons
    are one thing with its office step, so that whoever closes one has closed the other."""
    overhears: Callable[[Enrollment, str, bool], Move | None] | None = None
    """What words that no question of this loop was waiting for report about it, if anything. Where the move leads to
    the step that it stands in, it stays there and a person is told. The flag: something else was asked (of a visit)."""
    settles: tuple[Reason, ...] = ()
    """Cases of the loop for these reasons are closed with it, where staff or a file report how it ends."""
    samples: tuple[Mapping[str, str], ...] = ({},)
    """Data that its loops may carry, for looking at where each leads."""

    def step(self, name: str) -> Step | None:
        """The step of that name; None for the end and for names of the past."""
        return self.steps.get(name)

    def outcome_of(self, move: Move) -> str | None:
        """How the loop ends with this move; None where it stays open."""
        if move.to == END:
            return move.outcome or END
        step = self.step(move.to)
        return (move.outcome or step.closes) if step is not None and step.closes is not None else None


def waits(wait: Wait, enrollment: Enrollment) -> timedelta:
    """How long that is, for this enrollment."""
    return wait if isinstance(wait, timedelta) else wait(enrollment)
