"""Console accounts with all that lets them in: sessions, invitations, recovery codes, tokens; and the audit trail."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Id, Table, word


class Role(StrEnum):
    """What a console account may do."""

    COORDINATOR = "coordinator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    READ_ONLY = "read-only"


class TokenScope(StrEnum):
    """What an API token may do."""

    READ = "read"
    WRITE = "write"


class User(Table):
    """A console account."""

    __tablename__ = "users"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """Folded to lower case."""
    name: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[Role] = word(Role)
    password_hash: Mapped[str] = mapped_column(String(255))
    totp_secret: Mapped[bytes | None]
    """Sealed as users.totp_secret; None until enrolled."""
    totp_last_step: Mapped[int | None]
    """The time step last used, so that one code works once."""
    active: Mapped[bool] = mapped_column(default=True)
    locations: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """Names as `appointments.location` has them; empty: the whole clinic."""
    language: Mapped[str | None] = mapped_column(String(16))
    """The console's language for this person; None: the browser's."""
    created_at: Mapped[datetime]


class Invitation(Table):
    """A link by which somebody makes their account; only its hash is stored, and it works once."""

    __tablename__ = "invitations"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[Role] = word(Role)
    locations: Mapped[list[str]] = mapped_column(JSON, default=list)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCode(Table):
    """A code that stands in for the second factor, once."""

    __tablename__ = "recovery_codes"

    id: Mapped[Id]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class BreakGlass(Table):
    """Somebody opened a patient outside their locations, for a reason that is reviewed afterwards."""

    __tablename__ = "break_glass"
    __table_args__ = (Index("ix_break_glass_user_id_patient_id_until", "user_id", "patient_id", "until"),)

    id: Mapped[Id]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"))
    reason: Mapped[bytes]
    """Sealed as break_glass.reason."""
    at: Mapped[datetime]
    until: Mapped[datetime]


class Session(Table):
    """A signed-in browser; the cookie holds a secret of which only the hash is stored."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the cookie's secret."""
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    agent: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """What the browser calls itself, for the list of sessions."""
    ended_at: Mapped[datetime | None]


class SignInTry(Table):
    """One failed sign-in, for the limit per account."""

    __tablename__ = "sign_in_tries"
    __table_args__ = (Index("ix_sign_in_tries_account_at", "account", "at"),)

    id: Mapped[Id]
    account: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the folded e-mail address, known or not."""
    at: Mapped[datetime]


class ApiToken(Table):
    """A bearer token; only its hash is stored."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[TokenScope] = word(TokenScope)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Table):
    """Who did what to what: append-only, each line hashed over the one before."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_object_id", "object_id"),
        Index("ix_audit_entries_actor_seq", "actor", "seq"),
        Index("ix_audit_entries_at_seq", "at", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(48))
    object_type: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str | None] = mapped_column(String(128))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Ids and words only, never a patient's data."""
    digest: Mapped[str] = mapped_column(String(64))
