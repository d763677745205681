"""Recalls that patients have answered: who is not to be asked about the same care again for a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select

from bot.journeys.recall import MOST_TOUCHES_IN, REST
from bot.store.tables import Enrollment

JOURNEY: Final = "recall"
IN_HAND: Final = "booking"
"""The step in which the patient has said yes, and staff book."""


def rests(loop: Any) -> ColumnElement[bool]:
    """Whether that loop has ended so that nobody asks again yet; binds `rested` and `asked_since`."""
    return or_(
        and_(loop.outcome.in_(("done", "declined", "excluded")), loop.ended_at > bindparam("rested")),
        and_(loop.outcome.in_(("booked", "letter")), loop.ended_at > bindparam("asked_since")),
    )


def times(now: datetime) -> dict[str, datetime]:
    """What `rests` binds."""
    return {"rested": now - REST, "asked_since": now - MOST_TOUCHES_IN}


def answered(
    connection: Connection, patient_ids: Sequence[str], measures: Collection[str], now: datetime
) -> frozenset[str]:
    """Those of these patients who have answered a recall for one of these measures, for any where none is named.

    A campaign's own invitation names none, so its answer counts for all.
    """
    theirs = select(Enrollment.patient_id).where(
        Enrollment.journey == JOURNEY,
        Enrollment.patient_id.in_(patient_ids),
        or_(rests(Enrollment), and_(Enrollment.ended_at.is_(None), Enrollment.step == IN_HAND)),
    )
    if measures:
        theirs = theirs.where(Enrollment.kind.in_(["", *sorted(measures)]))
    return frozenset(connection.execute(theirs, times(now)).scalars())
