"""Settling: what the provider reports of a message is merged into its row, whenever and however often it comes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.core.delivery import FAILURES, merge, read_status
from bot.core.messages import DeliverySource, Direction, MessageStatus
from bot.services.clinic import Clinic
from bot.services.deliver_failure import Failing, undelivered
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import outbox as queries
from bot.store.tables import Conversation, Message

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
    Message.lane_rank,
    Message.attempts,
    Message.knocks,
    Message.expires_at,
).where(Message.direction == Direction.OUTBOUND)
# A SID that a look into the provider's list gave to a text with the same words is that text's from then on.
_BY_EITHER: Final = (
    _ROW.where(or_(Message.id == bindparam("which"), Message.twilio_sid == bindparam("sid")))
    .order_by(Message.id)
    .with_for_update()
)
_BY_SID: Final = _ROW.where(Message.twilio_sid == bindparam("sid")).with_for_update()
# An inbound text and the recording of an answer lock the conversation before its messages; so does a callback.
_LOCK: Final = select(Conversation.id).with_for_update(key_share=True)
_LOCK_BY_ID: Final = _LOCK.where(
    Conversation.id == select(Message.conversation_id).where(Message.id == bindparam("which")).scalar_subquery()
)
_LOCK_BY_SID: Final = _LOCK.where(
    Conversation.id == select(Message.conversation_id).where(Message.twilio_sid == bindparam("sid")).scalar_subquery()
)
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
_TOLL_FREE: Final = tuple(f"+1{area}" for area in (800, 833, 844, 855, 866, 877, 888))
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
    try:
        return _settle(clinic, message_id, sid=sid, word=word, error_code=error_code, now=now)
    except IntegrityError:
        # A look into the list gave this SID to another text with the same words a moment ago: now it is found there.
        return _settle(clinic, message_id, sid=sid, word=word, error_code=error_code, now=now)


@once_more
def _settle(
    clinic: Clinic, message_id: str | None, *, sid: str, word: MessageStatus, error_code: int | None, now: datetime
) -> bool:
    with clinic.database.begin() as connection:
        row = _find(connection, message_id, sid)
        if row is None:
            return False
        source = DeliverySource.CALLBACK
        report(connection, clinic, row, sid=sid, word=word, code=error_code, source=source, now=now)
    return True


def report(
    connection: Connection,
    clinic: Clinic,
    row: AnyRow,
    *,
    sid: str,
    word: MessageStatus,
    code: int | None,
    source: DeliverySource,
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
        toll_free = _is_toll_free(clinic.settings.twilio_phone_number)
        undelivered(connection, failing_of(row), code, clinic=clinic, now=now, toll_free=toll_free)


def _is_toll_free(number: str | None) -> bool:
    return number is not None and number.startswith(_TOLL_FREE)


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
        lane_rank=row.lane_rank,
        attempts=row.attempts,
        knocks=row.knocks,
        expires_at=row.expires_at,
    )


def _find(connection: Connection, message_id: str | None, sid: str) -> Any:
    if connection.dialect.name == "postgresql":  # On SQLite nobody else writes meanwhile.
        connection.execute(_LOCK_BY_ID if message_id else _LOCK_BY_SID, {"which": message_id, "sid": sid})
    if message_id is None:
        return connection.execute(_BY_SID, {"sid": sid}).first()
    rows = connection.execute(_BY_EITHER, {"which": message_id, "sid": sid}).all()
    return next((row for row in rows if row.twilio_sid == sid), rows[0] if rows else None)
