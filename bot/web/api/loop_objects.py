"""The API's objects about loops and about times that have come free."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints

from bot.core.journey import Urgency
from bot.store.tables import SlotStatus
from bot.web.api.objects import Answer, ExternalId, Moment, OurId, Page, Paged, Question

OUTCOMES = ("closed", "done", "declined", "not-needed", "stopped")
JourneyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
EventName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,48}$")]
Named = Annotated[str, StringConstraints(max_length=120, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("an IANA time zone, such as America/Chicago") from None
    return name


Zone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_zone)]


class Loop(Answer):
    """One patient on one journey about one thing, open until it has ended."""

    loop_id: str
    patient_id: str
    journey: str = Field(description="`recall`, `referral`, `transition`, `needs` and the like.")
    kind: str = Field(description="Which of its kind: a measure, a specialty, a series; of an offer the freed time.")
    subject_id: str = Field(description="What it is about, by the clinic's own id where it has one.")
    appointment_id: str | None
    step: str
    priority: Urgency
    owner_id: str | None = Field(description="The account that sees to it.")
    office_step: str | None = Field(description="What the office has to do next; null while it owes nothing.")
    office_due_at: datetime | None
    wakes_at: datetime | None = Field(description="When silence leads on.")
    due_on: date | None = Field(description="When the care itself is due.")
    outcome: str | None = Field(description="How it ended; null while it is open.")
    version: int = Field(description="Grows with every move.")
    reports: list[str] = Field(description="What may be reported where it stands.")
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class Loops(Page):
    """Loops, the newest first."""

    items: list[Loop]


class LoopMove(Answer):
    """One move of a loop: from where to where, and on whose word."""

    at: datetime
    from_step: str
    to_step: str
    cause: str
    actor: str


class WholeLoop(Loop):
    """A loop with its history, and with what its texts and the office need to know."""

    details: dict[str, str]
    history: list[LoopMove] = Field(description="The first move first; of very many the last 200.")


class LoopsQuery(Paged):
    """Which loops."""

    patient_id: ExternalId | None = None
    journey: JourneyName | None = None
    kind: Named | None = None
    owner_id: OurId | None = None
    state: Literal["open", "ended"] | None = None
    owed_by: Literal["office"] | None = Field(None, description="`office`: open, and ours to do.")
    overdue: bool = Field(False, description="Only those whose office step was due before now.")


class Report(Question):
    """Something that has happened."""

    event: EventName = Field(description="One of the loop's `reports`.")


class Assignment(Question):
    """Who sees to it."""

    owner_id: OurId | None = Field(description="An account that may work on it; null: nobody by name.")


class Closing(Question):
    """How it ended."""

    outcome: Literal[OUTCOMES] = "closed"  # type: ignore[valid-type]


class Slot(Answer):
    """A time that has come free (FHIR Slot), and how far its offers are."""

    slot_id: str
    starts_at: datetime
    duration_minutes: int | None
    timezone: str
    location: str
    service: str
    status: SlotStatus = Field(
        description="`free`: on offer; `busy-tentative`: somebody has said yes; `busy`: booked; "
        "`busy-unavailable`: too near, or taken back."
    )
    waves: int = Field(description="How many times somebody was asked so far.")
    next_wave_at: datetime
    taken_by: str | None = Field(description="The loop whose yes came first.")
    taken_at: datetime | None
    offers: dict[str, int] = Field(description="Offers by outcome; `open`: not answered yet.")
    created_at: datetime
    updated_at: datetime


class Slots(Page):
    """Times, the soonest first."""

    items: list[Slot]


class SlotsQuery(Paged):
    """Which times."""

    status: SlotStatus | None = None


class FreedSlot(Question):
    """A time to be offered to those who wait for it."""

    starts_at: Moment = Field(description="The clinic's time without an offset.")
    service: Named = ""
    location: Named = ""
    timezone: Zone | None = Field(None, description="Of the place; null for the clinic's.")
    duration_minutes: int | None = Field(None, ge=1, le=1440)
