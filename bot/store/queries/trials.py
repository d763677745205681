"""Trials of campaigns' texts: asked for, taken once, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from bot.core.escalation import NoticeState
from bot.core.people import Channel
from bot.store.columns import AnyRow
from bot.store.tables import CampaignTrial, ContactPoint, PatientContact

BATCH: Final = 20


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """One is asked for."""
    connection.execute(insert(CampaignTrial).values(**row))


def of(connection: Connection, campaign_id: str, *, limit: int = 20) -> Sequence[AnyRow]:
    """The trials of that campaign, the newest first."""
    query = select(CampaignTrial.__table__).where(CampaignTrial.campaign_id == campaign_id)
    return connection.execute(query.order_by(CampaignTrial.created_at.desc()).limit(limit)).all()


def any_due(connection: Connection) -> bool:
    """Whether one waits."""
    query = select(CampaignTrial.id).where(CampaignTrial.state == NoticeState.DUE)
    return connection.execute(query.limit(1)).first() is not None


def claim(connection: Connection) -> Sequence[AnyRow]:
    """Take those that wait."""
    query = select(CampaignTrial.__table__).where(CampaignTrial.state == NoticeState.DUE)
    rows = connection.execute(
        query.order_by(CampaignTrial.created_at).limit(BATCH).with_for_update(skip_locked=True)
    ).all()
    taken = update(CampaignTrial).where(CampaignTrial.id.in_([row.id for row in rows]))
    connection.execute(taken.values(state=NoticeState.SENDING))
    return rows


def record(connection: Connection, trial_id: str, state: NoticeState, **values: Any) -> None:
    """What became of it."""
    connection.execute(update(CampaignTrial).where(CampaignTrial.id == trial_id).values(state=state, **values))


def is_a_patients(connection: Connection, phone_index: str, channel: Channel) -> bool:
    """Whether a patient is reached at that number."""
    query = (
        select(PatientContact.patient_id)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .where(
            ContactPoint.phone_index == phone_index,
            ContactPoint.channel == channel,
            PatientContact.active.is_(True),
        )
    )
    return connection.execute(query.limit(1)).first() is not None
