"""What is said in a conversation, line by line: texts in and out, notes, and who speaks in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.core.delivery import FAILURES
from bot.core.intents import Intent
from bot.core.messages import STAFF_LATER, Direction, MessageStatus, Origin
from bot.core.people import Relation
from bot.store.columns import AnyRow
from bot.store.vault import Vault


class Who(StrEnum):
    """Who says something in a conversation."""

    BOT = "bot"
    COLLEAGUE = "colleague"
    PATIENT = "patient"
    CAREGIVER = "caregiver"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing in the conversation: a text in or out, or a note that was never sent."""

    id: str
    note: bool
    inbound: bool
    speaker: str
    body: str
    language: str | None
    at: datetime
    status: MessageStatus | None = None
    error_code: int | None = None
    decision: str | None = None
    decision_reason: str | None = None
    segments: int = 1
    pictures: int = 0
    undo_until: datetime | None = None
    kind: str = ""
    meant: Intent | None = None
    """What a colleague says that an inbound text meant."""
    who: Who = Who.COLLEAGUE
    relation: Relation | None = None
    """Of a caregiver to the patient, who is the speaker's name then."""
    later: bool = False
    """Kept for its time, which is still to come."""
    overtaken: bool = False
    """The patient has written since: it does not go out by itself."""

    @property
    def failed(self) -> bool:
        """Whether the patient did not get it."""
        return self.status in FAILURES or self.status is MessageStatus.DROPPED


def line_of(
    vault: Vault,
    row: AnyRow,
    names: Mapping[str, str],
    callers: Mapping[str, str],
    user_id: str,
    *,
    held_for: Mapping[str, Relation] = MappingProxyType({}),
    heard_at: datetime | None = None,
) -> Line:
    """A row of `messages`, opened; `callers` names patients, `names` colleagues, `held_for` whose phone others hold."""
    inbound = row.direction is Direction.INBOUND
    kept = row.kind == STAFF_LATER
    later = kept and row.status is MessageStatus.PLANNED
    planned = row.status is MessageStatus.PLANNED and row.origin is Origin.STAFF and row.author_id == user_id
    return Line(
        id=row.id,
        note=False,
        inbound=inbound,
        speaker=_speaker(row, names, callers),
        body=vault.open("messages.body", row.id, row.body),
        language=row.language,
        at=(row.sent_at or row.due_at) if kept else row.created_at,
        status=None if inbound else row.status,
        error_code=row.error_code,
        decision=row.decision,
        decision_reason=row.decision_reason,
        segments=row.segments,
        pictures=len(row.media or ()),
        undo_until=row.due_at if planned and not kept else None,
        kind=row.kind,
        who=_who(row, callers, held_for),
        relation=held_for.get(row.patient_id or "") if inbound else None,
        later=later,
        overtaken=later and heard_at is not None and heard_at > row.created_at,
    )


def _who(row: AnyRow, callers: Mapping[str, str], held_for: Mapping[str, Relation]) -> Who:
    if row.direction is Direction.OUTBOUND:
        return Who.COLLEAGUE if row.origin is Origin.STAFF else Who.BOT
    if not callers:
        return Who.UNKNOWN
    theirs = row.patient_id in held_for if row.patient_id else len(held_for) == len(callers)
    return Who.CAREGIVER if theirs else Who.PATIENT


def _speaker(row: AnyRow, names: Mapping[str, str], callers: Mapping[str, str]) -> str:
    if row.direction is Direction.INBOUND:
        return callers.get(row.patient_id or "") or ("Patient" if callers else "Unknown number")
    if row.origin is Origin.STAFF:
        return names.get(row.author_id or "", "A colleague")
    return "Bot"


def note_of(vault: Vault, row: AnyRow, names: Mapping[str, str]) -> Line:
    """A row of `notes`, opened."""
    return Line(
        id=row.id,
        note=True,
        inbound=False,
        speaker=names.get(row.author_id, "A colleague"),
        body=vault.open("notes.body", row.id, row.body),
        language=None,
        at=row.at,
    )
