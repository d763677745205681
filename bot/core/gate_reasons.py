"""Why a message goes out, waits or is dropped: the words that are stored with it."""

from __future__ import annotations

from enum import StrEnum


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
    # when
    PAUSED = "patient-paused"
    HELD = "held-by-a-person"
    PATIENT_WROTE = "patient-wrote"
    QUIET_HOURS = "quiet-hours"
    BUDGET_DAY = "budget-day"
    BUDGET_WEEK = "budget-week"
    NO_WINDOW_LEFT = "no-window-left"
