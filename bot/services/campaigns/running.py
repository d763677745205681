"""Deciding on a campaign: a second person's yes, start, pause, resume, stop."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from bot.core.campaigns import CampaignState
from bot.core.fuses import Guards, Limit
from bot.core.outreach import GateReason
from bot.services.campaigns.cohort import refresh
from bot.services.campaigns.making import FRESH, Refused, record
from bot.services.campaigns.plan import Plan, read
from bot.services.clinic import Clinic
from bot.services.gate import drop
from bot.services.limits import read_limits
from bot.store.database import once_more
from bot.store.queries import campaigns as queries
from bot.store.queries.gate import blown_fuses
from bot.store.tables import Role, User

STOPPED: Final = "campaign-stopped"
MAY_APPROVE: Final = frozenset({Role.SUPERVISOR, Role.ADMIN})


@once_more
def approve(
    clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime, seen: int | None = None
) -> Refused | None:
    """A second person's yes. `seen`: the version that they have looked at. None: done."""
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id, lock=True)
        refusal = _may_approve(connection, plan, actor_id, seen)
        if refusal is not None:
            return refusal
        values = {"state": CampaignState.APPROVED, "approved_by": actor_id, "approved_at": now}
        queries.change(connection, campaign_id, now, **values)
        record(connection, "approve", campaign_id, actor_id, now)
    return None


def _may_approve(connection: Connection, plan: Plan | None, actor_id: str, seen: int | None) -> Refused | None:
    if plan is None:
        return Refused.GONE
    if plan.state is not CampaignState.DRAFT:
        return Refused.WRONG_STATE
    if seen is not None and seen != plan.version:
        return Refused.CHANGED
    if plan.is_being_made:
        return Refused.BEING_MADE
    if actor_id in plan.editors:
        return Refused.OWN_CAMPAIGN
    role = connection.execute(select(User.role).where(User.id == actor_id, User.active.is_(True))).scalar_one_or_none()
    return None if role in MAY_APPROVE else Refused.NOT_IN_CHARGE


def account(connection: Connection, email: str) -> str | None:
    """The id of the account with that e-mail address."""
    return connection.execute(select(User.id).where(User.email == email.strip().lower())).scalar_one_or_none()


def needs_approval(connection: Connection, plan: Plan) -> bool:
    """Whether it is so large that a second person has to say yes."""
    return plan.size > read_limits(connection)[Limit.APPROVAL_SIZE]


@once_more
def start(
    clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime, seen: int | None = None
) -> Refused | None:
    """Let it run, from `starts_at` on, for those who belong to its segment now. None: done.

    `seen`: the version that was looked at, where a person starts it.
    """
    refresh(clinic, campaign_id, actor_id=actor_id, now=now)
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id, lock=True)
        if plan is None:
            return Refused.GONE
        if plan.state not in FRESH:
            return Refused.WRONG_STATE
        if plan.is_being_made:
            return Refused.BEING_MADE
        if seen is not None and seen != plan.version:
            return Refused.CHANGED
        if plan.size < 1:
            return Refused.NOBODY
        if plan.state is CampaignState.DRAFT and needs_approval(connection, plan):
            return Refused.NEEDS_APPROVAL
        queries.change(connection, campaign_id, now, state=CampaignState.RUNNING, started_at=now, reason=None)
        record(connection, "start", campaign_id, actor_id, now, size=plan.size)
    return None


@once_more
def pause(
    clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime, reason: str | None = None
) -> Refused | None:
    """Nobody is let go any more, and what waits to go out is held by the gate, from this moment on. None: done."""
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id, lock=True)
        if plan is None:
            return Refused.GONE
        if plan.state is not CampaignState.RUNNING:
            return Refused.WRONG_STATE
        queries.change(connection, campaign_id, now, state=CampaignState.PAUSED, reason=reason)
        record(connection, "pause", campaign_id, actor_id, now, **({"reason": reason} if reason else {}))
    return None


@once_more
def resume(clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime) -> Refused | None:
    """On it goes; what was held is due at once. None: done."""
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id, lock=True)
        if plan is None:
            return Refused.GONE
        if plan.state is not CampaignState.PAUSED:
            return Refused.WRONG_STATE
        if (Guards.CAMPAIGN, plan.id) in blown_fuses(connection):
            return Refused.FUSE_BLOWN
        queries.change(connection, campaign_id, now, state=CampaignState.RUNNING, reason=None)
        queries.wake_held(connection, campaign_id, now)
        record(connection, "resume", campaign_id, actor_id, now)
    clinic.queue.deliver()
    return None


@once_more
def stop(clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime) -> Refused | None:
    """For good: whoever waits gets nothing, and what has not gone out never does. None: done."""
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id, lock=True)
        if plan is None:
            return Refused.GONE
        if plan.state.is_over:
            return Refused.WRONG_STATE
        queries.change(connection, campaign_id, now, state=CampaignState.STOPPED, ended_at=now)
        left = queries.give_up_waiting(connection, campaign_id, STOPPED, now)
        waiting = queries.waiting_texts(connection, campaign_id)
        if waiting:
            drop(connection, dict.fromkeys(waiting, str(GateReason.CAMPAIGN_STOPPED)), now)
        record(connection, "stop", campaign_id, actor_id, now, unsent=left + len(waiting))
    return None


@once_more
def discard(clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime) -> Refused | None:
    """Delete a draft with all that belongs to it. None: done."""
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id, lock=True)
        if plan is None:
            return Refused.GONE
        if plan.state not in FRESH:
            return Refused.WRONG_STATE
        queries.discard(connection, campaign_id)
        record(connection, "discard", campaign_id, actor_id, now)
    return None
