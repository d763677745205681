"""What the name of a text's kind, `<journey>/<step>`, says about it."""

from __future__ import annotations

from typing import Final

from bot.core.preparation import PREFIX

# What is asked or told before a visit; everything else that names one (a check-in after it) may come later.
_BEFORE: Final = frozenset({"appointment", "waitlist"})
OF_THE_DAY: Final = frozenset({"same_day", "arrival", "video"})
"""What is told on the day itself: a short note, how to check in, or the link to join by."""
DISCREET: Final = "discreet"
"""What tells of no visit: for a phone that others read too."""
_BEFORE_STEPS: Final = frozenset({"appointment_reminder", "waitlist_offer"})


def step_of(kind: str) -> str:
    """The step in it."""
    return kind.rpartition("/")[2]


def is_before(kind: str) -> bool:
    """Whether it is of use only until the visit."""
    return kind.partition("/")[0] in _BEFORE or step_of(kind) in _BEFORE_STEPS


def is_logistics(kind: str) -> bool:
    """Whether it tells when and where, and nothing of what for: how to prepare would."""
    return is_before(kind) and not step_of(kind).startswith(PREFIX)
