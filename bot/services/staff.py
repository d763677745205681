"""The clinic's own people: who works where in which role, who leaves, and who is let in again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Final

from sqlalchemy import Connection, update

from bot.services import accounts, audit, inbox, second_factor, sessions
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import staff as queries
from bot.store.tables import Role, User

ROUNDS: Final = 100
"""Of a hundred conversations each: nobody holds more."""


class Refusal(Enum):
    """Why nothing was changed."""

    GONE = auto()
    """There is no such account."""
    LAST_ADMIN = auto()
    """Nobody would be left who may do this."""
    ONESELF = auto()
    """One's own account is for another admin to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """One account, as the people page shows it."""

    user_id: str
    name: str
    email: str
    role: Role
    locations: tuple[str, ...]
    active: bool
    has_totp: bool
    seen_at: datetime | None
    locked_until: datetime | None


def listed(
    connection: Connection, *, active: bool, after: str | None, now: datetime
) -> tuple[Sequence[Somebody], str | None]:
    """A page of accounts, and the id after which the next one begins."""
    rows = queries.page(connection, active=active, after=after)
    shown = rows[: queries.PAGE]
    return _with_lockouts(connection, shown, now), shown[-1].id if len(rows) > queries.PAGE else None


def one(connection: Connection, user_id: str, *, now: datetime) -> Somebody | None:
    """One account."""
    row = queries.one(connection, user_id)
    return _with_lockouts(connection, [row], now)[0] if row is not None else None


def _with_lockouts(connection: Connection, rows: Sequence[AnyRow], now: datetime) -> Sequence[Somebody]:
    locked = accounts.locked_out(connection, [row.email for row in rows], now=now)
    return [
        Somebody(
            user_id=row.id,
            name=row.name or row.email,
            email=row.email,
            role=row.role,
            locations=tuple(row.locations),
            active=row.active,
            has_totp=row.has_totp,
            seen_at=row.seen_at,
            locked_until=locked.get(row.email),
        )
        for row in rows
    ]


@once_more
def change_place(
    clinic: Clinic, *, user_id: str, role: Role, locations: Sequence[str], actor_id: str, now: datetime
) -> Refusal | None:
    """Another role, other locations; both count from that person's next click."""
    with clinic.database.begin() as connection:
        row = _changeable(connection, user_id, actor_id, leaves=role is not Role.ADMIN)
        if isinstance(row, Refusal):
            return row
        before = {"role": str(row.role), "locations": row.locations}
        after = {"role": str(role), "locations": list(locations)}
        if before != after:
            connection.execute(update(User).where(User.id == user_id).values(role=role, locations=list(locations)))
            _record(connection, "user.change", user_id, actor_id, now, before=before, after=after)
    return None


def deactivate(
    clinic: Clinic, *, user_id: str, actor_id: str, now: datetime, inbox_now: datetime
) -> Refusal | None:
    """They may not sign in any more; their sessions end, and what they hold is everybody's again.

    `now` is the wall clock's, as for all that lets people in; `inbox_now` the clinic's, which a demo may run faster.
    """
    refusal = _close(clinic, user_id=user_id, actor_id=actor_id, now=now)
    if refusal is None:
        # Only now: whoever is signed in could claim anew. What is left half-way, idle claims' timers hand back.
        _give_back(clinic, user_id=user_id, actor_id=actor_id, now=inbox_now)
    return refusal


@once_more
def _close(clinic: Clinic, *, user_id: str, actor_id: str, now: datetime) -> Refusal | None:
    with clinic.database.begin() as connection:
        row = _changeable(connection, user_id, actor_id, leaves=True)
        if isinstance(row, Refusal):
            return row
        if row.active:
            connection.execute(update(User).where(User.id == user_id).values(active=False))
            ended = sessions.end_all(connection, user_id, now=now)
            _record(connection, "user.deactivate", user_id, actor_id, now, sessions=ended)
    return None


def _give_back(clinic: Clinic, *, user_id: str, actor_id: str, now: datetime) -> None:
    for _ in range(ROUNDS):
        with clinic.database.read() as connection:
            talks, cases = queries.held(connection, user_id)
        if not talks and not cases:
            return
        for talk in talks:
            inbox.release_conversation(clinic, conversation_id=talk, actor_id=actor_id, now=now, force=True)
        for case in cases:
            inbox.release(clinic, escalation_id=case, actor_id=actor_id, now=now, force=True)


@once_more
def activate(clinic: Clinic, *, user_id: str, actor_id: str, now: datetime) -> Refusal | None:
    """They may sign in again, with the password they had."""
    with clinic.database.begin() as connection:
        row = _changeable(connection, user_id, actor_id, leaves=False)
        if isinstance(row, Refusal):
            return row
        if not row.active:
            connection.execute(update(User).where(User.id == user_id).values(active=True))
            _record(connection, "user.activate", user_id, actor_id, now)
    return None


@once_more
def reset_second_factor(clinic: Clinic, *, user_id: str, actor_id: str, now: datetime) -> Refusal | None:
    """Their app and recovery codes count no more, their sessions end; they set it up anew at the next sign-in."""
    with clinic.database.begin() as connection:
        row = _changeable(connection, user_id, actor_id, leaves=False)
        if isinstance(row, Refusal):
            return row
        if row.totp_secret is not None:
            second_factor.forget(connection, user_id)
            ended = sessions.end_all(connection, user_id, now=now)
            _record(connection, "totp.reset", user_id, actor_id, now, sessions=ended)
    return None


@once_more
def unlock(clinic: Clinic, *, user_id: str, actor_id: str, now: datetime) -> Refusal | None:
    """Forget their failed tries, so that they may try again at once."""
    with clinic.database.begin() as connection:
        row = queries.one(connection, user_id)
        if row is None:
            return Refusal.GONE
        if tries := accounts.let_try_again(connection, row.email):
            _record(connection, "sign-in.unlock", user_id, actor_id, now, tries=tries)
    return None


def _changeable(connection: Connection, user_id: str, actor_id: str, *, leaves: bool) -> AnyRow | Refusal:
    """The account, locked, with every admin's, so that two admins cannot send each other away at once."""
    row, other_admins = queries.locked_with_admins(connection, user_id)
    if row is None:
        return Refusal.GONE
    if leaves and row.role is Role.ADMIN and row.active and not other_admins:
        return Refusal.LAST_ADMIN
    return Refusal.ONESELF if user_id == actor_id else row


def _record(
    connection: Connection, action: str, user_id: str, actor_id: str, now: datetime, **detail: object
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=action, object_type="user", object_id=user_id, detail=detail
    )
