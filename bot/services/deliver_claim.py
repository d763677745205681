"""Claiming: due messages pass the gate, and those that may go are ours to send, committed before any call is made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.messages import MessageStatus, Origin
from bot.core.outreach import GateReason, Lane, Send
from bot.core.people import Channel, ConsentStatus, NumberStatus
from bot.core.provider import OutgoingText
from bot.services.clinic import Clinic
from bot.services.deliver_failure import Failing
from bot.services.gate import decide_all, drop, facts_of, store
from bot.services.outbox import LANE_RANK
from bot.services.ports import Urgency
from bot.store.columns import AnyRow
from bot.store.queries import gate as gate_queries
from bot.store.queries import outbox as queries
from bot.store.vault import Undecryptable, Vault

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=30)
"""Longer than a message waits for its turn and a call takes; after it another worker looks the outcome up."""
URGENT_RANK: Final = LANE_RANK[Lane.SAME_DAY]
ANY_RANK: Final = 99
LEAST_VALIDITY: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A claimed message: what to hand over, and what to know if that fails."""

    text: OutgoingText
    failing: Failing
    segments: int
    lane_rank: int
    claimed_at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        """The message's id."""
        return self.text.message_id

    @property
    def urgency(self) -> Urgency:
        """How it takes part in the send rate."""
        if self.lane_rank <= LANE_RANK[Lane.SAFETY]:
            return Urgency.SAFETY
        return Urgency.REPLY if self.lane_rank <= LANE_RANK[Lane.REPLY] else Urgency.BULK


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim brought: how many rows were looked at, how many of them were held or dropped."""

    ready: Sequence[Ready] = ()
    looked: int = 0
    held: int = 0
    dropped: int = 0


def claim(clinic: Clinic, *, limit: int, worst_rank: int = ANY_RANK) -> Claim:
    """Take up to so many due messages through the gate, in one transaction. Raises DatabaseDown."""
    now = clinic.clock()
    with clinic.database.begin() as connection:
        ids = queries.due_ids(connection, now, limit=limit, worst_rank=worst_rank)
        if not ids:
            return Claim()
        by_id = {row.id: row for row in gate_queries.messages(connection, ids)}
        rows = [by_id[message_id] for message_id in ids]
        decisions = decide_all(facts_of(connection, clinic, rows, now), now)
        store(connection, rows, decisions, now)
        sends = {message_id: d for message_id, d in decisions.items() if isinstance(d, Send)}
        ready = []
        for row in rows:
            if row.id in sends:
                try:
                    ready.append(_ready(clinic, row, sends[row.id], now))
                except Undecryptable:
                    log.error("a message cannot be read: its key is not among DATA_KEYS", message_id=row.id)
                    drop(connection, {row.id: "unreadable"}, now)
        if ready:
            queries.claim(connection, [text.id for text in ready], until=now + LEASE, now=now)
    held = sum(decision.word == "hold" for decision in decisions.values())
    return Claim(ready, len(rows), held, len(rows) - len(ready) - held)


def still_welcome(clinic: Clinic, batch: Sequence[Ready]) -> list[Ready]:
    """Those that may still go: a STOP, or a dead number, that came since the claim stops them here."""
    with clinic.database.read() as connection:
        rows = {row.id: row for row in queries.recheck(connection, [text.id for text in batch])}
    reasons = {text.id: reason for text in batch if (reason := _stopped(text, rows[text.id])) is not None}
    ours = {message_id: reason for message_id, reason in reasons.items() if reason}
    if ours:
        with clinic.database.begin() as connection:
            drop(connection, ours, clinic.clock())
    return [text for text in batch if text.id not in reasons]


def release(clinic: Clinic, batch: Sequence[Ready]) -> None:
    """Give back what was claimed and never handed over. Raises DatabaseDown."""
    with clinic.database.begin() as connection:
        queries.release(connection, [text.id for text in batch], clinic.clock())


def _stopped(text: Ready, row: AnyRow) -> str | None:
    """Why it must not go after all; empty when it is not ours to send any more."""
    if row.status is not MessageStatus.CLAIMED:
        return ""
    if text.failing.origin in (Origin.SAFETY, Origin.CONSENT):
        return None
    if row.consent is ConsentStatus.OPTED_OUT:
        return GateReason.NUMBER_OPTED_OUT
    return None if row.number_status is NumberStatus.ACTIVE else GateReason.NUMBER_INVALID


def _ready(clinic: Clinic, row: AnyRow, decision: Send, now: datetime) -> Ready:
    return Ready(
        text=OutgoingText(
            message_id=row.id,
            to=address(clinic.vault, row.contact_point_id, row.phone, row.channel),
            body=clinic.vault.open("messages.body", row.id, row.body),
            status_callback=status_url(clinic.settings.public_url, row.id),
            validity_seconds=_validity(decision, now),
        ),
        failing=Failing(
            message_id=row.id,
            conversation_id=row.conversation_id,
            contact_point_id=row.contact_point_id,
            patient_id=row.patient_id,
            appointment_id=row.appointment_id,
            enrollment_id=row.enrollment_id,
            origin=row.origin,
            attempts=row.attempts + 1,
            expires_at=row.expires_at,
        ),
        segments=max(1, row.segments),
        lane_rank=row.lane_rank,
    )


def _validity(decision: Send, now: datetime) -> int | None:
    if decision.valid_until is None:
        return None
    return max(LEAST_VALIDITY, int((decision.valid_until - now).total_seconds()))


def address(vault: Vault, contact_point_id: str, phone: bytes, channel: Channel) -> str:
    """The number as the provider takes it."""
    number = vault.open("contact_points.phone", contact_point_id, phone)
    return number if channel is Channel.SMS else f"{channel}:{number}"


def status_url(public_url: str, message_id: str) -> str:
    """Where the provider reports what becomes of it; our id there finds the row even before the SID is known."""
    return f"{public_url}/webhooks/twilio/status?id={message_id}"
