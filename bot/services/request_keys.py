"""Asking for one thing twice under one key: what was done the first time is answered, and nothing is done again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from bot.services.outreach_keys import RequestKey
from bot.store.tables import RequestKey as RequestKeyRow
from bot.store.vault import Vault


class OtherRequest(ValueError):
    """Something else was asked for under this key before."""


def done_before(connection: Connection, vault: Vault, request_key: RequestKey, body: str) -> str | None:
    """What it was done to, where the same was asked for under this key before. Raises OtherRequest."""
    known = select(RequestKeyRow.body, RequestKeyRow.object_id)
    row = connection.execute(known.where(RequestKeyRow.id.in_(vault.indexes(_name(request_key))))).first()
    if row is None:
        return None
    if row.body not in vault.indexes(body):
        raise OtherRequest
    return str(row.object_id)


def keep(
    connection: Connection, vault: Vault, request_key: RequestKey, body: str, *, object_id: str, now: datetime
) -> None:
    """Write down what it was done to. Raises IntegrityError when somebody has used this key a moment ago."""
    row = {"id": vault.index(_name(request_key)), "body": vault.index(body), "object_id": object_id, "created_at": now}
    connection.execute(insert(RequestKeyRow).values(**row))


def _name(request_key: RequestKey) -> str:
    return f"request {request_key.actor} {request_key.key}"
