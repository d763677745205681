"""The clinic's own people: accounts page by page, when each was last seen, and the places that there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, union

from bot.store.columns import AnyRow
from bot.store.tables import Appointment, Conversation, Escalation, Location, Role, Session, User

PAGE = 50
PLACES = 100
LOOKS_AHEAD = timedelta(days=30)

_SEEN = select(func.max(Session.seen_at)).where(Session.user_id == User.id).correlate(User).scalar_subquery()
_COLUMNS = (
    User.id, User.name, User.email, User.role, User.active, User.locations, User.created_at,
    User.totp_secret.is_not(None).label("has_totp"), _SEEN.label("seen_at"),
)  # fmt: skip


def page(connection: Connection, *, active: bool, after: str | None, limit: int = PAGE) -> Sequence[AnyRow]:
    """Accounts by address, those after that account, and one more, which tells that there is a next page."""
    query = select(*_COLUMNS).where(User.active.is_(active)).order_by(User.email).limit(limit + 1)
    if after:
        query = query.where(User.email > select(User.email).where(User.id == after).scalar_subquery())
    return connection.execute(query).all()


def one(connection: Connection, user_id: str) -> AnyRow | None:
    """One account."""
    return connection.execute(select(*_COLUMNS).where(User.id == user_id)).first()


def locked_with_admins(connection: Connection, user_id: str) -> tuple[AnyRow | None, int]:
    """That account's row and how many active admins there are besides: all locked, in one order for everybody."""
    admin = User.active.is_(True) & (User.role == Role.ADMIN)
    rows = connection.execute(
        select(User.__table__).where(admin | (User.id == user_id)).order_by(User.id).with_for_update()
    ).all()
    others = sum(row.id != user_id for row in rows)
    return next((row for row in rows if row.id == user_id), None), others


def names(connection: Connection, limit: int = 500) -> Sequence[AnyRow]:
    """Everybody there is or was, by name, to choose from."""
    return connection.execute(select(User.id, User.name, User.email).order_by(User.name, User.email).limit(limit)).all()


def held(connection: Connection, user_id: str, limit: int = 100) -> tuple[Sequence[str], Sequence[str]]:
    """What that person holds: conversations, and escalations that they have claimed."""
    talks = select(Conversation.id).where(Conversation.held_by == user_id).order_by(Conversation.id).limit(limit)
    cases = (
        select(Escalation.id)
        .where(Escalation.status == "claimed", Escalation.claimed_by == user_id)
        .order_by(Escalation.id)
        .limit(limit)
    )
    return connection.execute(talks).scalars().all(), connection.execute(cases).scalars().all()


def places(connection: Connection, now: datetime) -> Sequence[str]:
    """The clinic's locations: those set up, and those of the visits of the next weeks."""
    set_up = select(Location.name)
    ahead = (
        select(Appointment.location)
        .where(Appointment.starts_at >= now, Appointment.starts_at < now + LOOKS_AHEAD)
        .where(Appointment.location != "")
    )
    found = connection.execute(union(set_up, ahead).limit(PLACES)).scalars()
    return sorted(name for name in found if name)
