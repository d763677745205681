"""What the gate says of a message, why, and in which lane it goes: the words that are stored with it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Lane(StrEnum):
    """Which messages go first when the sender is busy."""

    SAFETY = "safety"
    REPLY = "reply"
    SAME_DAY = "same-day"
    REMINDER = "reminder"
    BULK = "bulk"


class Verdict(StrEnum):
    """The gate's word, as stored and as the API gives it."""

    SEND = "send"
    HOLD = "hold"
    DROP = "drop"


class GateReason(StrEnum):
    """Why a message goes out, waits or is dropped, as stored."""

    OK = "ok"
    # the number
    NUMBER_INVALID = "number-invalid"
    NUMBER_UNSAFE = "number-unsafe"
    # the patient
    NO_PATIENT = "no-patient"
    WRONG_NUMBER = "wrong-number"
    DECEASED = "deceased"
    INACTIVE = "patient-inactive"
    NOT_LINKED = "number-not-the-patients"
    NOTHING_MAY_BE_SAID = "holder-may-be-told-nothing"
    TIMES_ONLY = "holder-may-be-told-times-only"
    SENSITIVE = "sensitive-visit"
    """The visit, or the pregnancy, is nobody's business but the patient's, and others read this phone."""
    # consent
    NUMBER_OPTED_OUT = "number-opted-out"
    PATIENT_OPTED_OUT = "patient-opted-out"
    NO_CONSENT = "no-consent"
    PROGRAM_OPTED_OUT = "program-opted-out"
    # what it is about
    EXPIRED = "expired"
    MOVED = "visit-changed"
    NOT_AHEAD = "visit-not-ahead"
    NOT_CANCELLED = "visit-not-cancelled"
    OVER = "visit-over"
    ANSWERED = "already-answered"
    # what holds many back at once
    CAMPAIGN_PAUSED = "campaign-paused"
    CAMPAIGN_STOPPED = "campaign-stopped"
    FUSE_BLOWN = "fuse-blown"
    # when
    PAUSED = "patient-paused"
    HELD = "held-by-a-person"
    PATIENT_WROTE = "patient-wrote"
    QUIET_HOURS = "quiet-hours"
    BUDGET_DAY = "budget-day"
    BUDGET_WEEK = "budget-week"
    BUDGET_RESERVED = "budget-reserved"
    """A text of a higher rank is to have the place."""
    NO_WINDOW_LEFT = "no-window-left"


UNREACHED: Final = frozenset(
    {
        GateReason.NUMBER_INVALID, GateReason.NUMBER_UNSAFE, GateReason.WRONG_NUMBER, GateReason.NOT_LINKED,
        GateReason.NOTHING_MAY_BE_SAID, GateReason.TIMES_ONLY, GateReason.NUMBER_OPTED_OUT,
        GateReason.PATIENT_OPTED_OUT, GateReason.NO_CONSENT, GateReason.PROGRAM_OPTED_OUT, GateReason.SENSITIVE,
    }
)  # fmt: skip
"""Dropped for one of these, a text of this kind will reach the patient tomorrow no more than today."""
NO_NUMBER: Final = "no-usable-number"
"""Stored with a contact for which there is no number to text at all."""
