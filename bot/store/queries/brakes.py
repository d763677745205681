"""Brakes: what the provider wants held back, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.core.sending import Brake as BrakeKind
from bot.store.columns import AnyRow
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Brake

FAR: Final = timedelta(days=2)
"""No brake is meant to last so long: one that does was written by a clock that has been set back since."""

_ALL = select(Brake.kind, Brake.code, Brake.since, Brake.until).order_by(Brake.kind)
_LONGER = (
    update(Brake)
    .where(Brake.kind == bindparam("which"), Brake.until < bindparam("end"))
    .values(until=bindparam("end"), code=bindparam("why"))
)
# One that has run out is over, and what begins now is another trouble.
_OVER = delete(Brake).where(Brake.kind == bindparam("which"), Brake.until <= bindparam("now"))
_STRAY = delete(Brake).where(Brake.kind == bindparam("which"), Brake.until > bindparam("far"))
_LIFTED = delete(Brake).where(Brake.kind == bindparam("which"))


def known(connection: Connection) -> Sequence[AnyRow]:
    """All there are, also those that have run out: `kind`, `code`, `since`, `until`."""
    return connection.execute(_ALL).all()


def put(connection: Connection, kind: BrakeKind, *, until: datetime, code: int | None, now: datetime) -> None:
    """Hold back until then, if not longer already."""
    connection.execute(_STRAY, {"which": kind, "far": now + FAR})
    if kind is not BrakeKind.REFUSED:  # which lasts until something has been taken again
        connection.execute(_OVER, {"which": kind, "now": now})
    fresh = {"kind": kind, "code": code, "since": now, "until": until}
    connection.execute(insert_or_ignore(connection, Brake.__table__), fresh)
    connection.execute(_LONGER, {"which": kind, "end": until, "why": code})


def lift(connection: Connection, kind: BrakeKind) -> None:
    """It goes again."""
    connection.execute(_LIFTED, {"which": kind})
