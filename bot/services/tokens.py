"""API tokens: made once, told once, kept as a digest, and revocable."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow, new_id
from bot.store.tables import ApiToken, TokenScope

PREFIX: Final = "tdr_"
"""Lets secret scanners recognise one that was left in a file."""
LONGEST: Final = 200

_BY_DIGEST = select(ApiToken.id, ApiToken.name, ApiToken.digest, ApiToken.scope).where(
    ApiToken.digest == bindparam("digest"), ApiToken.revoked_at.is_(None)
)
_ALL = select(ApiToken.id, ApiToken.name, ApiToken.scope, ApiToken.created_at, ApiToken.revoked_at).order_by(
    ApiToken.created_at, ApiToken.id
)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls the API: the token, never its secret."""

    id: str
    name: str
    scope: TokenScope

    @property
    def may_write(self) -> bool:
        """Whether this token may change anything."""
        return self.scope is TokenScope.WRITE


def create(clinic: Clinic, name: str, *, scope: TokenScope, actor: str, now: datetime) -> str:
    """Make a token and give its secret, which is kept nowhere. Raises DatabaseDown."""
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {"id": new_id(), "name": name, "digest": digest(secret), "scope": scope, "created_at": now}
    with clinic.database.begin() as connection:
        connection.execute(insert(ApiToken).values(row))
        audit.record(
            connection,
            at=now,
            actor=actor,
            action="token.create",
            object_type="token",
            object_id=str(row["id"]),
            detail={"scope": str(scope)},
        )
    return secret


def authenticate(clinic: Clinic, secret: str) -> Bearer | None:
    """Who holds this secret; None for one that is wrong or revoked. Raises DatabaseDown."""
    if not secret or len(secret) > LONGEST:
        return None
    given = digest(secret)
    with clinic.database.read() as connection:
        row = connection.execute(_BY_DIGEST, {"digest": given}).first()
    # Found by its digest, which tells an eavesdropper on our timing nothing of the secret.
    if row is None or not hmac.compare_digest(row.digest, given):
        return None
    return Bearer(row.id, row.name, row.scope)


def every(clinic: Clinic) -> Sequence[AnyRow]:
    """All tokens, the oldest first: id, name, scope, created_at, revoked_at."""
    with clinic.database.read() as connection:
        return connection.execute(_ALL).all()


def revoke(clinic: Clinic, which: str, *, actor: str, now: datetime) -> int:
    """End the token with this id, or all of this name; how many that were."""
    standing = ((ApiToken.id == which) | (ApiToken.name == which)) & ApiToken.revoked_at.is_(None)
    with clinic.database.begin() as connection:
        ids = connection.execute(select(ApiToken.id).where(standing)).scalars().all()
        for token_id in ids:
            connection.execute(update(ApiToken).where(ApiToken.id == token_id).values(revoked_at=now))
            audit.record(
                connection, at=now, actor=actor, action="token.revoke", object_type="token", object_id=token_id
            )
    return len(ids)


def digest(secret: str) -> str:
    """What is stored in place of the secret: random as it is, it needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
