"""The on-call ladder in the database: emergencies that nobody has, who is on call, and word to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from bot.core.escalation import EscalationStatus, NoticeChannel, NoticeState, Priority
from bot.store.columns import AnyRow, new_id
from bot.store.tables import Escalation, Notice, OnCall, Role, User

BATCH: Final = 50
HOPELESS: Final = 3
"""A notice that has failed so often counts as not told, though it is still tried."""
_NOBODYS: Final = and_(Escalation.status == EscalationStatus.OPEN, Escalation.priority_rank == Priority.EMERGENCY.rank)
_PENDING: Final = (NoticeState.DUE, NoticeState.SENDING)


def waiting(connection: Connection, *, below: int, limit: int = 200) -> Sequence[AnyRow]:
    """Emergencies that nobody has and that have not climbed so high, the oldest first."""
    columns = (Escalation.id, Escalation.created_at, Escalation.returned_at, Escalation.returned_from, Escalation.rung)
    query = select(*columns).where(_NOBODYS, Escalation.rung < below)
    return connection.execute(query.order_by(Escalation.created_at, Escalation.id).limit(limit)).all()


def anybody_waits(connection: Connection) -> bool:
    """Whether there is any emergency that nobody has."""
    return connection.execute(select(Escalation.id).where(_NOBODYS).limit(1)).first() is not None


def on_call(connection: Connection) -> Sequence[AnyRow]:
    """The ladder: its rows of people who still have an account, the lowest rung first."""
    return connection.execute(
        select(
            OnCall.rung, OnCall.user_id, OnCall.after_minutes, OnCall.phone.is_not(None).label("texts"), OnCall.by_email
        )
        .join(User, User.id == OnCall.user_id)
        .where(User.active.is_(True))
        .order_by(OnCall.rung, OnCall.id)
        .limit(BATCH)
    ).all()


def in_charge(connection: Connection) -> Sequence[str]:
    """Every supervisor and admin who has an account."""
    query = select(User.id).where(User.active.is_(True), User.role.in_([Role.SUPERVISOR, Role.ADMIN]))
    return connection.execute(query.order_by(User.id).limit(BATCH)).scalars().all()


def put(
    connection: Connection, *, escalation_id: str, user_id: str, channel: NoticeChannel, rung: int, now: datetime
) -> None:
    """Have that person told that way, once more if they have been told before. The escalation is locked."""
    key = (Notice.escalation_id == escalation_id, Notice.user_id == user_id, Notice.channel == channel)
    fresh = {"rung": rung, "state": NoticeState.DUE, "due_at": now, "attempts": 0, "error": None, "updated_at": now}
    if connection.execute(update(Notice).where(*key).values(**fresh)).rowcount:
        return
    row = {"id": new_id(), "escalation_id": escalation_id, "user_id": user_id, "channel": channel, "created_at": now}
    connection.execute(insert(Notice).values(**row, **fresh))


def void(connection: Connection, escalation_id: str, now: datetime) -> None:
    """Somebody has it: whoever has not been told yet need not be."""
    connection.execute(
        update(Notice)
        .where(Notice.escalation_id == escalation_id, Notice.state == NoticeState.DUE)
        .values(state=NoticeState.VOID, updated_at=now)
    )


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether somebody is to be told now."""
    return connection.execute(select(Notice.id).where(_due(now)).limit(1)).first() is not None


def claim(connection: Connection, now: datetime, *, lease: timedelta) -> Sequence[AnyRow]:
    """Take what is due; what somebody took and never recorded is due again when its lease has run out."""
    rows = connection.execute(
        select(
            Notice.id,
            Notice.user_id,
            Notice.rung,
            Notice.channel,
            Notice.attempts,
            Escalation.created_at.label("waits_since"),
            Escalation.status,
            Escalation.reason,
            User.email,
            User.active,
        )
        .join(Escalation, Escalation.id == Notice.escalation_id)
        .join(User, User.id == Notice.user_id)
        .where(_due(now))
        .order_by(Notice.due_at)
        .limit(BATCH)
        .with_for_update(of=Notice, skip_locked=True)
    ).all()
    taken = {"state": NoticeState.SENDING, "due_at": now + lease, "updated_at": now, "attempts": Notice.attempts + 1}
    connection.execute(update(Notice).where(Notice.id.in_([row.id for row in rows])).values(**taken))
    return rows


def phones(connection: Connection, user_ids: set[str]) -> Sequence[AnyRow]:
    """The phones of these people on call, sealed."""
    query = select(OnCall.id, OnCall.user_id, OnCall.rung, OnCall.phone)
    return connection.execute(query.where(OnCall.user_id.in_(user_ids), OnCall.phone.is_not(None))).all()


def record(connection: Connection, notice_id: str, *, attempts: int, now: datetime, **values: Any) -> None:
    """Write down what became of that try; not where the notice has been voided or is to go anew."""
    connection.execute(
        update(Notice)
        .where(Notice.id == notice_id, Notice.state == NoticeState.SENDING, Notice.attempts == attempts)
        .values(**values, updated_at=now)
    )


def untold(connection: Connection) -> int:
    """How many emergencies have climbed the ladder without anybody having been told."""
    return int(connection.execute(select(func.count()).select_from(Escalation).where(nobody_told())).scalar_one())


def nobody_told() -> ColumnElement[bool]:
    """Nobody has it, its first time has passed, and word of it has reached nobody since."""
    since = func.coalesce(Escalation.returned_at, Escalation.created_at)
    reached = Notice.state == NoticeState.SENT
    hopeful = and_(Notice.state.in_(_PENDING), Notice.attempts < HOPELESS)
    told = select(Notice.id).where(
        Notice.escalation_id == Escalation.id, Notice.updated_at >= since, or_(reached, hopeful)
    )
    return and_(_NOBODYS, Escalation.rung > 0, ~told.exists())


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(Notice.state.in_(_PENDING), Notice.due_at <= now)
