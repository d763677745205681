"""Figures for the operator's dashboards, counted in the database: how many, never who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from bot.core.campaigns import CampaignState
from bot.core.escalation import EscalationStatus, Priority
from bot.core.fuses import Guards
from bot.core.messages import Direction, MessageStatus
from bot.core.outreach import Lane
from bot.core.sending import Brake
from bot.services.brakes import troubles
from bot.services.clinic import Clinic
from bot.store.queries import fuses, notices
from bot.store.tables import Campaign, Escalation, Lease, Message

# By status alone, which its index answers without the table; the direction follows from the status.
_MESSAGES = select(Message.status, func.count()).group_by(Message.status)
_ESCALATIONS = (
    select(Escalation.priority, Escalation.status, func.count(), func.min(Escalation.respond_by))
    .where(Escalation.status.in_((EscalationStatus.OPEN, EscalationStatus.CLAIMED)))
    .group_by(Escalation.priority, Escalation.status)
)
_DUE = (
    select(Message.lane, func.count(), func.min(Message.due_at))
    .where(Message.status == MessageStatus.PLANNED, Message.due_at <= bindparam("now"))
    .group_by(Message.lane)
)
_CAMPAIGNS = select(Campaign.state, func.count()).group_by(Campaign.state)
_LEASES = select(Lease.name, Lease.until)

INBOUND = frozenset({MessageStatus.RECEIVED, MessageStatus.RECEIVING})


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database holds at one moment."""

    messages: dict[tuple[Direction, MessageStatus], int]
    escalations: dict[tuple[Priority, EscalationStatus], int]
    overdue_seconds: dict[Priority, float]
    """How long the escalation with the earliest time limit has been past it; 0 while none is."""
    due: dict[Lane, int]
    oldest_due_seconds: float
    """How long the oldest message that is due has been waiting to be sent; 0 when none is."""
    untold: int
    """Emergencies that climb the on-call ladder, and nobody has been told."""
    leases: dict[str, float]
    """Seconds that each lease is still held; negative once it has run out."""
    brakes: dict[Brake, int]
    """What holds sending back now, with the provider's code; 0 where it gave none."""
    fuses: dict[Guards, int]
    """Fuses that have blown and that nobody has reset, by what they guard."""
    campaigns: dict[CampaignState, int]


def figures(clinic: Clinic, now: datetime) -> Figures:
    """Count. Raises DatabaseDown."""
    with clinic.database.read() as connection:
        statuses = connection.execute(_MESSAGES).all()
        escalations = connection.execute(_ESCALATIONS).all()
        due = connection.execute(_DUE, {"now": now}).all()
        leases = connection.execute(_LEASES).all()
        untold = notices.untold(connection)
        blown = fuses.counts_per(connection)
        campaigns = connection.execute(_CAMPAIGNS).all()
    overdue = dict.fromkeys(Priority, 0.0)
    for priority, status, _count, respond_by in escalations:
        if status is EscalationStatus.OPEN:
            overdue[priority] = max(0.0, (now - respond_by).total_seconds())
    return Figures(
        messages={(_direction(status), status): count for status, count in statuses},
        escalations={(priority, status): count for priority, status, count, _ in escalations},
        overdue_seconds=overdue,
        due={lane: count for lane, count, _ in due if lane is not None},
        oldest_due_seconds=max(
            (max(0.0, (now - oldest).total_seconds()) for _, _, oldest in due if oldest), default=0.0
        ),
        untold=untold,
        leases={name: (until - now).total_seconds() for name, until in leases},
        fuses={guards: blown.get(guards, 0) for guards in Guards},
        campaigns=dict(row._tuple() for row in campaigns),
        brakes={trouble.kind: trouble.code or 0 for trouble in troubles(clinic, now)},
    )


def _direction(status: MessageStatus) -> Direction:
    return Direction.INBOUND if status in INBOUND else Direction.OUTBOUND
