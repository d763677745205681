"""Settling: what the provider reports of a message is merged into its row, whenever and however often it comes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import Connection, bindparam, select, update

from bot.core.delivery import FAILURES, merge, read_status
from bot.core.messages import DeliverySource, Direction, MessageStatus
from bot.services.clinic import Clinic
from bot.services.deliver_failure import Failing, undelivered
from bot.store.columns import AnyRow
from bot.store.database import IN_A_CIRCLE, DatabaseDown
from bot.store.queries import outbox as queries
from bot.store.tables import Conversation, Message
from bot.store.vault import Vault

log = structlog.get_logger()

_ROW: Final = select(
    Message.id,
    Message.conversation_id,
    Message.contact_point_id,
    Message.patient_id,
    Message.appointment_id,
    Message.enrollment_id,
    Message.origin,
    Message.status,
    Message.twilio_sid,
    Message.attempts,
    Message.expires_at,
).where(Message.direction == Direction.OUTBOUND)
_BY_ID: Final = _ROW.where(Message.id == bindparam("which")).with_for_update()
_BY_SID: Final = _ROW.where(Message.twilio_sid == bindparam("which")).with_for_update()
# An inbound text and the recording of an answer lock the conversation before its messages; so does a callback.
_LOCK: Final = select(Conversation.id).with_for_update(key_share=True)
_LOCK_BY_ID: Final = _LOCK.where(
    Conversation.id == select(Message.conversation_id).where(Message.id == bindparam("which")).scalar_subquery()
)
_LOCK_BY_SID: Final = _LOCK.where(
    Conversation.id == select(Message.conversation_id).where(Message.twilio_sid == bindparam("which")).scalar_subquery()
)
TRIES: Final = 3
_MERGED: Final = (
    update(Message)
    .where(Message.id == bindparam("which"))
    .values(
        status=bindparam("word"),
        twilio_sid=bindparam("sid"),
        error_code=bindparam("code"),
        lease_until=None,
        updated_at=bindparam("at"),
    )
)
_FIRST_HEARD: Final = (
    update(Message).where(Message.id == bindparam("which"), Message.sent_at.is_(None)).values(sent_at=bindparam("at"))
)
_NOT_SENT_YET: Final = frozenset(
    {MessageStatus.PLANNED, MessageStatus.CLAIMED, MessageStatus.UNKNOWN, MessageStatus.DROPPED}
)


def settle(
    clinic: Clinic, *, message_id: str | None, sid: str, status: str, error_code: int | None, now: datetime
) -> bool:
    """Take one status callback; False when the message or the word is none that we know. Raises DatabaseDown.

    `message_id` is ours, out of the callback's URL: it finds the row even before the provider's answer was recorded.
    """
    word = read_status(status)
    if word is None:
        return False
    for _try in range(TRIES - 1):
        try:
            return _settle(clinic, message_id, sid, word, error_code, now)
        except DatabaseDown as error:
            # Twilio says it once only: what was given up for another's sake is done again here.
            if str(error) not in IN_A_CIRCLE:
                raise
            log.warning("settled once more", reason=str(error))
    return _settle(clinic, message_id, sid, word, error_code, now)


def _settle(
    clinic: Clinic, message_id: str | None, sid: str, word: MessageStatus, error_code: int | None, now: datetime
) -> bool:
    with clinic.database.begin() as connection:
        row = _find(connection, message_id, sid)
        if row is None:
            return False
        source = DeliverySource.CALLBACK
        report(connection, row, sid=sid, word=word, code=error_code, source=source, vault=clinic.vault, now=now)
    return True


def report(
    connection: Connection,
    row: AnyRow,
    *,
    sid: str,
    word: MessageStatus,
    code: int | None,
    source: DeliverySource,
    vault: Vault,
    now: datetime,
) -> None:
    """Merge one report into its locked row. Never commits."""
    if row.twilio_sid is not None and row.twilio_sid != sid:
        # Another message at the provider under our id: this one's own reports are what counts.
        log.error("a second SID for one message", message_id=row.id)
        return
    event = {"message_id": row.id, "twilio_sid": sid, "status": word, "error_code": code or 0}
    queries.events(connection, [event], source=source, now=now)
    merged = merge(row.status, word)
    if merged is row.status and row.twilio_sid == sid:
        return
    if row.status in _NOT_SENT_YET:
        queries.spoken(connection, [row.conversation_id], now)
        queries.asked(connection, [row.id], now)
    news = {"which": row.id, "word": merged, "sid": sid, "code": code if merged is word else None, "at": now}
    connection.execute(_MERGED, news)
    if row.status in _NOT_SENT_YET or row.twilio_sid is None:
        connection.execute(_FIRST_HEARD, {"which": row.id, "at": now})
    if merged in FAILURES and merged is not row.status:
        undelivered(connection, failing_of(row), code, vault=vault, now=now)


def failing_of(row: AnyRow) -> Failing:
    """The row as the rules of failure take it."""
    return Failing(
        message_id=row.id,
        conversation_id=row.conversation_id,
        contact_point_id=row.contact_point_id,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
        enrollment_id=row.enrollment_id,
        origin=row.origin,
        attempts=row.attempts,
        expires_at=row.expires_at,
    )


def _find(connection: Connection, message_id: str | None, sid: str) -> Any:
    lock, wanted, which = (_LOCK_BY_ID, _BY_ID, message_id) if message_id else (_LOCK_BY_SID, _BY_SID, sid)
    if connection.dialect.name == "postgresql":  # On SQLite nobody else writes meanwhile.
        connection.execute(lock, {"which": which})
    return connection.execute(wanted, {"which": which}).first()
