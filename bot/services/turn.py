"""One inbound being acted on: what is known, and what is to be said in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.effects import Ask, Say
from bot.core.escalation import Reason
from bot.core.intents import Understanding
from bot.core.journey import Enrollment
from bot.core.people import ConsentStatus, Visit
from bot.core.situation import Person, Situation
from bot.services.clinic import Clinic
from bot.store.batch import Batch


@dataclass(slots=True)
class Turn:
    """One inbound being acted on. Collects what is to be said, so that the patient gets one message."""

    clinic: Clinic
    batch: Batch
    phone: Any
    """The row of `surroundings`: the phone and its conversation."""
    situation: Situation
    understanding: Understanding
    message_id: str
    words: str
    now: datetime
    changed_consent: ConsentStatus | None = None
    """What this very text has changed consent to."""
    patient_id: str | None = None
    language: str | None = None
    loop: Enrollment | None = None
    """The loop that the text was taken for, as it is now, where it was."""
    enrolled: dict[str, str] = field(default_factory=dict)
    """Enrollment ids by subject, as they come to be."""
    visits: tuple[Visit, ...] = ()
    needs: Sequence[Any] = ()
    """What is open for people in this conversation already."""
    raised: set[Reason] = field(default_factory=set)
    """Why a person has been asked for in this turn."""
    said: list[tuple[Say | Ask, str, str]] = field(default_factory=list)
    """What to say, rendered: the effect, its text, its language."""

    @property
    def loop_id(self) -> str | None:
        """Its id."""
        return self.loop.id if self.loop is not None else None

    @property
    def near(self) -> Sequence[Visit]:
        """The visits that tell at which place this plays: those ahead, of this patient where there are any."""
        ahead = [visit for visit in self.situation.visits if visit.is_open(self.now)]
        theirs = [visit for visit in ahead if visit.patient_id == self.patient_id]
        return theirs or ahead

    @property
    def consent(self) -> ConsentStatus:
        """Consent at this number, as this text leaves it."""
        standing: ConsentStatus = self.phone.consent
        return self.changed_consent or standing

    def link_consent(self, person: Person) -> ConsentStatus:
        """This patient's consent at this number, as this text leaves it."""
        return self.changed_consent or person.consent
