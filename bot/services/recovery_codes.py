"""Recovery codes: ten per account, shown once, each standing in for the second factor once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.services import audit
from bot.services.accounts import new_password
from bot.store.columns import new_id
from bot.store.tables import RecoveryCode

HOW_MANY: Final = 10

Codes: TypeAlias = tuple[str, ...]

_CODE = insert(RecoveryCode.__table__)  # type: ignore[arg-type]


def make(connection: Connection, user_id: str) -> Codes:
    """Ten new ones in place of all older ones, in the caller's transaction. Only their hashes are kept."""
    forget(connection, user_id)
    codes = tuple(new_password() for _ in range(HOW_MANY))
    rows = [{"id": new_id(), "user_id": user_id, "digest": _digest(user_id, code)} for code in codes]
    connection.execute(_CODE, rows)
    return codes


def use(connection: Connection, user_id: str, code: str, *, now: datetime) -> bool:
    """Whether that is one of the account's codes that was not used yet; from now on it is."""
    used = connection.execute(
        update(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        .where(RecoveryCode.digest == _digest(user_id, code))
        .values(used_at=now)
    )
    if used.rowcount != 1:
        return False
    audit.record(
        connection, at=now, actor=user_id, action="recovery-code.use", object_type="user", object_id=user_id,
        detail={"left": left(connection, user_id)},
    )  # fmt: skip
    return True


def left(connection: Connection, user_id: str) -> int:
    """How many can still be used."""
    query = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return int(connection.execute(query.select_from(RecoveryCode)).scalar_one())


def forget(connection: Connection, user_id: str) -> None:
    """None of them works any more."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _digest(user_id: str, code: str) -> str:
    # Typed from paper: neither case, nor blanks, nor hyphens count. 80 bits need no slow hash.
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(f"{user_id}:{plain}".encode("utf-8", "surrogatepass")).hexdigest()
