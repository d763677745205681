"""A message's way from planned to its final status: claiming, recording, looking up. Statements are built once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, case, func, or_, select, text, update

from bot.core.journey import QuestionState
from bot.core.messages import DeliverySource, Direction, MessageStatus, Origin, Via
from bot.store.columns import AnyRow, new_id
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import ContactPoint, Conversation, DeliveryEvent, Message, Question

# Any fixed number: PostgreSQL's advisory lock that puts claims in line, so that two workers never spend one patient's
# budget twice. Held for the few milliseconds of a claim.
CLAIM_LOCK = 7_404_502
OURS = (MessageStatus.PLANNED, MessageStatus.DROPPED, MessageStatus.CLAIMED, MessageStatus.UNKNOWN)
"""What the provider's word replaces."""

LONGEST_LEASE = timedelta(hours=1)

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_NOW: BindParameter[Any] = bindparam("now")

_DUE = (
    select(Message.id)
    .where(
        Message.status == MessageStatus.PLANNED,
        Message.due_at <= _NOW,
        Message.lane_rank <= bindparam("worst_rank"),
    )
    .order_by(Message.lane_rank, Message.due_at, Message.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_ANY_DUE = select(1).where(Message.status == MessageStatus.PLANNED, Message.due_at <= _NOW).limit(1)
_CLAIM = (
    update(Message)
    .where(Message.id.in_(_IDS))
    .values(
        status=MessageStatus.CLAIMED,
        lease_until=bindparam("until"),
        claimed_by=bindparam("holder"),
        attempts=Message.attempts + 1,
        decision="send",
        decision_reason="ok",
        updated_at=_NOW,
    )
)
_RELEASE = (
    update(Message)
    .where(Message.id.in_(_IDS), Message.status == MessageStatus.CLAIMED, Message.claimed_by == bindparam("holder"))
    .values(status=MessageStatus.PLANNED, lease_until=None, attempts=Message.attempts - 1, updated_at=_NOW)
)
_RENEW = (
    update(Message)
    .where(Message.id.in_(_IDS), Message.status == MessageStatus.CLAIMED, Message.claimed_by == bindparam("holder"))
    .values(lease_until=bindparam("until"), updated_at=_NOW)
    .returning(Message.id)
)
_ACCEPTED = (
    update(Message)
    .where(Message.id == bindparam("which"))
    .values(
        # A callback may have been here first: its word stands, the SID and the time are filled in.
        # Spelt out, since a statement for many rows at once cannot hold an IN.
        status=case((or_(*(Message.status == ours for ours in OURS)), bindparam("word")), else_=Message.status),
        twilio_sid=func.coalesce(Message.twilio_sid, bindparam("sid")),
        sent_at=func.coalesce(Message.sent_at, bindparam("at")),
        via=Via.REST,
        lease_until=None,
        updated_at=bindparam("at"),
    )
)
_UNKNOWN = (
    update(Message)
    .where(Message.id.in_(_IDS), Message.status == MessageStatus.CLAIMED)
    .values(status=MessageStatus.UNKNOWN, lease_until=bindparam("until"), updated_at=_NOW)
)
_AGAIN = (
    update(Message)
    .where(Message.id == bindparam("which"), Message.status.in_([MessageStatus.CLAIMED, MessageStatus.UNKNOWN]))
    .values(
        status=MessageStatus.PLANNED,
        due_at=bindparam("due"),
        error_code=bindparam("code"),
        lease_until=None,
        updated_at=_NOW,
    )
)
_KNOCKED = _AGAIN.values(attempts=Message.attempts - 1, knocks=Message.knocks + 1)
_FAILED = (
    update(Message)
    .where(Message.id == bindparam("which"), Message.status.in_(OURS))
    .values(status=MessageStatus.FAILED, error_code=bindparam("code"), lease_until=None, updated_at=_NOW)
)
_ASKED = (
    update(Question)
    .where(Question.message_id.in_(_IDS), Question.state == QuestionState.PREPARED)
    .values(state=QuestionState.OPEN, asked_at=_NOW)
)
_SPOKEN = (
    update(Conversation)
    .where(Conversation.id == bindparam("which"))
    .values(last_outbound_at=bindparam("at"), version=Conversation.version + 1)
)
_STALE = (
    select(Message.id, Message.contact_point_id, Message.status, Message.updated_at)
    .where(
        or_(
            and_(
                Message.status.in_([MessageStatus.CLAIMED, MessageStatus.UNKNOWN]),
                # Far ahead: written by a clock that has been set back since.
                or_(Message.lease_until <= _NOW, Message.lease_until > bindparam("far")),
            ),
            and_(
                Message.status == MessageStatus.SENDING,
                Message.via == Via.TWIML,
                Message.twilio_sid.is_(None),
                Message.created_at <= bindparam("answered_before"),
            ),
        )
    )
    .order_by(Message.lane_rank, Message.created_at)
    .limit(bindparam("limit"))
)
_THEIR_CONVERSATION = (
    select(Conversation.id).where(Conversation.contact_point_id == bindparam("number")).scalar_subquery()
)
# Every text to this number that has no SID yet: each may be one of those in the provider's list.
_NAMELESS = (
    select(
        Message.id,
        Message.conversation_id,
        Message.contact_point_id,
        Message.patient_id,
        Message.appointment_id,
        Message.enrollment_id,
        Message.origin,
        Message.lane_rank,
        Message.expires_at,
        Message.attempts,
        Message.knocks,
        Message.body,
        Message.created_at,
        Message.status,
        Message.twilio_sid,
        Message.updated_at,
    )
    .where(
        Message.conversation_id == _THEIR_CONVERSATION,
        Message.direction == Direction.OUTBOUND,
        Message.twilio_sid.is_(None),
        Message.status.in_([MessageStatus.CLAIMED, MessageStatus.UNKNOWN, MessageStatus.SENDING]),
    )
    .order_by(Message.created_at, Message.id)
    .with_for_update()
)
_NUMBERS = select(ContactPoint.id, ContactPoint.phone, ContactPoint.channel).where(ContactPoint.id.in_(_IDS))
_TAKEN = select(Message.twilio_sid, Message.sent_at).where(Message.twilio_sid.in_(_IDS))
_REPLAN = (
    update(Message)
    .where(Message.id == bindparam("which"))
    .values(
        status=MessageStatus.PLANNED,
        via=Via.REST,
        due_at=bindparam("at"),
        lease_until=None,
        updated_at=bindparam("at"),
    )
)
_WAITING = select(Message.id).where(
    Message.contact_point_id == bindparam("number"),
    Message.status == MessageStatus.PLANNED,
    Message.origin == Origin.OUTREACH,
)


def due_ids(connection: Connection, now: datetime, *, limit: int, worst_rank: int) -> list[str]:
    """The planned messages that are due, locked, those that matter most first. One claim at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CLAIM_LOCK})
    return list(connection.execute(_DUE, {"now": now, "limit": limit, "worst_rank": worst_rank}).scalars())


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether some message is due."""
    return connection.execute(_ANY_DUE, {"now": now}).first() is not None


def claim(connection: Connection, ids: Sequence[str], *, holder: str, until: datetime, now: datetime) -> None:
    """These are the holder's to send until then; a crash from here on means that the outcome is looked up."""
    connection.execute(_CLAIM, {"ids": ids, "holder": holder, "until": until, "now": now})


def renew(connection: Connection, ids: Sequence[str], *, holder: str, until: datetime, now: datetime) -> list[str]:
    """Those of these that are still the holder's, for as long again: nobody else touches them during the call."""
    values = {"ids": ids, "holder": holder, "until": until, "now": now}
    return list(connection.execute(_RENEW, values).scalars())


def release(connection: Connection, ids: Sequence[str], *, holder: str, now: datetime) -> None:
    """Claimed and never handed over: somebody else may."""
    if ids:
        connection.execute(_RELEASE, {"ids": ids, "holder": holder, "now": now})


def accepted(connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """The provider has these: `{"which", "word", "sid", "conversation_id"}` each."""
    spoken(connection, [row["conversation_id"] for row in rows], now)
    connection.execute(_ASKED, {"ids": [row["which"] for row in rows], "now": now})
    ordered = sorted(rows, key=lambda row: str(row["which"]))
    connection.execute(
        _ACCEPTED,
        [{"which": row["which"], "word": row["word"], "sid": row["sid"], "at": now} for row in ordered],
    )


def asked(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """The questions that these messages ask are open."""
    connection.execute(_ASKED, {"ids": ids, "now": now})


def spoken(connection: Connection, conversation_ids: Sequence[str], now: datetime) -> None:
    """Something went out in these conversations. First in its transaction, as an inbound locks them first too."""
    rows = [{"which": conversation_id, "at": now} for conversation_id in sorted(set(conversation_ids))]
    connection.execute(_SPOKEN, rows)


def unknown(connection: Connection, ids: Sequence[str], *, until: datetime, now: datetime) -> None:
    """The provider may have these: looked up from then on."""
    connection.execute(_UNKNOWN, {"ids": ids, "until": until, "now": now})


def again(connection: Connection, message_id: str, *, due: datetime, code: int | None, now: datetime) -> None:
    """Certainly not sent: planned anew."""
    connection.execute(_AGAIN, {"which": message_id, "due": due, "code": code, "now": now})


def knocked(connection: Connection, message_id: str, *, due: datetime, code: int | None, now: datetime) -> None:
    """Nobody has looked at it: planned anew, and no try of it."""
    connection.execute(_KNOCKED, {"which": message_id, "due": due, "code": code, "now": now})


def failed(connection: Connection, message_id: str, *, code: int | None, now: datetime) -> bool:
    """Over without having been sent; False when a report of the provider's says otherwise."""
    return connection.execute(_FAILED, {"which": message_id, "code": code, "now": now}).rowcount > 0


def stale(connection: Connection, now: datetime, *, answered_before: datetime, limit: int) -> Sequence[AnyRow]:
    """Messages whose outcome nobody will report any more: the lease has passed, or no callback came for an answer."""
    moments = {"now": now, "far": now + LONGEST_LEASE, "answered_before": answered_before}
    return connection.execute(_STALE, {**moments, "limit": limit}).all()


def numbers(connection: Connection, ids: Sequence[str]) -> Sequence[AnyRow]:
    """These phones."""
    return connection.execute(_NUMBERS, {"ids": ids}).all()


def nameless(connection: Connection, contact_point_id: str) -> Sequence[AnyRow]:
    """Texts to this number that went, or may have gone, and have no SID yet, locked, the oldest first."""
    return connection.execute(_NAMELESS, {"number": contact_point_id}).all()


def taken(connection: Connection, sids: Sequence[str]) -> Mapping[str, datetime | None]:
    """Those of these SIDs that belong to a message of ours, and when we knew that it had gone."""
    return {row.twilio_sid: row.sent_at for row in connection.execute(_TAKEN, {"ids": sids})}


def replan(connection: Connection, message_id: str, now: datetime) -> None:
    """The provider never had it: due again at once, through the gate and REST."""
    connection.execute(_REPLAN, {"which": message_id, "at": now})


def waiting_outreach(connection: Connection, contact_point_id: str) -> list[str]:
    """What the clinic started and has not sent yet to this number."""
    return list(connection.execute(_WAITING, {"number": contact_point_id}).scalars())


def events(connection: Connection, rows: Sequence[Mapping[str, Any]], *, source: DeliverySource, now: datetime) -> None:
    """Note reports `{"message_id", "twilio_sid", "status", "error_code"}`, except those known already."""
    full = [{**row, "id": new_id(), "source": source, "at": now} for row in rows]
    connection.execute(insert_or_ignore(connection, DeliveryEvent.__table__), full)
