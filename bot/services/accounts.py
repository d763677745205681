"""Console accounts: made, signed in to with a password, limited in tries, and told apart by role."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final, TypeAlias

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow, new_id
from bot.store.tables import Role, SignInTry, User

TRIES: Final = 10
WITHIN: Final = timedelta(minutes=15)
SHORTEST: Final = 8
FEWEST: Final = 3
"""Different signs in a password."""
LONGEST: Final = 256
"""Hashing is costly on purpose; nobody may make it costlier with a password of a megabyte."""

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_HASHER: Final = PasswordHasher()
_USER = insert(User.__table__)  # type: ignore[arg-type]
_TRY = insert(SignInTry.__table__)  # type: ignore[arg-type]


class AccountError(Exception):
    """The account cannot be made or changed like that; the words are for whoever asked."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The password is right."""

    user_id: str


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """Account or password are wrong; which of them is not said."""


@dataclass(frozen=True, slots=True)
class Limited:
    """Too many failed tries: nothing is looked at until then, the right password neither."""

    until: datetime


SignIn: TypeAlias = SignedIn | WrongPassword | Limited


def fold(email: str) -> str:
    """An e-mail address as accounts are known by."""
    return email.strip().lower()


def create_user(
    clinic: Clinic, *, email: str, role: Role, password: str, now: datetime, name: str = "", actor: str = "cli"
) -> str:
    """Make an account and give its id. Raises AccountError when there is one, or address or password will not do."""
    address = fold(email)
    if not _EMAIL.fullmatch(address) or len(address) > User.email.type.length:
        raise AccountError("that is no e-mail address")
    check_password(password, address)
    user_id = new_id()
    row = {"id": user_id, "email": address, "name": name.strip() or _name_from(address), "role": role, "active": True}
    hashed = _HASHER.hash(password)
    with clinic.database.begin() as connection:
        try:
            connection.execute(_USER, {**row, "password_hash": hashed, "created_at": now})
        except IntegrityError:
            raise AccountError("there is an account with this address already") from None
        audit.record(
            connection, at=now, actor=actor, action="user.create", object_type="user", object_id=user_id,
            detail={"role": str(role)},
        )  # fmt: skip
    return user_id


def _name_from(address: str) -> str:
    return " ".join(part.capitalize() for part in re.split(r"[._+-]+", address.partition("@")[0]) if part)


def check_password(password: str, email: str) -> None:
    """Raise AccountError when a password is too short, too long or no secret. No other rule makes them better."""
    if len(password) < SHORTEST:
        raise AccountError(f"a password has {SHORTEST} characters or more")
    if len(password) > LONGEST:
        raise AccountError(f"a password has at most {LONGEST} characters")
    if len(set(password)) < FEWEST or fold(password) in (fold(email), fold(email).partition("@")[0]):
        raise AccountError("a password is neither the address nor a sign or two repeated")


def new_password() -> str:
    """A password nobody has used before: 80 bits, in groups that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def sign_in(clinic: Clinic, *, email: str, password: str, now: datetime) -> SignIn:
    """Check a password. The try is written down before the check, so that many at once are counted too."""
    address = fold(email)
    reserved = reserve_try(clinic, address, now)
    if isinstance(reserved, Limited):
        return reserved
    with clinic.database.read() as connection:
        user = connection.execute(select(User.__table__).where(User.email == address)).first()
    # Outside any transaction: this takes a quarter of a second. An unknown account costs the same as a known one.
    right = _verify(user.password_hash if user is not None and user.active else _nobodys_hash(), password)
    with clinic.database.begin() as connection:
        if user is None or not user.active or not right:
            _record_failure(connection, user, now)
            return WrongPassword()
        forgive(connection, reserved)
    return SignedIn(user.id)


def reserve_try(clinic: Clinic, email: str, now: datetime) -> str | Limited:
    """Count one failed try for that account in advance and give its id; `forgive` takes it back."""
    account = hashlib.sha256(fold(email).encode("utf-8", "surrogatepass")).hexdigest()
    try_id = new_id()
    with clinic.database.begin() as connection:
        _line_up(connection, account)
        connection.execute(delete(SignInTry).where(SignInTry.account == account, SignInTry.at <= now - WITHIN))
        failed = select(SignInTry.at).where(SignInTry.account == account).order_by(SignInTry.at.desc()).limit(TRIES)
        times = connection.execute(failed).scalars().all()
        if len(times) >= TRIES:
            return Limited(times[-1] + WITHIN)
        connection.execute(_TRY, {"id": try_id, "account": account, "at": now})
    return try_id


def forgive(connection: Connection, try_id: str) -> None:
    """That try did not fail."""
    connection.execute(delete(SignInTry).where(SignInTry.id == try_id))


def change_password(clinic: Clinic, *, user_id: str, old: str, new: str, now: datetime) -> SignIn:
    """Set a new password. The old one is asked for under the same limit. Raises AccountError for one that won't do."""
    with clinic.database.read() as connection:
        user = connection.execute(select(User.__table__).where(User.id == user_id)).one()
    check_password(new, user.email)
    outcome = sign_in(clinic, email=user.email, password=old, now=now)
    if isinstance(outcome, SignedIn):
        hashed = _HASHER.hash(new)
        with clinic.database.begin() as connection:
            connection.execute(update(User).where(User.id == user_id).values(password_hash=hashed))
            audit.record(
                connection, at=now, actor=user_id, action="user.password", object_type="user", object_id=user_id
            )
    return outcome


def _line_up(connection: Connection, account: str) -> None:
    # SQLite has one writer at a time anyway.
    if connection.dialect.name == "postgresql":
        key = int(account[:15], 16)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _record_failure(connection: Connection, user: AnyRow | None, now: datetime) -> None:
    if user is not None:
        audit.record(connection, at=now, actor=user.id, action="sign-in.failed", object_type="user", object_id=user.id)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))
