"""Asking for one outreach twice under one key: what was answered the first time, kept with the message itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from bot.core.outreach import Verdict
from bot.store.columns import AnyRow
from bot.store.tables import OutreachKey
from bot.store.vault import Vault

_INSERT = insert(OutreachKey.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class RequestKey:
    """By what a caller knows a request again: words of its own choice, good for its own requests only."""

    actor: str
    key: str


def answered(connection: Connection, vault: Vault, request_key: RequestKey) -> AnyRow | None:
    """What was answered under this key, if anything: body, message_id, decision, reason."""
    wanted = OutreachKey.id.in_(vault.indexes(_name(request_key)))
    return connection.execute(
        select(OutreachKey.body, OutreachKey.message_id, OutreachKey.decision, OutreachKey.reason).where(wanted)
    ).first()


def is_same(row: AnyRow, vault: Vault, body: str) -> bool:
    """Whether the same was asked for then."""
    marks: Sequence[str] = vault.indexes(body)
    return row.body in marks


def keep(
    connection: Connection,
    vault: Vault,
    request_key: RequestKey,
    body: str,
    *,
    message_id: str,
    decision: Verdict,
    reason: str,
    now: datetime,
) -> None:
    """Write the answer down. Raises IntegrityError when somebody has answered under this key a moment ago."""
    row = {"message_id": message_id, "decision": decision, "reason": reason, "created_at": now}
    # Indexes, not the words themselves: the body may hold a question to a patient, and the key anything.
    connection.execute(_INSERT, {"id": vault.index(_name(request_key)), "body": vault.index(body), **row})


def _name(request_key: RequestKey) -> str:
    return f"outreach {request_key.actor} {request_key.key}"
