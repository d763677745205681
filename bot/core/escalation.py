"""What is brought to a person: priorities, reasons, states and the clocks that run on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.core.hours import Week, after_reading


class Priority(StrEnum):
    """How soon a person is needed."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    ROUTINE = "routine"

    @property
    def rank(self) -> int:
        """0 is first in the inbox."""
        return _RANK[self]


_RANK: Final = {Priority.EMERGENCY: 0, Priority.URGENT: 1, Priority.ROUTINE: 2}


class Reason(StrEnum):
    """Why it was brought to a person."""

    EMERGENCY = "emergency"
    SYMPTOM = "symptom"
    QUESTION = "question"
    HUMAN_REQUESTED = "human-requested"
    RESCHEDULE = "reschedule"
    DECLINED = "declined"
    WRONG_PERSON = "wrong-person"
    DECEASED = "deceased"
    TRANSPORT = "transport"
    FINANCIAL = "financial"
    REFILL = "refill"
    RUNNING_LATE = "running-late"
    ARRIVED = "arrived"
    """The patient is there and waits."""
    UNCLEAR = "unclear"
    SURVEY_ALERT = "survey-alert"
    DELIVERY_FAILURE = "delivery-failure"
    COMPLAINT = "complaint"
    LANGUAGE = "language"
    CORRECTION = "correction"
    BOOKING = "booking"
    OPT_OUT_CHECK = "opt-out-check"
    MEDIA = "media"
    SILENCE = "silence"
    STAFF_REPLY = "staff-reply"
    UNANSWERED = "unanswered"
    RECORDS = "records"
    """Care was given elsewhere, and its record is to be fetched."""
    REFERRAL = "referral"
    """Something is owed about a visit at another office."""
    AUTHORIZATION = "authorization"
    """An insurance has to be asked, or has said no."""
    TRANSITION = "transition"
    """A patient has come home and is to be called."""
    MEDICATION = "medication"
    """Trouble with getting a medicine."""
    SET_ASIDE = "set-aside"
    """Loops could not be opened or moved: it is about no one patient."""
    NEED = "need"
    """Help is wanted with something else than a ride or money: food, a home."""
    FUSE = "fuse"
    """Something was stopped because it plainly went wrong: it is about no patient."""


class EscalationStatus(StrEnum):
    """Where it stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    RESOLVED = "resolved"


RETURNS_AFTER: Final = timedelta(minutes=30)
"""A claim with which its holder has done nothing for so long goes back to everybody."""
RETURNS_AFTER_URGENT: Final = timedelta(minutes=10)
"""The same, where an emergency or something urgent waits in the conversation."""
WAITS_AT_MOST: Final = timedelta(hours=24)
"""How long the patient's silence keeps a claim: they have been answered, and the next word is theirs."""


class NoticeChannel(StrEnum):
    """How word goes to somebody on call."""

    TEXT = "text"
    EMAIL = "email"


class NoticeState(StrEnum):
    """Where word to somebody on call stands."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Level:
    """How soon something is to be answered, and whether the clock stands still while nobody reads."""

    within: timedelta
    office_hours: bool = False


LEVELS: Final = {
    Priority.EMERGENCY: Level(timedelta(minutes=5)),
    Priority.URGENT: Level(timedelta(minutes=30)),
    Priority.ROUTINE: Level(timedelta(hours=8)),
}
"""What holds where a clinic has set nothing of its own."""


def respond_by(level: Level, priority: Priority, now: datetime, week: Week) -> datetime:
    """When something that comes up now is to be answered, in such a week. An emergency's clock never stands still."""
    if not level.office_hours or priority is Priority.EMERGENCY:
        return now + level.within
    return after_reading(now, level.within, week)
