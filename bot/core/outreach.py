"""The gate: whether, and when, a message may go out, and why."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """Which messages go first when the sender is busy."""

    SAFETY = "safety"
    REPLY = "reply"
    SAME_DAY = "same-day"
    REMINDER = "reminder"
    BULK = "bulk"
