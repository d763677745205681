"""What fuses are judged by, counted in the database, and the fuses that have blown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, or_, select, update

from bot.core.fuses import Guards
from bot.core.messages import Direction, MessageStatus, Origin
from bot.core.people import AppointmentStatus
from bot.store.columns import AnyRow
from bot.store.tables import Appointment, Campaign, Fuse, Message

FILTERED: Final = (30007, 30034)
"""The carrier took the text off (30007), or the number is not registered (30034)."""
OPT_OUT: Final = "opt_out"
LOOKED_BACK: Final = timedelta(hours=24)
ANSWERED_IN: Final = timedelta(hours=1)
PEOPLE: Final = 500
# What a person or a program has asked for by name goes on: they know what they do.
_STARTED: Final = (Message.origin == Origin.OUTREACH, Message.budget_exempt.is_(False))
_LOST: Final = (MessageStatus.UNDELIVERED, MessageStatus.FAILED)
_GONE: Final = (AppointmentStatus.CANCELLED, AppointmentStatus.ENTERED_IN_ERROR)


def standing(connection: Connection) -> Sequence[AnyRow]:
    """Fuses that nobody has reset, the newest first."""
    query = select(Fuse.__table__).where(Fuse.reset_at.is_(None))
    return connection.execute(query.order_by(Fuse.blown_at.desc(), Fuse.id)).all()


def history(connection: Connection, *, limit: int = 100) -> Sequence[AnyRow]:
    """Fuses that were reset, the newest first."""
    query = select(Fuse.__table__).where(Fuse.reset_at.is_not(None))
    return connection.execute(query.order_by(Fuse.blown_at.desc(), Fuse.id).limit(limit)).all()


def one(connection: Connection, fuse_id: str) -> AnyRow | None:
    """One fuse, locked."""
    return connection.execute(select(Fuse.__table__).where(Fuse.id == fuse_id).with_for_update()).first()


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """One has blown."""
    connection.execute(insert(Fuse).values(**row))


def reset(connection: Connection, fuse_id: str, *, actor_id: str, now: datetime) -> None:
    """A person has looked."""
    connection.execute(update(Fuse).where(Fuse.id == fuse_id).values(reset_at=now, reset_by=actor_id))


def counts_per(connection: Connection) -> Mapping[Guards, int]:
    """How many stand, by what they guard."""
    query = select(Fuse.guards, func.count()).where(Fuse.reset_at.is_(None)).group_by(Fuse.guards)
    return {row[0]: row[1] for row in connection.execute(query)}


def last_resets(connection: Connection, since: datetime) -> Mapping[tuple[Guards, str], datetime]:
    """When fuses were reset since then: what was before is forgiven."""
    rows = connection.execute(
        select(Fuse.guards, Fuse.subject, func.max(Fuse.reset_at).label("at"))
        .where(Fuse.reset_at > since)
        .group_by(Fuse.guards, Fuse.subject)
    )
    return {(row.guards, row.subject): row.at for row in rows}


def fared(connection: Connection, since: datetime, guards: Guards) -> Mapping[str, AnyRow]:
    """How the texts of each kind, or of each campaign, have fared since then."""
    subject = Message.kind if guards is Guards.TEMPLATE else Message.campaign_id
    query = _fared(subject.label("subject"), since).where(subject.is_not(None)).group_by(subject)
    return {row.subject: row for row in connection.execute(query)}


def heard(connection: Connection, since: datetime, subject: Guards) -> Mapping[str, tuple[int, int]]:
    """By kind or campaign of the text before: texts that came in within an hour, and opt-outs within a day."""
    came = Message.__table__.alias("came")
    went = Message.__table__.alias("went")
    latest = (
        select(went.c.id)
        .where(
            went.c.conversation_id == came.c.conversation_id,
            went.c.origin == Origin.OUTREACH,
            went.c.budget_exempt.is_(False),
            went.c.sent_at > since,
            went.c.sent_at <= came.c.created_at,
        )
        .order_by(went.c.sent_at.desc())
        .limit(1)
        .correlate(came)
        .scalar_subquery()
    )
    column = Message.kind if subject is Guards.TEMPLATE else Message.campaign_id
    soon = _seconds_between(connection, Message.sent_at, came.c.created_at) <= ANSWERED_IN.total_seconds()
    rows = connection.execute(
        select(
            column.label("subject"),
            func.sum(case((soon, 1), else_=0)),
            func.sum(case((came.c.kind == OPT_OUT, 1), else_=0)),
        )
        .select_from(came.join(Message.__table__, Message.id == latest))
        .where(came.c.direction == Direction.INBOUND, came.c.created_at > since, column.is_not(None))
        .group_by(column)
    )
    return {str(found): (int(replies or 0), int(outs or 0)) for found, replies, outs in rows}


def much_written_to(connection: Connection, since: datetime, *, more_than: float) -> Sequence[AnyRow]:
    """Patients to whom the clinic has written more often than that since then, or with one kind of text twice."""
    started = (Message.sent_at > since, Message.patient_id.is_not(None), *_STARTED)
    often = select(Message.patient_id).where(*started).group_by(Message.patient_id).having(func.count() > more_than)
    kinds = select(Message.patient_id).where(*started).group_by(Message.patient_id, Message.kind)
    twice = kinds.having(func.count() > 1)
    return connection.execute(often.union(twice).limit(PEOPLE)).all()


def texts_to(connection: Connection, patient_ids: Sequence[str], since: datetime) -> Sequence[AnyRow]:
    """What the clinic has started to these patients since then."""
    return connection.execute(
        select(Message.id, Message.patient_id, Message.body, Message.sent_at).where(
            Message.patient_id.in_(patient_ids), Message.sent_at > since, *_STARTED
        )
    ).all()


def vanished(connection: Connection, now: datetime, *, since: datetime) -> tuple[int, int]:
    """Visits to come that were called off since then, and all that were ahead before that."""
    off = and_(Appointment.status.in_(_GONE), Appointment.updated_at >= since)
    row = connection.execute(
        select(
            func.coalesce(func.sum(case((off, 1), else_=0)), 0),
            func.coalesce(func.sum(case((or_(off, Appointment.status.not_in(_GONE)), 1), else_=0)), 0),
        ).where(Appointment.starts_at > now)
    ).one()
    return int(row[0]), int(row[1])


def campaign_name(connection: Connection, campaign_id: str) -> str | None:
    """What people call it."""
    return connection.execute(select(Campaign.name).where(Campaign.id == campaign_id)).scalar_one_or_none()


def _fared(subject: Any, since: datetime) -> Any:
    return select(
        subject,
        func.count().label("sent"),
        func.sum(case((Message.status.in_(_LOST), 1), else_=0)).label("undelivered"),
        func.sum(case((Message.error_code.in_(FILTERED), 1), else_=0)).label("filtered"),
    ).where(Message.sent_at > since, *_STARTED)


def _seconds_between(connection: Connection, first: Any, second: Any) -> ColumnElement[Any]:
    # SQLite keeps moments as text, so that there is no arithmetic with them.
    if connection.dialect.name == "sqlite":
        return (func.julianday(second) - func.julianday(first)) * 86_400
    return func.extract("epoch", second) - func.extract("epoch", first)
