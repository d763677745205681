"""The second factor: a secret shared with an authenticator app, and codes that work once each (RFC 6238)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

import pyotp
from sqlalchemy import Connection, or_, select, update

from bot.services import audit, recovery_codes
from bot.services.accounts import Limited, forgive, reserve_try
from bot.services.clinic import Clinic
from bot.services.sessions import Person
from bot.store.tables import Session, User
from bot.store.vault import Undecryptable

Done = TypeVar("Done")

STEP: Final = 30
LEEWAY: Final = 1
"""Steps before and after the present one that count too: phones' clocks differ."""


def offer(clinic: Clinic, person: Person, secret: str | None = None) -> tuple[str, str, str]:
    """A secret as text, as the address that an app scans, and sealed for the form that comes back with a code.

    A new one, unless the one is given that was offered before: after a mistyped code the app need not be set up anew.
    """
    secret = secret or pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=clinic.settings.clinic_name)
    return secret, uri, urlsafe_b64encode(clinic.vault.seal("totp.offer", person.session_id, secret)).decode()


def reopen(clinic: Clinic, person: Person, sealed: str) -> str | None:
    """The secret that `offer` sealed for this session; None for anything else."""
    try:
        return clinic.vault.open("totp.offer", person.session_id, urlsafe_b64decode(sealed))
    except (Undecryptable, Error, ValueError):
        return None


def enroll(
    clinic: Clinic, person: Person, *, secret: str, code: str, now: datetime
) -> recovery_codes.Codes | None:
    """Bind the secret to the account once a code proves that the app has it, and give its recovery codes."""
    step = _matching(secret, code, now)
    if step is None:
        return None
    with clinic.database.begin() as connection:
        sealed = clinic.vault.seal("users.totp_secret", person.user_id, secret)
        bound = connection.execute(
            update(User)
            .where(User.id == person.user_id, User.totp_secret.is_(None))
            .values(totp_secret=sealed, totp_last_step=step)
        )
        if bound.rowcount != 1:
            return None
        _pass(connection, person, now, "totp.enroll")
        return recovery_codes.make(connection, person.user_id)


def verify(clinic: Clinic, person: Person, *, code: str, now: datetime) -> bool | Limited:
    """Whether the code, or the recovery code, is right and new; a wrong one counts among the account's tries."""

    def act(connection: Connection) -> bool:
        _pass(connection, person, now, "totp.pass")
        return True

    return _by_code(clinic, person, code, now, act)


def remove(clinic: Clinic, person: Person, *, code: str, now: datetime) -> bool | Limited:
    """Do without it from now on; it takes a code. Where the clinic asks for one, another has to be set up at once."""

    def act(connection: Connection) -> bool:
        forget(connection, person.user_id)
        _pass(connection, person, now, "totp.remove")
        if person.totp_required:
            # So that this browser, too, is served nothing but the page that sets it up.
            connection.execute(update(Session).where(Session.user_id == person.user_id).values(second_factor_at=None))
        return True

    return _by_code(clinic, person, code, now, act)


def forget(connection: Connection, user_id: str) -> None:
    """The account has no second factor any more, in the caller's transaction, which writes down why."""
    connection.execute(update(User).where(User.id == user_id).values(totp_secret=None, totp_last_step=None))
    recovery_codes.forget(connection, user_id)


def new_codes(clinic: Clinic, person: Person, *, code: str, now: datetime) -> recovery_codes.Codes | bool | Limited:
    """Ten new recovery codes in place of the old ones; it takes a code. False when that is wrong."""

    def act(connection: Connection) -> recovery_codes.Codes:
        _pass(connection, person, now, "totp.codes")
        return recovery_codes.make(connection, person.user_id)

    return _by_code(clinic, person, code, now, act)


def _by_code(
    clinic: Clinic, person: Person, code: str, now: datetime, act: Callable[[Connection], Done]
) -> Done | bool | Limited:
    """Do that in one transaction with the code's use, if the code is right; False when it is wrong."""
    reserved = reserve_try(clinic, person.email, now)
    if isinstance(reserved, Limited):
        return reserved
    with clinic.database.begin() as connection:
        if not _use(clinic, connection, person, code, now):
            return False
        forgive(connection, reserved)
        return act(connection)


def _use(clinic: Clinic, connection: Connection, person: Person, code: str, now: datetime) -> bool:
    sealed = connection.execute(select(User.totp_secret).where(User.id == person.user_id)).scalar_one()
    if sealed is None:
        return False
    step = _matching(clinic.vault.open("users.totp_secret", person.user_id, sealed), code, now)
    if step is None:
        return recovery_codes.use(connection, person.user_id, code, now=now)
    # Conditional, so that of two browsers with one code only one gets in.
    used = connection.execute(
        update(User)
        .where(User.id == person.user_id, or_(User.totp_last_step.is_(None), User.totp_last_step < step))
        .values(totp_last_step=step)
    )
    return used.rowcount == 1


def _pass(connection: Connection, person: Person, now: datetime, action: str) -> None:
    connection.execute(update(Session).where(Session.id == person.session_id).values(second_factor_at=now))
    audit.record(connection, at=now, actor=person.user_id, action=action, object_type="user", object_id=person.user_id)


def _matching(secret: str, code: str, now: datetime) -> int | None:
    given = "".join(code.split())
    if not (given.isascii() and given.isdigit()):
        return None
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    steps = range(present - LEEWAY, present + LEEWAY + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), given)), None)
