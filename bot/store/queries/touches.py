"""What follows from a contact that is made: its touch is queued, and its enrollment waits for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, update

from bot.core.journey import TouchState
from bot.store.bulk import among, array_of
from bot.store.tables import Enrollment, Touch

_QUEUED = (
    update(Touch)
    .where(Touch.id == bindparam("which"))
    .values(state=TouchState.QUEUED, message_id=bindparam("message"), updated_at=bindparam("at"))
)


def queue(connection: Connection, made: Mapping[str, str], now: datetime) -> None:
    """These contacts are made: touch id to the id of the message that makes it."""
    if not made:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(_QUEUED, [{"which": one, "message": message, "at": now} for one, message in made.items()])
        return
    pairs = (
        func.unnest(array_of(made.keys()), array_of(made.values())).table_valued("touch", "message").render_derived()
    )
    connection.execute(
        update(Touch)
        .where(Touch.id == pairs.c.touch)
        .values(state=TouchState.QUEUED, message_id=pairs.c.message, updated_at=now)
    )


def wake(connection: Connection, enrollment_ids: Sequence[str], at: datetime) -> None:
    """From then on no answer counts as silence; what was not understood before is forgiven."""
    if enrollment_ids:
        connection.execute(
            update(Enrollment).where(among(connection, Enrollment.id, enrollment_ids)).values(wake_at=at, misses=0)
        )
