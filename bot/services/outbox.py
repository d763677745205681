"""Writing an outbound text down: the row exists, sealed and keyed, before anybody is asked to send it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from bot.core.messages import Direction, MessageStatus, Origin, Via
from bot.core.outreach import Lane
from bot.core.segments import segments
from bot.store.columns import new_id
from bot.store.tables import Message
from bot.store.vault import Vault

LANE_OF = {
    Origin.SAFETY: Lane.SAFETY,
    Origin.CONSENT: Lane.REPLY,
    Origin.REPLY: Lane.REPLY,
    Origin.STAFF: Lane.REPLY,
    Origin.OUTREACH: Lane.REMINDER,
}
LANE_RANK = {lane: rank for rank, lane in enumerate(Lane)}

_INSERT = insert(Message.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One outbound text to be written down. `dedupe_key` makes saying the same thing twice a constraint error."""

    conversation_id: str
    contact_point_id: str
    body: str
    kind: str
    origin: Origin
    language: str | None = None
    segments: int | None = None
    """As counted when it was rendered; counted here where that is not known."""
    faults: tuple[str, ...] = ()
    """What the lint found in it. It goes out all the same."""
    patient_id: str | None = None
    appointment_id: str | None = None
    appointment_version: int | None = None
    enrollment_id: str | None = None
    campaign_id: str | None = None
    lane: Lane | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    dedupe_key: str | None = None
    author_id: str | None = None
    budget_exempt: bool = False
    reply_to: str | None = None
    via: Via = Via.REST
    status: MessageStatus = MessageStatus.PLANNED
    decision: str | None = None
    decision_reason: str | None = None


def row_of(draft: Draft, *, vault: Vault, now: datetime, message_id: str | None = None) -> Mapping[str, Any]:
    """The row for `messages`, for a single insert or a bulk one."""
    message_id = message_id or new_id()
    lane = draft.lane or LANE_OF[draft.origin]
    return {
        "id": message_id,
        "conversation_id": draft.conversation_id,
        "contact_point_id": draft.contact_point_id,
        "patient_id": draft.patient_id,
        "appointment_id": draft.appointment_id,
        "appointment_version": draft.appointment_version,
        "enrollment_id": draft.enrollment_id,
        "campaign_id": draft.campaign_id,
        "direction": Direction.OUTBOUND,
        "origin": draft.origin,
        "kind": draft.kind,
        "body": vault.seal("messages.body", message_id, draft.body),
        "language": draft.language,
        "segments": segments(draft.body) if draft.segments is None else draft.segments,
        "media": [],
        "status": draft.status,
        "via": draft.via,
        "reply_to": draft.reply_to,
        "dedupe_key": draft.dedupe_key,
        "lane": lane,
        "lane_rank": LANE_RANK[lane],
        "due_at": draft.due_at or now,
        "expires_at": draft.expires_at,
        "attempts": 0,
        "author_id": draft.author_id,
        "budget_exempt": draft.budget_exempt,
        "decision": draft.decision,
        "decision_reason": draft.decision_reason,
        "created_at": now,
        "updated_at": now,
    }


def put(connection: Connection, draft: Draft, *, vault: Vault, now: datetime) -> str:
    """Write one outbound text down and give its id. The caller commits, then hints the queue."""
    row = row_of(draft, vault=vault, now=now)
    connection.execute(_INSERT, row)
    return str(row["id"])
