"""Leases: who may do what only one process may do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, or_, update

from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import Lease

FAR = 10

_TAKE = (
    update(Lease)
    .where(
        Lease.name == bindparam("which"),
        # One that ends far ahead was written by a clock that has been set back since.
        or_(Lease.holder == bindparam("who"), Lease.until <= bindparam("now"), Lease.until > bindparam("far")),
    )
    .values(holder=bindparam("who"), until=bindparam("end"))
)
_GIVE_UP = delete(Lease).where(Lease.name == bindparam("which"), Lease.holder == bindparam("who"))


def take(connection: Connection, name: str, *, holder: str, until: datetime, now: datetime) -> bool:
    """Take it, or keep it; False when somebody else holds it."""
    far = until + FAR * (until - now)
    if connection.execute(_TAKE, {"which": name, "who": holder, "end": until, "far": far, "now": now}).rowcount:
        return True
    fresh = {"name": name, "holder": holder, "until": until}
    taken = connection.execute(
        insert_or_ignore(connection, Lease.__table__), fresh, execution_options={"preserve_rowcount": True}
    )
    return taken.rowcount > 0


def give_up(connection: Connection, name: str, *, holder: str) -> None:
    """Leave it to the next one."""
    connection.execute(_GIVE_UP, {"which": name, "who": holder})
