"""Invitations: a link, shown once and good for one account, by which somebody new sets their own password."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, insert, select, update

from bot.services import accounts, audit
from bot.services.accounts import AccountError, Fault
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow, new_id
from bot.store.tables import Invitation, Role, User

LASTS: Final = timedelta(hours=72)
LISTED: Final = 50

_INVITATION = insert(Invitation.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Invited:
    """A link's secret, which nobody can look up again."""

    secret: str
    email: str
    until: datetime


def invite(
    clinic: Clinic, *, email: str, role: Role, locations: Sequence[str], actor_id: str, now: datetime
) -> Invited:
    """Make a link for that address; an older one for it works no more. Raises AccountError: no address, or an account.

    What is stored is the secret's hash, so that whoever reads the database cannot become anybody.
    """
    address, secret, invitation_id = accounts.check_address(email), secrets.token_urlsafe(32), new_id()
    with clinic.database.begin() as connection:
        if connection.execute(select(User.id).where(User.email == address)).first() is not None:
            raise AccountError(Fault.TAKEN)
        _end(connection, now, Invitation.email == address)
        row = {"id": invitation_id, "email": address, "role": role, "locations": list(locations)}
        times = {"created_at": now, "expires_at": now + LASTS}
        connection.execute(_INVITATION, {**row, **times, "digest": _digest(secret), "invited_by": actor_id})
        audit.record(
            connection, at=now, actor=actor_id, action="user.invite", object_type="invitation",
            object_id=invitation_id, detail={"role": str(role), "locations": list(locations)},
        )  # fmt: skip
    return Invited(secret, address, now + LASTS)


def pending(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    """Invitations that wait for somebody, the latest first."""
    return connection.execute(
        select(Invitation.__table__)
        .where(Invitation.used_at.is_(None), Invitation.expires_at > now)
        .order_by(Invitation.created_at.desc())
        .limit(LISTED)
    ).all()


def withdraw(clinic: Clinic, *, invitation_id: str, actor_id: str, now: datetime) -> bool:
    """The link works no more; whether it did until now."""
    with clinic.database.begin() as connection:
        ended = _end(connection, now, Invitation.id == invitation_id)
        if ended:
            audit.record(
                connection, at=now, actor=actor_id, action="user.invite.withdraw", object_type="invitation",
                object_id=invitation_id,
            )  # fmt: skip
    return ended


def find(connection: Connection, secret: str, now: datetime) -> AnyRow | None:
    """The invitation with that secret, while it can be used."""
    return connection.execute(
        select(Invitation.__table__).where(
            Invitation.digest == _digest(secret), Invitation.used_at.is_(None), Invitation.expires_at > now
        )
    ).first()


def accept(clinic: Clinic, *, secret: str, name: str, password: str, now: datetime) -> str | None:
    """Make the account that was invited and give its id; None when the link works no more. Raises AccountError."""
    with clinic.database.read() as connection:
        row = find(connection, secret, now)
    if row is None:
        return None
    accounts.check_password(password, row.email)
    hashed = accounts.hash_password(password)
    with clinic.database.begin() as connection:
        used = update(Invitation).where(Invitation.id == row.id, Invitation.used_at.is_(None))
        # Conditional, so that of two browsers with one link only one gets an account.
        if connection.execute(used.where(Invitation.expires_at > now).values(used_at=now)).rowcount != 1:
            return None
        user_id = accounts.add_user(
            connection, email=row.email, name=name, role=row.role, hashed=hashed, now=now, locations=row.locations
        )
        audit.record(
            connection, at=now, actor=user_id, action="user.create", object_type="user", object_id=user_id,
            detail={"role": str(row.role), "invitation": row.id, "by": row.invited_by},
        )  # fmt: skip
    return user_id


def _end(connection: Connection, now: datetime, *which: object) -> bool:
    waiting = update(Invitation).where(Invitation.used_at.is_(None), Invitation.expires_at > now)
    return connection.execute(waiting.where(*which).values(expires_at=now)).rowcount > 0  # type: ignore[arg-type]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
