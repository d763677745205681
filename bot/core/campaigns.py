"""Campaigns: their states and arms, who is in which arm, and how many texts may be let go at a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final

from bot.core.hours import Week, reads

SLOT: Final = timedelta(minutes=5)
"""Patients are let go in groups, at these steps of the clock: a forecast and the run then step alike."""
HOUR: Final = timedelta(hours=1)
RATE_SHARE: Final = Fraction(4, 5)
"""Of what the sender can send, so much at most is a campaign's: reminders and answers want their place too."""
HELD_OUT: Final = "hold-out"
"""The arm that gets nothing: what happens to it anyway is what the others are measured against."""
RESPONSE_RATE: Final = 0.3
"""Assumed while nothing is known: so many of those who get a text answer it."""


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    """A second person has said yes; any change takes it back to a draft."""
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    """For good, before everybody was written to."""
    FINISHED = "finished"

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come of it."""
        return self in (CampaignState.STOPPED, CampaignState.FINISHED)


class RecipientState(StrEnum):
    """Where one patient of a campaign stands."""

    WAITING = "waiting"
    QUEUED = "queued"
    """A message row exists; the gate decides on it once more when it goes out."""
    SKIPPED = "skipped"
    """Gets nothing; the reason says why."""
    HELD_OUT = "held-out"
    """In the arm that gets nothing, on purpose."""


class Goal(StrEnum):
    """What a campaign is for: what is counted in every arm."""

    REPLIED = "replied"
    BOOKED = "booked"
    """A visit was made after the text (or after it would have been sent)."""
    ATTENDED = "attended"
    """A visit took place."""
    RECALL_CLOSED = "recall-closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way of doing it: its share of the patients, and its text unless it is the hold-out."""

    name: str
    share: int
    """Parts of the sum of all shares."""
    text_key: str | None = None
    """The template; None for the hold-out."""

    @property
    def is_held_out(self) -> bool:
        """Whether its patients get nothing."""
        return self.text_key is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast patients are let go."""

    send_rate: float
    """Segments a second that the sender takes (SEND_RATE)."""
    daily_cap: int | None = None
    """Texts a day, by the clinic's calendar."""
    replies_an_hour: int | None = None
    """So many answers the staff can deal with in an hour; None: answers are no limit."""
    response_rate: float = RESPONSE_RATE
    """So many of those who get a text answer it."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """What has been let go already."""

    today: int = 0
    this_hour: int = 0
    segments_of_slot: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """What may be let go in one slot."""

    messages: int
    segments: int


def arm_of(campaign_id: str, patient_id: str, arms: Sequence[Arm]) -> Arm:
    """The patient's arm: always the same for the same campaign, and evenly spread over the patients."""
    total = sum(arm.share for arm in arms)
    point = _draw(campaign_id, patient_id, "arm") * total >> 64
    for arm in arms:
        point -= arm.share
        if point < 0:
            return arm
    raise ValueError("a campaign needs an arm with a share")


def place_of(campaign_id: str, patient_id: str) -> int:
    """Where the patient stands in the line: by lot, so that who comes first says nothing about them."""
    return _draw(campaign_id, patient_id, "place") >> 1  # fits a signed column of 64 bits


def slot_of(now: datetime) -> datetime:
    """When the slot began in which that moment lies."""
    return now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % SLOT


def hour_of(now: datetime) -> datetime:
    """When the hour began."""
    return now.replace(minute=0, second=0, microsecond=0)


def room(pace: Pace, week: Week, now: datetime, let_go: LetGo) -> Room:
    """How many may be let go in the slot of that moment.

    What the staff can answer limits the hour, and only while somebody reads; within the hour it is spread over its
    slots. The daily cap limits the day. SEND_RATE limits the segments of a slot.
    """
    segments = max(1, int(SLOT.total_seconds() * pace.send_rate * RATE_SHARE))
    limits = [segments]
    if pace.daily_cap is not None:
        limits.append(pace.daily_cap - let_go.today)
    if pace.replies_an_hour is not None:
        open_now = reads(now, week)
        limits.append(_answerable(pace, now) - let_go.this_hour if open_now else 0)
    return Room(max(0, min(limits)), segments)


def _answerable(pace: Pace, now: datetime) -> int:
    """Texts of this hour, up to the end of this slot, whose expected answers can be dealt with."""
    assert pace.replies_an_hour is not None
    slots = int(HOUR / SLOT)
    passed = int((slot_of(now) - hour_of(now)) / SLOT) + 1
    hourly = pace.replies_an_hour / max(pace.response_rate, 0.001)
    return int(hourly * passed / slots)


def _draw(campaign_id: str, patient_id: str, what: str) -> int:
    """A number of 64 bits that is the patient's in this campaign."""
    digest = hashlib.sha256(f"{campaign_id}:{what}:{patient_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
