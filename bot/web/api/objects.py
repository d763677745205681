"""The API's objects, as pydantic models: what is answered, what is asked, and the source of the OpenAPI document."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.core.intents import Context
from bot.core.messages import Direction, MessageStatus, Origin
from bot.core.people import (
    AppointmentStatus,
    Channel,
    ConsentStatus,
    NumberStatus,
    Participation,
    PatientStatus,
    Relation,
    Scope,
)
from bot.services.inbox import OUTCOMES
from bot.web.api.paging import DEFAULT_LIMIT, LONGEST

ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
OurId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


def _told_by_calendars(moment: datetime) -> datetime:
    # So far from the ends of what a datetime can hold that no zone and no waiting time leads beyond them.
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _iso(value: object) -> object:
    # Left to itself, the validator takes a bare number for seconds since 1970.
    if not isinstance(value, datetime) and not re.match(r"\d{4}-\d\d-\d\d", str(value)):
        raise ValueError("write an ISO time, such as 2026-12-01T09:00:00Z")
    return value


FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
Moment = Annotated[datetime, BeforeValidator(_iso), AfterValidator(_told_by_calendars)]
Prompt = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=1000, strip_whitespace=True, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
    ),
]


class Answer(BaseModel):
    """What the API answers: every field is there, null where there is nothing."""

    model_config = ConfigDict(from_attributes=True)


class Question(BaseModel):
    """What is asked of the API: a name that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class Consent(Answer):
    """Whether texts are agreed to."""

    sms: ConsentStatus = Field(description="An opt-out said from the phone itself counts before all else.")


class Contact(Answer):
    """One of the patient's phone numbers. The number itself is not shown."""

    id: str
    channel: Channel
    relation: Relation = Field(description="Who holds the phone, seen from the patient.")
    scope: Scope = Field(description="What the holder may be told.")
    rank: int = Field(description="1 is tried first.")
    status: NumberStatus
    consent: ConsentStatus
    conversation_id: str | None


class Patient(Answer):
    """A patient, by the clinic's own id."""

    patient_id: str
    language: str = Field(description="BCP 47.")
    timezone: str | None = Field(description="IANA time zone, or null for the clinic's.")
    consent: Consent
    status: PatientStatus
    paused_since: datetime | None = Field(description="Set by an emergency: nothing is sent until it is resolved.")
    contacts: list[Contact]
    created_at: datetime
    updated_at: datetime


class Appointment(Answer):
    """A visit, by the clinic's own id."""

    appointment_id: str
    patient_id: str
    starts_at: datetime
    duration_minutes: int | None
    timezone: str
    location: str
    service: str
    status: AppointmentStatus = Field(description="FHIR R4 Appointment.status.")
    response: Participation = Field(description="The patient's answer; `tentative` asks for another time.")
    responded_at: datetime | None
    telehealth: bool = Field(description="Whether it is joined by a link. The link itself is not shown.")
    arrived_at: datetime | None = Field(description="When the patient texted that they are there.")
    created_at: datetime
    updated_at: datetime


class Escalation(Answer):
    """Something that needs a person."""

    id: str
    patient_id: str | None = Field(description="Null for a number that is no patient's, or several patients'.")
    conversation_id: str | None
    message_id: str | None
    appointment_id: str | None
    priority: Priority
    reason: Reason
    status: EscalationStatus
    claimed_by: str | None = Field(description="Id of the account or token that has it.")
    claimed_at: datetime | None
    resolved_at: datetime | None
    outcome: str | None
    respond_by: datetime
    created_at: datetime
    updated_at: datetime


class Message(Answer):
    """One text, in or out."""

    id: str
    patient_id: str | None
    conversation_id: str
    appointment_id: str | None
    direction: Direction
    kind: str = Field(description="`<journey>/<step>` of ours, the main intent of the patient's, or `staff`.")
    origin: Origin | None = Field(description="Who wrote it; null for the patient.")
    body: str
    language: str | None
    segments: int
    media: int = Field(description="How many pictures or files came with it.")
    status: MessageStatus
    error_code: int | None = Field(description="The provider's, when it could not be delivered.")
    twilio_sid: str | None
    decision: str | None = Field(description="The gate's latest word: send, hold or drop.")
    decision_reason: str | None
    created_at: datetime
    sent_at: datetime | None


class Decision(Answer):
    """One word of the gate about one message: why it did or did not go out."""

    id: str
    decision: Literal["send", "hold", "drop"]
    reason: str
    until: datetime | None
    at: datetime


class Page(Answer):
    """Part of a list."""

    next: str | None = Field(
        None, description="URL of the following page, when there is one.", exclude_if=lambda url: url is None
    )


class Appointments(Page):
    """Appointments, the earliest first."""

    items: list[Appointment]


class Escalations(Page):
    """Escalations, the newest first."""

    items: list[Escalation]


class Messages(Page):
    """Messages, the oldest first."""

    items: list[Message]


class Decisions(Answer):
    """The gate's decisions about one message, the first first."""

    items: list[Decision]


class Started(Answer):
    """What became of an outreach: written down, and what the gate says of it at this moment."""

    message_id: str
    decision: Literal["send", "hold", "drop"]
    reason: str


class Nothing(Question):
    """No parameters."""


class Paged(Question):
    """Which part of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LONGEST, description="Most items on a page.")
    after: str | None = Field(None, max_length=400, description="From a page's `next`.")


class AppointmentsQuery(Paged):
    """Which appointments."""

    patient_id: ExternalId | None = None
    status: AppointmentStatus | None = None
    response: Participation | None = None
    start: Moment | None = Field(None, description="Starting then or later; the clinic's time without an offset.")
    end: Moment | None = Field(None, description="Starting before; the clinic's time without an offset.")


class EscalationsQuery(Paged):
    """Which escalations."""

    patient_id: ExternalId | None = None
    status: EscalationStatus | None = None
    priority: Priority | None = None
    reason: Reason | None = None


class MessagesQuery(Paged):
    """Which messages: one patient's, or one conversation's."""

    patient_id: ExternalId | None = None
    conversation_id: OurId | None = None
    direction: Direction | None = None


class OutreachRequest(Question):
    """One conversation to be started now, through the same gate as everything else."""

    patient_id: ExternalId
    kind: Context
    appointment_id: ExternalId | None = Field(None, description="The visit it is about; needed by a reminder.")
    prompt: Prompt | None = Field(None, description="The question to ask in place of the template's.")
    slot: Moment | None = Field(
        None,
        description="The time that a `waitlist_offer` offers; the clinic's time without an offset. Optional.",
    )
    expires_at: Moment | None = Field(None, description="Of no use after this.")


class Resolution(Question):
    """How it ended."""

    outcome: Literal[OUTCOMES] = "handled"  # type: ignore[valid-type]


def fields_of(row: Any) -> dict[str, Any]:
    """A row's columns by name."""
    return dict(row._mapping)
