"""Console accounts: made, signed in to with a password, limited in tries, and told apart by role."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final, TypeAlias

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, func, insert, select, text, update
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


class Fault(StrEnum):
    """Why an account cannot be made or changed like that."""

    NO_ADDRESS = "no-address"
    TAKEN = "taken"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    GUESSABLE = "guessable"


SAID: Final = {
    Fault.NO_ADDRESS: "that is no e-mail address",
    Fault.TAKEN: "there is an account with this address already",
    Fault.TOO_SHORT: f"a password has {SHORTEST} characters or more",
    Fault.TOO_LONG: f"a password has at most {LONGEST} characters",
    Fault.GUESSABLE: "a password is neither the address nor a sign or two repeated",
}
"""For the command line; the console has words of its own."""


class AccountError(Exception):
    """The account cannot be made or changed like that; the words are for whoever asked."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(SAID[fault])
        self.fault = fault


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
    address = check_address(email)
    check_password(password, address)
    hashed = hash_password(password)
    with clinic.database.begin() as connection:
        user_id = add_user(connection, email=address, name=name, role=role, hashed=hashed, now=now)
        audit.record(
            connection, at=now, actor=actor, action="user.create", object_type="user", object_id=user_id,
            detail={"role": str(role)},
        )  # fmt: skip
    return user_id


def add_user(
    connection: Connection,
    *,
    email: str,
    name: str,
    role: Role,
    hashed: str,
    now: datetime,
    locations: Sequence[str] = (),
) -> str:
    """The account's row, in the caller's transaction, which writes down why. Raises AccountError when there is one."""
    user_id = new_id()
    row = {
        "id": user_id,
        "email": email,
        "name": name.strip()[: User.name.type.length] or _name_from(email),
        "role": role,
        "active": True,
        "locations": list(locations),
        "password_hash": hashed,
        "created_at": now,
    }
    try:
        connection.execute(_USER, row)
    except IntegrityError:
        raise AccountError(Fault.TAKEN) from None
    return user_id


def check_address(email: str) -> str:
    """The address as accounts are known by. Raises AccountError for what is none."""
    address = fold(email)
    if not _EMAIL.fullmatch(address) or len(address) > User.email.type.length:
        raise AccountError(Fault.NO_ADDRESS)
    return address


def hash_password(password: str) -> str:
    """What is stored of a password. Takes a quarter of a second: not within a transaction."""
    return _HASHER.hash(password)


def _name_from(address: str) -> str:
    return " ".join(part.capitalize() for part in re.split(r"[._+-]+", address.partition("@")[0]) if part)


def check_password(password: str, email: str) -> None:
    """Raise AccountError when a password is too short, too long or no secret. No other rule makes them better."""
    if len(password) < SHORTEST:
        raise AccountError(Fault.TOO_SHORT)
    if len(password) > LONGEST:
        raise AccountError(Fault.TOO_LONG)
    if len(set(password)) < FEWEST or fold(password) in (fold(email), fold(email).partition("@")[0]):
        raise AccountError(Fault.GUESSABLE)


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
    account = _account(email)
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


def locked_out(connection: Connection, emails: Sequence[str], *, now: datetime) -> Mapping[str, datetime]:
    """Which of these accounts have no try left, and until when."""
    accounts = {_account(email): email for email in emails}
    rows = connection.execute(
        select(SignInTry.account, func.min(SignInTry.at).label("first_at"))
        .where(SignInTry.account.in_(accounts), SignInTry.at > now - WITHIN)
        .group_by(SignInTry.account)
        .having(func.count() >= TRIES)
    )
    return {accounts[row.account]: row.first_at + WITHIN for row in rows}


def let_try_again(connection: Connection, email: str) -> int:
    """Forget the failed tries of that account, in the caller's transaction; how many there were."""
    return connection.execute(delete(SignInTry).where(SignInTry.account == _account(email))).rowcount


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


def change_language(clinic: Clinic, *, user_id: str, language: str | None, now: datetime) -> None:
    """The console's language for that person; None: whatever the browser asks for."""
    with clinic.database.begin() as connection:
        connection.execute(update(User).where(User.id == user_id).values(language=language))
        audit.record(
            connection, at=now, actor=user_id, action="user.language", object_type="user", object_id=user_id,
            detail={"language": language},
        )  # fmt: skip


def _account(email: str) -> str:
    return hashlib.sha256(fold(email).encode("utf-8", "surrogatepass")).hexdigest()


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
