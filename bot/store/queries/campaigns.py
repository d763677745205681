"""Campaigns and their patients: who waits in the line, who was let go, how it goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from bot.core.campaigns import CampaignState, RecipientState
from bot.core.messages import MessageStatus
from bot.core.outreach import GateReason
from bot.store.bulk import put_many
from bot.store.columns import AnyRow
from bot.store.tables import (
    Campaign,
    CampaignForecast,
    CampaignRecipient,
    CampaignText,
    CampaignTrial,
    ForecastLine,
    Message,
    Patient,
)

OWED: Final = (MessageStatus.PLANNED, MessageStatus.CLAIMED, MessageStatus.UNKNOWN)
_SETTLED: Final = (
    update(CampaignRecipient)
    .where(
        CampaignRecipient.campaign_id == bindparam("campaign"),
        CampaignRecipient.patient_id == bindparam("patient"),
    )
    .values(
        state=bindparam("new_state"),
        reason=bindparam("why"),
        not_before=bindparam("until"),
        message_id=bindparam("message"),
        segments=bindparam("size"),
        let_go_at=bindparam("went_at"),
        updated_at=bindparam("at"),
    )
)


def campaign(connection: Connection, campaign_id: str, *, lock: bool = False) -> AnyRow | None:
    """One campaign, locked if asked."""
    query = select(Campaign.__table__).where(Campaign.id == campaign_id)
    return connection.execute(query.with_for_update() if lock else query).first()


def campaigns(connection: Connection, *, limit: int = 200, offset: int = 0) -> Sequence[AnyRow]:
    """All campaigns, the newest first."""
    query = select(Campaign.__table__).order_by(Campaign.created_at.desc(), Campaign.id.desc())
    return connection.execute(query.limit(limit).offset(offset)).all()


def begun(connection: Connection, since: datetime, until: datetime, *, limit: int = 200) -> Sequence[AnyRow]:
    """Campaigns that began in that time, the latest first."""
    query = select(Campaign.__table__).where(Campaign.started_at >= since, Campaign.started_at < until)
    return connection.execute(query.order_by(Campaign.started_at.desc(), Campaign.id).limit(limit)).all()


def page(connection: Connection, *, after: tuple[datetime, str] | None, limit: int) -> Sequence[AnyRow]:
    """Campaigns, the newest first, from after that one on."""
    query = select(Campaign.__table__).order_by(Campaign.created_at.desc(), Campaign.id.desc()).limit(limit)
    if after is not None:
        at, campaign_id = after
        older = or_(Campaign.created_at < at, (Campaign.created_at == at) & (Campaign.id < campaign_id))
        query = query.where(older)
    return connection.execute(query).all()


def running(connection: Connection) -> Sequence[str]:
    """Those that are under way, the oldest first."""
    query = select(Campaign.id).where(Campaign.state == CampaignState.RUNNING)
    return connection.execute(query.order_by(Campaign.started_at, Campaign.id)).scalars().all()


def texts(connection: Connection, campaign_id: str) -> list[AnyRow]:
    """The clinic's own words of it, in all languages."""
    return list(connection.execute(select(CampaignText.__table__).where(CampaignText.campaign_id == campaign_id)).all())


def set_texts(connection: Connection, campaign_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """These words instead of those there were."""
    connection.execute(delete(CampaignText).where(CampaignText.campaign_id == campaign_id))
    if rows:
        connection.execute(insert(CampaignText), list(rows))


def set_text(connection: Connection, row: Mapping[str, Any]) -> None:
    """These words of one arm in one language, instead of those there were."""
    connection.execute(
        delete(CampaignText).where(
            CampaignText.campaign_id == row["campaign_id"],
            CampaignText.arm == row["arm"],
            CampaignText.language == row["language"],
        )
    )
    connection.execute(insert(CampaignText).values(**row))


def change(connection: Connection, campaign_id: str, now: datetime, **values: Any) -> None:
    """Set these columns."""
    connection.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(version=Campaign.version + 1, updated_at=now, **values)
    )


def zones_of(connection: Connection, patient_ids: Sequence[str]) -> Mapping[str, str | None]:
    """The time zone of each of these patients who is known here; None where the clinic's holds."""
    rows = connection.execute(select(Patient.patient_id, Patient.timezone).where(Patient.patient_id.in_(patient_ids)))
    return {row.patient_id: row.timezone for row in rows}


