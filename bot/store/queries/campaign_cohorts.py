"""A campaign's patients against its segment, and one text of each kind out of a forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, update

from bot.core.campaigns import RecipientState
from bot.core.outreach import Verdict
from bot.store.bulk import among
from bot.store.columns import AnyRow
from bot.store.queries.scope import within
from bot.store.tables import CampaignRecipient, ForecastLine, Patient


def page_of(connection: Connection, campaign_id: str, *, after: str, limit: int) -> Sequence[AnyRow]:
    """The next of its patients, by id, with where they stand."""
    query = select(
        CampaignRecipient.patient_id, CampaignRecipient.arm, CampaignRecipient.state, CampaignRecipient.reason
    ).where(CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.patient_id > after)
    return connection.execute(query.order_by(CampaignRecipient.patient_id).limit(limit)).all()


def deal(
    connection: Connection,
    campaign_id: str,
    patient_ids: Sequence[str],
    *,
    arm: str,
    state: RecipientState,
    reason: str | None,
    now: datetime,
) -> None:
    """Draw these for that arm, where they stand so."""
    theirs = among(connection, CampaignRecipient.patient_id, patient_ids)
    changing = update(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign_id, theirs)
    connection.execute(changing.values(arm=arm, state=state, reason=reason, updated_at=now))


def waiting_or_left(
    connection: Connection, campaign_id: str, reason: str, *, after: str, until: str | None, limit: int
) -> Sequence[AnyRow]:
    """A page of those who wait in line, or were left out for that reason, with ids behind `after` and up to `until`."""
    left = and_(CampaignRecipient.state == RecipientState.SKIPPED, CampaignRecipient.reason == reason)
    query = select(CampaignRecipient.patient_id, CampaignRecipient.reason).where(
        CampaignRecipient.campaign_id == campaign_id,
        CampaignRecipient.patient_id > after,
        or_(CampaignRecipient.state == RecipientState.WAITING, left),
    )
    if until is not None:
        query = query.where(CampaignRecipient.patient_id <= until)
    return connection.execute(query.order_by(CampaignRecipient.patient_id).limit(limit)).all()


def leave_out(
    connection: Connection, campaign_id: str, patient_ids: Sequence[str], *, reason: str, now: datetime
) -> int:
    """Those of these who still wait get nothing; how many they were."""
    changing = update(CampaignRecipient).where(
        CampaignRecipient.campaign_id == campaign_id,
        CampaignRecipient.state == RecipientState.WAITING,
        CampaignRecipient.patient_id.in_(patient_ids),
    )
    gone = {"state": RecipientState.SKIPPED, "reason": reason, "not_before": None, "updated_at": now}
    return connection.execute(changing.values(**gone)).rowcount


def take_back(
    connection: Connection, campaign_id: str, patient_ids: Sequence[str], *, reason: str, now: datetime
) -> int:
    """Those of these who were left out for that reason stand in the line again."""
    changing = update(CampaignRecipient).where(
        CampaignRecipient.campaign_id == campaign_id,
        CampaignRecipient.state == RecipientState.SKIPPED,
        CampaignRecipient.reason == reason,
        CampaignRecipient.patient_id.in_(patient_ids),
    )
    return connection.execute(changing.values(state=RecipientState.WAITING, reason=None, updated_at=now)).rowcount


def left_out(connection: Connection, campaign_id: str, reason: str) -> int:
    """How many get nothing for that reason."""
    query = select(func.count()).where(
        CampaignRecipient.campaign_id == campaign_id,
        CampaignRecipient.state == RecipientState.SKIPPED,
        CampaignRecipient.reason == reason,
    )
    return int(connection.execute(query).scalar_one())


def samples(connection: Connection, forecast_id: str, locations: Sequence[str]) -> Sequence[AnyRow]:
    """The first text of a forecast in each arm and language, of patients of these places, with whose it is."""
    first = (
        select(func.min(ForecastLine.number))
        .where(
            ForecastLine.forecast_id == forecast_id,
            ForecastLine.verdict == Verdict.SEND,
            within(ForecastLine.patient_id, locations),
        )
        .group_by(ForecastLine.arm, ForecastLine.language)
    )
    return connection.execute(
        select(*ForecastLine.__table__.c, Patient.given_name, Patient.language.label("speaks"))
        .join(Patient, Patient.patient_id == ForecastLine.patient_id)
        .where(ForecastLine.forecast_id == forecast_id, ForecastLine.number.in_(first))
        .order_by(ForecastLine.number)
    ).all()


def sizes(connection: Connection, campaign_ids: Sequence[str]) -> Mapping[str, Mapping[RecipientState, int]]:
    """The patients of these campaigns, by state."""
    found: dict[str, dict[RecipientState, int]] = {}
    rows = connection.execute(
        select(CampaignRecipient.campaign_id, CampaignRecipient.state, func.count().label("number"))
        .where(CampaignRecipient.campaign_id.in_(campaign_ids))
        .group_by(CampaignRecipient.campaign_id, CampaignRecipient.state)
    )
    for row in rows:
        found.setdefault(row.campaign_id, {})[row.state] = row.number
    return found
