"""What a decision about one inbound may depend on, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.core.binding import Binding
from bot.core.effects import Effect
from bot.core.intents import Intent
from bot.core.journey import Enrollment, Question
from bot.core.language_offer import NOTHING_HEARD, Tongue
from bot.core.people import ConsentStatus, PatientStatus, Visit
from bot.core.referring import names, words_of

STAFF_WAITS: Final = timedelta(hours=48)
"""So long after a coordinator's own words a bare answer is taken to be about them."""
GONE: Final = frozenset({PatientStatus.WRONG_NUMBER, PatientStatus.DECEASED})
"""Nobody answers for these patients on this phone."""


@dataclass(frozen=True, slots=True)
class Person:
    """One patient on the phone."""

    patient_id: str
    name: str
    language: str
    status: PatientStatus
    consent: ConsentStatus
    paused: bool = False
    """An emergency is in a person's hands: no journey speaks or moves until it is closed."""


def named_in(text: str, people: Sequence[Person]) -> tuple[str, ...]:
    """Ids of the patients whose names are among the words."""
    words = words_of(text)
    return tuple(person.patient_id for person in people if names(words, person.name))


@dataclass(frozen=True, slots=True)
class Part:
    """What a reply says of one patient by name, or of one visit by its day or what it is for.

    `patient_id` None: of somebody or something else, the others perhaps.
    """

    patient_id: str | None
    intent: Intent
    appointment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What a reply says beside its report about an open loop."""

    words: str
    intents: tuple[Intent, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about the conversation that a decision may depend on."""

    people: tuple[Person, ...] = ()
    questions: tuple[Question, ...] = ()
    visits: tuple[Visit, ...] = ()
    enrollments: Mapping[str, Enrollment] = field(default_factory=dict)
    """Of the appointment journey, by appointment id."""
    loops: tuple[Enrollment, ...] = ()
    """Open ones that listen for what is reported of them, whether or not they have asked."""
    opted_out: bool = False
    held: bool = False
    staff_spoke_at: datetime | None = None
    """When a coordinator last wrote to this phone."""
    staff_asked: bool = False
    """Whether that was a question."""
    last_safety_at: datetime | None = None
    last_safety_family: str | None = None
    recent_replies: tuple[datetime, ...] = ()
    languages: tuple[str, ...] = ("en",)
    carrier_handled: bool = False
    """The provider has answered the consent word itself (OptOutType): say nothing more."""
    has_media: bool = False
    is_long: bool = False
    """Too many words for an answer that was merely mistyped: when it is not understood, a person reads it at once."""

    words: str = ""
    """What was written."""
    bare_yes: bool = False
    """A yes and no more: it does not say to what."""
    named: tuple[str, ...] = ()
    """Ids of the patients on the phone whose names are among the words."""
    tongue: Tongue = NOTHING_HEARD
    """In which language the texts come."""
    offers: str | None = None
    """The language that is to be offered after this text."""
    takes_offer: bool | None = None
    """Whether this text takes or declines the language that was offered last; None: it is about something else."""
    parts: tuple[Part, ...] = ()
    """Where the reply says one thing of one and another of another: what of whom."""
    beside: Beside | None = None
    """Where the reply reports something about an open loop, and says more: the rest of it."""

    @property
    def patient_id(self) -> str | None:
        """The patient, when only one can be meant."""
        return self.people[0].patient_id if len(self.people) == 1 else None

    def is_resumed(self, now: datetime) -> bool:
        """Whether a coordinator was the last to answer here: the patient is to be told who speaks now."""
        spoke = self.staff_spoke_at
        if spoke is None or now - spoke > STAFF_WAITS:
            return False
        return not any(at > spoke for at in self.recent_replies)

    def answers_staff(self, now: datetime) -> bool:
        """Whether the last question on this phone was a coordinator's own: a yes or a number answers that one."""
        spoke = self.staff_spoke_at
        if spoke is None or now - spoke > STAFF_WAITS:
            return False
        return not any(question.is_live(now) and question.asked_at > spoke for question in self.questions)

    def asked_of_language(self, now: datetime) -> bool:
        """Whether the last question on this phone was in which language to write."""
        spoke = () if self.staff_spoke_at is None else (self.staff_spoke_at,)
        return self.tongue.stands(now, (*(question.asked_at for question in self.questions), *spoke))

    @property
    def paused(self) -> bool:
        """Whether an emergency on this phone is still in a person's hands."""
        return any(person.paused for person in self.people)

    @property
    def silenced(self) -> bool:
        """Whether nobody on this phone may be written to any more: wrong number, or the patient has died."""
        return bool(self.people) and all(person.status in GONE for person in self.people)


@dataclass(frozen=True, slots=True)
class Response:
    """What is to be done about one inbound, the enrollments that moved, and who it is about."""

    effects: tuple[Effect, ...]
    enrollments: tuple[Enrollment, ...] = ()
    binding: Binding | None = None
    patient_id: str | None = None