def add_recipients(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put these into the line."""
    put_many(connection, CampaignRecipient.__table__, rows)


def take_out(connection: Connection, campaign_id: str, *, limit: int) -> int:
    """Take so many out of the line of a draft, at the most; how many they were."""
    some = select(CampaignRecipient.patient_id).where(CampaignRecipient.campaign_id == campaign_id).limit(limit)
    gone = delete(CampaignRecipient).where(
        CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.patient_id.in_(some)
    )
    return connection.execute(gone).rowcount


def complete(connection: Connection, campaign_id: str, now: datetime, **values: Any) -> None:
    """All its patients are there. No new version: nobody has changed what they looked at."""
    changed = update(Campaign).where(Campaign.id == campaign_id)
    connection.execute(changed.values(chore_id=None, updated_at=now, **values))


def in_line(
    connection: Connection, campaign_id: str, *, zones: Collection[str], by: datetime, limit: int
) -> Sequence[AnyRow]:
    """Who is next where it is day, in the order of their places, locked where the database can."""
    return connection.execute(
        select(CampaignRecipient.patient_id, CampaignRecipient.arm, CampaignRecipient.zone, CampaignRecipient.place)
        .where(
            CampaignRecipient.campaign_id == campaign_id,
            CampaignRecipient.state == RecipientState.WAITING,
            CampaignRecipient.zone.in_(zones),
            or_(CampaignRecipient.not_before.is_(None), CampaignRecipient.not_before <= by),
        )
        .order_by(CampaignRecipient.place, CampaignRecipient.patient_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def page_in_line(connection: Connection, campaign_id: str, *, after: tuple[int, str], limit: int) -> Sequence[AnyRow]:
    """The whole line, a page at a time, nothing locked: who waits, since when and until when."""
    place, patient_id = after
    return connection.execute(
        select(
            CampaignRecipient.patient_id,
            CampaignRecipient.arm,
            CampaignRecipient.zone,
            CampaignRecipient.place,
            CampaignRecipient.not_before,
        )
        .where(
            CampaignRecipient.campaign_id == campaign_id,
            CampaignRecipient.state == RecipientState.WAITING,
            or_(
                CampaignRecipient.place > place,
                (CampaignRecipient.place == place) & (CampaignRecipient.patient_id > patient_id),
            ),
        )
        .order_by(CampaignRecipient.place, CampaignRecipient.patient_id)
        .limit(limit)
    ).all()


def anybody_waits(connection: Connection, campaign_id: str) -> bool:
    """Whether somebody is still in the line."""
    query = select(1).where(
        CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.state == RecipientState.WAITING
    )
    return connection.execute(query.limit(1)).first() is not None


def anything_owed(connection: Connection, campaign_id: str) -> bool:
    """Whether a text of it has yet to go out, or nobody knows whether it has."""
    # By status first: what has not gone out is little, what a campaign has sent is not.
    query = select(1).where(Message.status.in_(OWED), Message.campaign_id == campaign_id)
    return connection.execute(query.limit(1)).first() is not None


def let_go(connection: Connection, campaign_id: str, since: datetime) -> tuple[int, int]:
    """Texts and segments let go since then."""
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(CampaignRecipient.segments), 0)).where(
            CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.let_go_at >= since
        )
    ).one()
    return int(row[0]), int(row[1])


def settle(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """What became of these: `{"campaign", "patient", "new_state", "why", "until", "message", …}`."""
    if rows:
        connection.execute(_SETTLED, list(rows))


def give_up_waiting(connection: Connection, campaign_id: str, reason: str, now: datetime) -> int:
    """Whoever is still in the line gets nothing; how many they were."""
    return connection.execute(
        update(CampaignRecipient)
        .where(CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.state == RecipientState.WAITING)
        .values(state=RecipientState.SKIPPED, reason=reason, not_before=None, updated_at=now)
    ).rowcount


def wake_held(connection: Connection, campaign_id: str, now: datetime) -> int:
    """Texts that the pause or a fuse held are due at once; how many they are."""
    theirs = select(CampaignRecipient.message_id).where(
        CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.state == RecipientState.QUEUED
    )
    return connection.execute(
        update(Message)
        .where(
            Message.id.in_(theirs),
            Message.status == MessageStatus.PLANNED,
            Message.decision_reason.in_([GateReason.CAMPAIGN_PAUSED, GateReason.FUSE_BLOWN]),
        )
        .values(due_at=now, updated_at=now)
    ).rowcount


def waiting_texts(connection: Connection, campaign_id: str) -> Sequence[str]:
    """Texts that are written down and have not gone out."""
    return (
        connection.execute(
            select(Message.id)
            .join(CampaignRecipient, CampaignRecipient.message_id == Message.id)
            .where(CampaignRecipient.campaign_id == campaign_id, Message.status == MessageStatus.PLANNED)
        )
        .scalars()
        .all()
    )


def people(connection: Connection, patient_ids: Sequence[str]) -> Mapping[str, AnyRow]:
    """Name and language of these patients."""
    rows = connection.execute(
        select(Patient.patient_id, Patient.given_name, Patient.language).where(Patient.patient_id.in_(patient_ids))
    )
    return {row.patient_id: row for row in rows}


def recipients(
    connection: Connection,
    campaign_id: str,
    *,
    states: Iterable[RecipientState] = (),
    after: str = "",
    limit: int = 100,
) -> Sequence[AnyRow]:
    """Its patients, a page at a time, with where their text stands."""
    query = (
        select(CampaignRecipient.__table__, Message.status, Message.decision_reason, Message.sent_at, Message.language)
        .outerjoin(Message, Message.id == CampaignRecipient.message_id)
        .where(CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.patient_id > after)
    )
    wanted = list(states)
    if wanted:
        query = query.where(CampaignRecipient.state.in_(wanted))
    return connection.execute(query.order_by(CampaignRecipient.patient_id).limit(limit)).all()


def discard(connection: Connection, campaign_id: str) -> None:
    """Delete a campaign of which nothing has gone out, with all that belongs to it."""
    forecasts = select(CampaignForecast.id).where(CampaignForecast.campaign_id == campaign_id)
    connection.execute(delete(ForecastLine).where(ForecastLine.forecast_id.in_(forecasts)))
    for table in (CampaignForecast, CampaignTrial, CampaignText, CampaignRecipient):
        connection.execute(delete(table).where(table.campaign_id == campaign_id))
    connection.execute(delete(Campaign).where(Campaign.id == campaign_id))
