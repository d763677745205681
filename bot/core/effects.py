"""What is to be done, as values: the closed union that services turn into rows, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from bot.core.escalation import Priority, Reason
from bot.core.messages import Origin
from bot.core.people import ConsentBasis, ConsentStatus, Participation, PatientStatus


@dataclass(frozen=True, slots=True)
class Say:
    """Answer with the text `key` ("appointment/confirmed")."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = Origin.REPLY
    about: tuple[str, ...] = ()
    """Ids of the visits it speaks of, where the reply is about more than these."""
    language: str | None = None
    """In this one, whatever is on file."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Say `key` and open the question of that step, about these subjects (appointment id, version)."""

    key: str
    step: str
    subjects: tuple[tuple[str, int], ...] = ()
    options: tuple[str, ...] = ()
    pending: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Escalate:
    """Bring it to a person. `suggestion` names the next step the console offers.

    `need`: the kind of help that is wanted (a ride, food); a loop keeps it until the patient has it.
    """

    reason: Reason
    priority: Priority = Priority.ROUTINE
    suggestion: str | None = None
    appointment_id: str | None = None
    need: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The patient's answer about a visit."""

    appointment_id: str
    response: Participation


@dataclass(frozen=True, slots=True)
class Arrived:
    """The patient is there, for this visit."""

    appointment_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """Keep a value the patient gave: a score, a reading, a yes or no."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Silence until then is an event."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class ChangeConsent:
    """Write a line in the consent ledger for the number and everyone on it."""

    status: ConsentStatus
    basis: ConsentBasis = ConsentBasis.PATIENT
    program: str = "all"


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """The patient chose a language."""

    language: str


@dataclass(frozen=True, slots=True)
class MarkPatient:
    """The number is not this patient's, or the patient has died: nothing more goes out."""

    status: PatientStatus


@dataclass(frozen=True, slots=True)
class PauseJourneys:
    """An emergency: no journey speaks until a person has closed the case."""


@dataclass(frozen=True, slots=True)
class VoidTouches:
    """Planned contacts about this subject are of no use any more; `steps` limits it to some."""

    subject_id: str
    reason: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Open a loop of another journey for the same patient. `subject`: what it is about; its own id where empty."""

    journey: str
    kind: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    priority: str = "routine"


@dataclass(frozen=True, slots=True)
class StopJourneys:
    """End the patient's other loops of these journeys (all of them where empty), silently; `kinds` limits it."""

    reason: str
    journeys: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakeSlot:
    """Take a time that has come free, if nobody has: else go to `otherwise`, and do `instead` of what is `gained`.

    What is `gained` stands beside it among the effects. Whatever else the text has led to is done either way.
    """

    slot_id: str
    otherwise: str
    gained: tuple[Effect, ...] = ()
    instead: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """Give a time back that this loop had taken: others are offered it again."""

    slot_id: str


@dataclass(frozen=True, slots=True)
class CloseQuestion:
    """The open question that the reply was bound to is answered."""

    binding: str = ""


Effect: TypeAlias = (
    Say
    | Ask
    | Escalate
    | Answer
    | Arrived
    | Record
    | WakeAt
    | ChangeConsent
    | SetLanguage
    | MarkPatient
    | PauseJourneys
    | VoidTouches
    | Start
    | StopJourneys
    | TakeSlot
    | FreeSlot
    | CloseQuestion
)
