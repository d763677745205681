"""Taking back: a signed note of what somebody has just done, which the page hands back within seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection

from bot.core.escalation import EscalationStatus
from bot.services.inbox_undo import UNDO_SHOWN, UNDO_WITHIN, Before
from bot.services.sessions import Person
from bot.store.columns import AnyRow
from bot.store.queries import inbox as queries
from bot.web.console.language import say


@dataclass(frozen=True, slots=True)
class Offer:
    """What has been done, in words, and the note by which it is taken back."""

    words: str
    note: str
    seconds: int = int(UNDO_SHOWN.total_seconds())


def note_of(befores: Sequence[Before], *, user_id: str, at: datetime) -> str:
    """A note that only this person can hand back."""
    return _sealer(user_id).dumps([at.isoformat(), *(astuple(before) for before in befores)])


def read_note(note: str, *, user_id: str) -> tuple[datetime, list[Before]] | None:
    """What a note says; None for one that we have not written for this person."""
    try:
        at, *befores = _sealer(user_id).loads(note)
    except BadSignature:
        return None
    return datetime.fromisoformat(at), [Before(*before) for before in befores]


def offer(connection: Connection, person: Person, escalation_id: str | None, now: datetime) -> Offer | None:
    """To take back what that person has just claimed or resolved; None where it was not they, or not just now."""
    row = queries.escalation(connection, escalation_id) if escalation_id else None
    if row is None or now - row.updated_at > UNDO_WITHIN:
        return None
    befores = [Before(row.id, row.version, None)]
    if row.status is EscalationStatus.RESOLVED and row.resolved_by == person.user_id:
        words = say("Resolved.")
    elif row.status is EscalationStatus.CLAIMED and row.claimed_by == person.user_id:
        words = say("It is yours.")
        befores += [
            Before(each.id, each.version, None)
            for each in claimed_in(connection, row.conversation_id, person.user_id)
            if each.id != row.id and each.claimed_at == row.claimed_at
        ]
    else:
        return None
    return Offer(words, note_of(befores, user_id=person.user_id, at=now))


def claimed_in(connection: Connection, conversation_id: str | None, user_id: str) -> list[AnyRow]:
    """What that person has claimed in a conversation, the most urgent first."""
    rows = queries.unresolved_of(connection, conversation_id) if conversation_id is not None else ()
    return [row for row in rows if row.claimed_by == user_id]


def _sealer(user_id: str) -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=f"undo {user_id}")
