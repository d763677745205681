"""Claiming: due messages pass the gate and are ours, committed; right before the call the gate is asked once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.messages import STAFF_LATER
from bot.core.outreach import Lane, Send
from bot.core.people import Channel
from bot.core.provider import OutgoingText
from bot.services import brakes, inbox_later
from bot.services.brakes import ANY_RANK
from bot.services.clinic import Clinic
from bot.services.deliver_failure import Failing
from bot.services.gate import decide_all, drop, facts_of, store
from bot.services.outbox import LANE_RANK
from bot.services.ports import Urgency
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import gate as gate_queries
from bot.store.queries import outbox as queries
from bot.store.vault import Undecryptable, Vault

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=30)
"""Longer than a message waits for its turn, and than a call takes; after it another worker looks the outcome up."""
URGENT_RANK: Final = LANE_RANK[Lane.SAME_DAY]
LEAST_VALIDITY: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A claimed message: what to hand over, and what to know if that fails."""

    text: OutgoingText
    failing: Failing
    segments: int
    lane_rank: int

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
    probing: bool = False
    """The provider has refused us before: let it be known when it takes something."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look right before the call brought: what may go, and what became of the rest."""

    welcome: Sequence[Ready] = ()
    held: int = 0
    dropped: int = 0


@once_more
def claim(clinic: Clinic, *, holder: str, limit: int, worst_rank: int = ANY_RANK) -> Claim:
    """Take up to so many due messages through the gate, in one transaction. Raises DatabaseDown."""
    now = clinic.clock()
    with clinic.database.begin() as connection:
        leave = brakes.leave(connection, now)
        most = 1 if leave.probing else limit
        ids = queries.due_ids(connection, now, limit=most, worst_rank=min(worst_rank, leave.worst_rank))
        if not ids:
            return Claim(probing=leave.probing)
        by_id = {row.id: row for row in gate_queries.messages(connection, ids)}
        rows = [by_id[message_id] for message_id in ids]
        decisions = decide_all(facts_of(connection, clinic, rows, now), now)
        inbox_later.warn(clinic, connection, rows, decisions, now)
        store(connection, clinic, rows, decisions, now)
        sends = {message_id: d for message_id, d in decisions.items() if isinstance(d, Send)}
        ready = []
        for row in rows:
            if row.id in sends:
                try:
                    ready.append(text := _ready(clinic, row, sends[row.id], now))
                    if row.kind == STAFF_LATER:
                        inbox_later.going(connection, row.conversation_id, text.text.body, row.held_by, now)
                except Undecryptable:
                    log.error("a message cannot be read: its key is not among DATA_KEYS", message_id=row.id)
                    drop(connection, {row.id: "unreadable"}, now)
        if ready:
            queries.claim(connection, [text.id for text in ready], holder=holder, until=now + LEASE, now=now)
    held = sum(decision.word == "hold" for decision in decisions.values())
    return Claim(ready, len(rows), held, len(rows) - len(ready) - held, leave.probing)


@once_more
def look_again(clinic: Clinic, batch: Sequence[Ready], *, holder: str) -> Look:
    """Right before the call: what is still ours, and what the gate still lets go. Raises DatabaseDown.

    Whatever was committed before this look counts: a STOP, a visit that moved, a brake. Those that may go are ours for
    another lease from here on, which outlasts the call whatever other hosts' clocks say.
    """
    now = clinic.clock()
    with clinic.database.begin() as connection:
        ours = queries.renew(connection, [text.id for text in batch], holder=holder, until=now + LEASE, now=now)
        if not ours:
            return Look()
        rows = gate_queries.messages(connection, ours)
        # The budget was spent at the claim, where one claim goes at a time.
        decisions = decide_all(facts_of(connection, clinic, rows, now, counting=False), now)
        refused = {message_id: d for message_id, d in decisions.items() if not isinstance(d, Send)}
        worst_rank = brakes.leave(connection, now).worst_rank
        braked = {row.id for row in rows if row.lane_rank > worst_rank}
        if refused or braked:
            queries.release(connection, sorted(refused.keys() | braked), holder=holder, now=now)
            inbox_later.warn(clinic, connection, [row for row in rows if row.id in refused], refused, now)
            store(connection, clinic, [row for row in rows if row.id in refused], refused, now)
    may_go = set(ours) - refused.keys() - braked
    dropped = sum(decision.word == "drop" for decision in refused.values())
    return Look([text for text in batch if text.id in may_go], len(ours) - len(may_go) - dropped, dropped)


@once_more
def release(clinic: Clinic, batch: Sequence[Ready], *, holder: str) -> None:
    """Give back what was claimed and never handed over. Raises DatabaseDown."""
    with clinic.database.begin() as connection:
        queries.release(connection, [text.id for text in batch], holder=holder, now=clinic.clock())


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
            lane_rank=row.lane_rank,
            attempts=row.attempts + 1,
            knocks=row.knocks,
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
