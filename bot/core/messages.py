"""The words of a message row: direction, our own states beside Twilio's, and where a text came from."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

STAFF_LATER: Final = "staff/later"
"""The kind of a coordinator's words that were written for a later time."""


class Direction(StrEnum):
    """Seen from the clinic."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MessageStatus(StrEnum):
    """Where a message stands: Twilio's words, and ours for what Twilio has not seen yet."""

    # ours
    PLANNED = "planned"
    """Written down, waiting for its time or for the gate's next look."""
    CLAIMED = "claimed"
    """Committed before the call to the provider; a crash from here on means the outcome must be looked up."""
    UNKNOWN = "unknown"
    """The provider may or may not have it: looked up in its list before anything else."""
    DROPPED = "dropped"
    """The gate said no; the decision holds the reason."""
    # Twilio's
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    READ = "read"
    CANCELED = "canceled"
    PARTIALLY_DELIVERED = "partially_delivered"
    RECEIVING = "receiving"
    RECEIVED = "received"


class Origin(StrEnum):
    """Who wrote an outbound text, which decides what the gate asks of it."""

    SAFETY = "safety"
    """The safety reply. Goes out always."""
    CONSENT = "consent"
    """The one confirmation of an opt-out or opt-in, and the carrier's HELP text."""
    REPLY = "reply"
    """The bot's answer to the patient's own text."""
    STAFF = "staff"
    """A coordinator's own words."""
    OUTREACH = "outreach"
    """Started by the clinic: reminders, invites, campaigns, the API."""


class DeliverySource(StrEnum):
    """From where we know what became of a text."""

    CALLBACK = "callback"
    LIST = "list"


class Via(StrEnum):
    """How it reached, or is to reach, the provider."""

    TWIML = "twiml"
    REST = "rest"
