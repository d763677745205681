"""Counting what a campaign did, in the database: by state, by arm, answers, opt-outs, outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, exists, func, select

from bot.core.campaigns import Goal
from bot.core.messages import Direction, MessageStatus
from bot.core.people import AppointmentStatus, ConsentBasis, ConsentStatus
from bot.store.columns import AnyRow
from bot.store.tables import Appointment, Campaign, CampaignRecipient, ConsentEntry, Message, Recall

LATELY: Final = timedelta(days=90)
MOST_LOOKED_AT: Final = 5_000
CLOSED: Final = ("done", "completed", "closed", "fulfilled")
"""A recall's words for care that has been given."""


def by_state(connection: Connection, campaign_id: str) -> Sequence[AnyRow]:
    """Patients by state and reason."""
    return connection.execute(
        select(CampaignRecipient.state, CampaignRecipient.reason, func.count().label("number"))
        .where(CampaignRecipient.campaign_id == campaign_id)
        .group_by(CampaignRecipient.state, CampaignRecipient.reason)
    ).all()


def by_status(connection: Connection, campaign_id: str) -> Sequence[AnyRow]:
    """Texts by where they stand."""
    return connection.execute(
        select(
            Message.status,
            Message.decision,
            Message.decision_reason,
            func.count().label("number"),
            func.sum(Message.segments).label("segments"),
        )
        .join(CampaignRecipient, CampaignRecipient.message_id == Message.id)
        .where(CampaignRecipient.campaign_id == campaign_id)
        .group_by(Message.status, Message.decision, Message.decision_reason)
    ).all()


def drawn(connection: Connection, campaign_id: str) -> Mapping[str, int]:
    """Patients by arm."""
    return _by_arm(connection, select(CampaignRecipient.arm, func.count()), campaign_id)


def went(
    connection: Connection, campaign_id: str, *, arrived: Sequence[MessageStatus], never: Sequence[MessageStatus]
) -> Mapping[str, tuple[int, int]]:
    """By arm: texts that went to the provider, and those of them that arrived."""
    rows = connection.execute(
        select(
            CampaignRecipient.arm,
            func.sum(case((Message.status.not_in(never), 1), else_=0)),
            func.sum(case((Message.status.in_(arrived), 1), else_=0)),
        )
        .join(Message, Message.id == CampaignRecipient.message_id)
        .where(CampaignRecipient.campaign_id == campaign_id)
        .group_by(CampaignRecipient.arm)
    )
    return {arm: (int(sent), int(came)) for arm, sent, came in rows}


def replied(connection: Connection, campaign_id: str, *, within: timedelta) -> Mapping[str, int]:
    """By arm: patients from whose phone something came in that time after the text."""
    query = (
        select(CampaignRecipient.arm, func.count())
        .join(Message, Message.id == CampaignRecipient.message_id)
        .where(Message.sent_at.is_not(None), _answered(connection, within))
    )
    return _by_arm(connection, query, campaign_id)


def opted_out(connection: Connection, campaign_id: str) -> Mapping[str, int]:
    """By arm: patients who opted out, of all texts or of some, after they had got it."""
    said_no = exists().where(
        ConsentEntry.patient_id == CampaignRecipient.patient_id,
        ConsentEntry.status == ConsentStatus.OPTED_OUT,
        ConsentEntry.basis.in_([ConsentBasis.PATIENT, ConsentBasis.PROVIDER]),
        ConsentEntry.at >= Message.sent_at,
    )
    query = (
        select(CampaignRecipient.arm, func.count())
        .join(Message, Message.id == CampaignRecipient.message_id)
        .where(Message.sent_at.is_not(None), said_no)
    )
    return _by_arm(connection, query, campaign_id)


def reached(connection: Connection, campaign_id: str, goal: Goal, within: timedelta) -> Mapping[str, int]:
    """By arm: patients who reached the goal in that time after the campaign's start."""
    started = connection.execute(select(Campaign.started_at).where(Campaign.id == campaign_id)).scalar_one_or_none()
    if started is None:
        return {}
    query = select(CampaignRecipient.arm, func.count()).where(_outcome(goal, started, started + within))
    return _by_arm(connection, query, campaign_id)


def responses(connection: Connection, now: datetime, *, within: timedelta) -> tuple[int, int]:
    """Of late, how many texts of campaigns went whose time for answers is over, and how many were answered."""
    looked_at = (
        select(CampaignRecipient.message_id)
        .where(CampaignRecipient.let_go_at > now - LATELY, CampaignRecipient.let_go_at < now - within)
        .limit(MOST_LOOKED_AT)
    )
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(case((_answered(connection, within), 1), else_=0)), 0)).where(
            Message.id.in_(looked_at), Message.sent_at.is_not(None)
        )
    ).one()
    return int(row[0]), int(row[1])


def _answered(connection: Connection, within: timedelta) -> ColumnElement[bool]:
    heard = Message.__table__.alias("heard")
    return exists().where(
        heard.c.conversation_id == Message.conversation_id,
        heard.c.direction == Direction.INBOUND,
        heard.c.created_at > Message.sent_at,
        _days_between(connection, Message.sent_at, heard.c.created_at) <= within / timedelta(days=1),
    )


def _days_between(connection: Connection, first: Any, second: Any) -> ColumnElement[Any]:
    # SQLite keeps moments as text, so that there is no arithmetic with them.
    if connection.dialect.name == "sqlite":
        return func.julianday(second) - func.julianday(first)
    return (func.extract("epoch", second) - func.extract("epoch", first)) / 86_400.0


def _outcome(goal: Goal, since: datetime, until: datetime) -> ColumnElement[bool]:
    match goal:
        case Goal.ATTENDED:
            return exists().where(
                Appointment.patient_id == CampaignRecipient.patient_id,
                Appointment.status == AppointmentStatus.FULFILLED,
                Appointment.starts_at.between(since, until),
            )
        case Goal.RECALL_CLOSED:
            return exists().where(
                Recall.patient_id == CampaignRecipient.patient_id,
                Recall.status.in_(CLOSED),
                Recall.updated_at.between(since, until),
            )
        case _:
            return exists().where(
                Appointment.patient_id == CampaignRecipient.patient_id,
                Appointment.status != AppointmentStatus.CANCELLED,
                Appointment.created_at.between(since, until),
            )


def _by_arm(connection: Connection, query: Any, campaign_id: str) -> Mapping[str, int]:
    rows = connection.execute(query.where(CampaignRecipient.campaign_id == campaign_id).group_by(CampaignRecipient.arm))
    return {arm: int(count) for arm, count in rows}
