"""Signed-in browsers: sessions kept on the server, ended by sign-out, by idleness, by age or by somebody."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.tables import Role, Session, User

IDLE: Final = timedelta(minutes=15)
AT_MOST: Final = timedelta(hours=12)
TOUCH_EVERY: Final = timedelta(seconds=20)
"""Activity is written down no more often than this: a click need not cost a write."""

KEPT: Final = timedelta(days=90)
"""How long an ended session is remembered, for "last seen"; the audit trail knows of every sign-in."""
LISTED: Final = 50

_USER = (User.name, User.email, User.role, User.totp_secret, User.locations, User.language)
_SIGNED_IN = (
    select(*Session.__table__.c, *_USER)
    .join(User, User.id == Session.user_id)
    .where(Session.id == bindparam("session_id"), Session.ended_at.is_(None), User.active.is_(True))
)
_SESSION = insert(Session.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, and whether a second factor is still owed."""

    session_id: str
    user_id: str
    name: str
    email: str
    role: Role
    has_totp: bool
    passed_totp: bool
    totp_required: bool
    ends_at: datetime
    locations: tuple[str, ...] = ()
    """Where they work, as visits name it; empty: the whole clinic."""
    language: str | None = None

    @property
    def owes_second_factor(self) -> bool:
        """Nothing but the second factor's page is served until it is given, or set up."""
        return (self.has_totp or self.totp_required) and not self.passed_totp

    @property
    def is_supervisor(self) -> bool:
        """Whether they may do what supervisors may."""
        return self.role in (Role.SUPERVISOR, Role.ADMIN)

    @property
    def is_read_only(self) -> bool:
        """Whether they may look, and change nothing but their own account."""
        return self.role is Role.READ_ONLY


@dataclass(frozen=True, slots=True)
class Seat:
    """One browser in which somebody is signed in."""

    session_id: str
    agent: str
    since: datetime
    seen_at: datetime


def begin(clinic: Clinic, *, user_id: str, now: datetime, agent: str = "") -> str:
    """Open a session and give its secret for the cookie; kept are the secret's hash and the browser's name."""
    secret = secrets.token_urlsafe(32)
    row = {"id": digest(secret), "user_id": user_id, "created_at": now, "seen_at": now, "agent": agent[:120]}
    with clinic.database.begin() as connection:
        # A list of sessions does not grow with the years.
        connection.execute(delete(Session).where(Session.user_id == user_id, Session.created_at < now - KEPT))
        connection.execute(_SESSION, row)
        audit.record(connection, at=now, actor=user_id, action="sign-in", object_type="user", object_id=user_id)
    return secret


def find(clinic: Clinic, secret: str, *, now: datetime, active: bool) -> Person | None:
    """Who is signed in with that secret; None once it has ended. `active`: a person did something, not a timer."""
    session_id = digest(secret)
    with clinic.database.read() as connection:
        row = connection.execute(_SIGNED_IN, {"session_id": session_id}).first()
    if row is None or now >= min(row.seen_at + IDLE, row.created_at + AT_MOST):
        return None
    seen_at = row.seen_at
    if active and now - seen_at >= TOUCH_EVERY:
        seen_at = now
        with clinic.database.begin() as connection:
            connection.execute(
                update(Session).where(Session.id == session_id, Session.ended_at.is_(None)).values(seen_at=now)
            )
    return Person(
        session_id=session_id,
        user_id=row.user_id,
        name=row.name or row.email,
        email=row.email,
        role=row.role,
        has_totp=row.totp_secret is not None,
        passed_totp=row.second_factor_at is not None,
        totp_required=clinic.settings.totp_required,
        ends_at=min(seen_at + IDLE, row.created_at + AT_MOST),
        locations=tuple(row.locations),
        language=row.language,
    )


def end(clinic: Clinic, person: Person, *, now: datetime) -> None:
    """Sign out: the cookie is worth nothing from now on, wherever it has got to."""
    with clinic.database.begin() as connection:
        connection.execute(update(Session).where(Session.id == person.session_id).values(ended_at=now))
        audit.record(
            connection, at=now, actor=person.user_id, action="sign-out", object_type="user", object_id=person.user_id
        )


def end_others(clinic: Clinic, person: Person, *, now: datetime) -> int:
    """End every other session of this account; how many there were."""
    with clinic.database.begin() as connection:
        ended = connection.execute(
            update(Session)
            .where(Session.user_id == person.user_id, Session.id != person.session_id, Session.ended_at.is_(None))
            .values(ended_at=now)
        ).rowcount
        audit.record(
            connection, at=now, actor=person.user_id, action="sign-out.others", object_type="user",
            object_id=person.user_id,
        )  # fmt: skip
    return ended


def seats(connection: Connection, user_id: str, *, now: datetime) -> Sequence[Seat]:
    """Where that person is signed in now, the latest first."""
    rows = connection.execute(
        select(Session.id, Session.agent, Session.created_at, Session.seen_at)
        .where(Session.user_id == user_id, Session.ended_at.is_(None))
        .where(Session.seen_at > now - IDLE, Session.created_at > now - AT_MOST)
        .order_by(Session.seen_at.desc(), Session.id)
        .limit(LISTED)
    )
    return [Seat(row.id, row.agent, row.created_at, row.seen_at) for row in rows]


def end_of(clinic: Clinic, *, user_id: str, session_id: str | None, actor_id: str, now: datetime) -> int:
    """End one session of that account, or all without an id; how many there were."""
    with clinic.database.begin() as connection:
        ended = end_all(connection, user_id, now=now, session_id=session_id)
        if ended:
            audit.record(
                connection, at=now, actor=actor_id, action="session.end", object_type="user", object_id=user_id,
                detail={"count": ended},
            )  # fmt: skip
    return ended


def end_all(connection: Connection, user_id: str, *, now: datetime, session_id: str | None = None) -> int:
    """`end_of` in the caller's transaction, which writes down why."""
    theirs = update(Session).where(Session.user_id == user_id, Session.ended_at.is_(None))
    if session_id is not None:
        theirs = theirs.where(Session.id == session_id)
    return connection.execute(theirs.values(ended_at=now)).rowcount


def digest(secret: str) -> str:
    """What is stored of a session's secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
