"""Forecasts of campaigns: asked for, kept line by line, read a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.core.outreach import Verdict
from bot.store.bulk import put_many
from bot.store.columns import AnyRow
from bot.store.tables import CampaignForecast, ForecastLine


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """A forecast is asked for."""
    connection.execute(insert(CampaignForecast).values(**row))


def one(connection: Connection, forecast_id: str) -> AnyRow | None:
    """One forecast."""
    return connection.execute(select(CampaignForecast.__table__).where(CampaignForecast.id == forecast_id)).first()


def latest(connection: Connection, campaign_id: str) -> AnyRow | None:
    """The newest forecast of that campaign, finished or not."""
    query = select(CampaignForecast.__table__).where(CampaignForecast.campaign_id == campaign_id)
    newest = query.order_by(CampaignForecast.created_at.desc(), CampaignForecast.id.desc())
    return connection.execute(newest.limit(1)).first()


def keep(connection: Connection, forecast_id: str, rows: Sequence[Mapping[str, Any]], done: int) -> None:
    """Lines, and how many there are by now."""
    put_many(connection, ForecastLine.__table__, rows)
    connection.execute(update(CampaignForecast).where(CampaignForecast.id == forecast_id).values(done=done))


def finish(connection: Connection, forecast_id: str, summary: Mapping[str, Any], now: datetime) -> None:
    """It is done."""
    connection.execute(
        update(CampaignForecast)
        .where(CampaignForecast.id == forecast_id)
        .values(summary=dict(summary), finished_at=now)
    )


def lines(
    connection: Connection, forecast_id: str, *, verdict: Verdict | None = None, after: int = -1, limit: int = 50
) -> Sequence[AnyRow]:
    """A page of lines, in the order in which it happens."""
    query = select(ForecastLine.__table__).where(ForecastLine.forecast_id == forecast_id, ForecastLine.number > after)
    if verdict is not None:
        query = query.where(ForecastLine.verdict == verdict)
    return connection.execute(query.order_by(ForecastLine.number).limit(limit)).all()
