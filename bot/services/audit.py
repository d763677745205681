"""The audit trail: who did what to what, append-only, each line hashed over the one before."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from bot.store.tables import AuditEntry

FIRST = "0" * 64
# Any fixed number: PostgreSQL's advisory lock that puts writers of the chain in line.
CHAIN_LOCK = 7_404_501
HASHED = ("at", "actor", "action", "object_type", "object_id", "detail")

_LAST = select(AuditEntry.digest).order_by(AuditEntry.seq.desc()).limit(1)
_INSERT = insert(AuditEntry.__table__)  # type: ignore[arg-type]


def record(
    connection: Connection,
    *,
    at: datetime,
    actor: str,
    action: str,
    object_type: str,
    object_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one line, in the caller's transaction. `detail` holds ids and words only, never a patient's data."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    before = connection.execute(_LAST).scalar_one_or_none() or FIRST
    row = {
        "at": at,
        "actor": actor,
        "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "detail": dict(detail or {}),
    }
    connection.execute(_INSERT, {**row, "digest": chained(before, row)})


def chained(before: str, row: Mapping[str, Any]) -> str:
    """The digest of a line, over the digest of the one before."""
    body = json.dumps({**row, "at": row["at"].isoformat()}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}{body}".encode()).hexdigest()


def first_broken(connection: Connection) -> int | None:
    """The number of the first line whose digest does not follow from the one before; None when the chain holds."""
    before = FIRST
    for row in connection.execute(select(AuditEntry).order_by(AuditEntry.seq)).mappings():
        expected = chained(
            before, {key: row[key] for key in ("at", "actor", "action", "object_type", "object_id", "detail")}
        )
        if not hmac.compare_digest(expected, row["digest"]):
            return int(row["seq"])
        before = row["digest"]
    return None
