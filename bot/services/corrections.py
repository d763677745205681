"""A coordinator says what a text meant; such texts become labelled lines, for the lexicons' next review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.core.intents import Context, Intent
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.inbox import Gone
from bot.store.columns import AnyRow
from bot.store.queries import corrections
from bot.store.vault import Vault


def correct(clinic: Clinic, *, message_id: str, intent: Intent, actor_id: str, now: datetime) -> str | Gone:
    """Keep what a patient's text meant; gives its conversation. What the bot did is put right by other means."""
    with clinic.database.begin() as connection:
        row = corrections.inbound(connection, message_id)
        if row is None:
            return Gone()
        corrections.add(connection, message_id=message_id, intent=intent, author_id=actor_id, at=now)
        audit.record(
            connection, at=now, actor=actor_id, action="message.correct", object_type="message",
            object_id=message_id, detail={"read": row.kind, "meant": str(intent)},
        )  # fmt: skip
    return str(row.conversation_id)


def export(clinic: Clinic, *, since: datetime | None, now: datetime) -> Iterator[dict[str, object]]:
    """Labelled lines in the form that `bot evaluate` reads, one a text, by the latest correction."""
    with clinic.database.begin() as connection:
        audit.record(connection, at=now, actor="cli", action="corrections.export", object_type="corrections")
    with clinic.database.read() as connection:
        rows = {row.message_id: row for row in corrections.labelled(connection, since=since)}
        yield from (_line(row, clinic.vault) for row in rows.values())


def _line(row: AnyRow, vault: Vault) -> dict[str, object]:
    read: Mapping[str, Any] = row.understood or {}
    line: dict[str, object] = {
        "id": row.message_id,
        "text": vault.open("messages.body", row.message_id, row.body),
        "lang": row.language or "",
        "context": read.get("context") or str(Context.NONE),
    }
    if options := read.get("options"):
        line["options"] = options
    if row.prompt is not None:
        line["prompt"] = vault.open("questions.prompt", row.question_id, row.prompt)
    return {
        **line,
        "expect": [str(row.intent)],
        "must_not": [],
        "tags": ["correction"],
        "read": read.get("intents", []),
        "corrected_at": row.at.isoformat(),
    }
