"""What could not be opened or moved is put aside: it keeps no other back, a person is told once, and it is tried again.

Tried again when its row or its patient has changed since, or after a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.core.escalation import Priority, Reason
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.store.batch import Batch
from bot.store.queries import asides

log = structlog.get_logger()

AGAIN_AFTER: Final = timedelta(days=1)
FORGOTTEN_AFTER: Final = timedelta(days=1)
NOT_TAKEN: Final = ""
"""No error: the journey just makes nothing of it where the loop stands."""
NEXT_STEP: Final = "mend-set-aside"


def to_open(journey: str) -> str:
    """The work of opening one of these."""
    return f"open:{journey}"


def to_move(journey: str) -> str:
    """The work of moving one of these."""
    return f"move:{journey}"


def put(
    connection: Connection, clinic: Clinic, work: str, subject_id: str, *, patient_id: str, reason: str, now: datetime
) -> None:
    """Put it aside, in the caller's transaction. Those of one kind are told of in one case, while that is open."""
    before = asides.one(connection, work, subject_id)
    case = before.escalation_id if before is not None else None
    if reason != NOT_TAKEN and (before is None or before.reason != reason):
        log.error("loop put aside", work=work, reason=reason, patient_id=patient_id)
    if reason != NOT_TAKEN and case is None:
        case = asides.open_case(connection, work) or _tell(connection, clinic, work, reason, now)
    values = {"reason": reason, "escalation_id": case, "at": now, "again_at": now + AGAIN_AFTER}
    if before is None:
        asides.put(connection, work, subject_id, patient_id=patient_id, tries=1, **values)
    else:
        asides.put_again(connection, work, subject_id, **values)


def _tell(connection: Connection, clinic: Clinic, work: str, reason: str, now: datetime) -> str:
    batch = Batch(connection)
    need = Need(
        reason=Reason.SET_ASIDE,
        priority=Priority.URGENT,
        conversation_id=None,
        suggestion=NEXT_STEP,
        evidence={"words": "", "rules": [f"{work}:{reason}"]},
    )
    case = raise_to_person(batch, need, clinic=clinic, now=now)
    batch.flush()
    return case
