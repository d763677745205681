"""The API's objects about campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from bot.core.campaigns import CampaignState, Goal
from bot.services.campaigns.forecast import MOST_DAYS
from bot.web.api.objects import Answer, Page, Paged, Question


class CampaignArm(Answer):
    """One way of doing it."""

    name: str
    share: int = Field(description="Parts of the sum of all shares.")
    text_key: str | None = Field(description="Its template; null: the hold-out, which gets nothing.")


class Campaign(Answer):
    """One text, or some, to many patients."""

    campaign_id: str
    name: str
    state: CampaignState
    goal: Goal
    size: int = Field(description="Patients in it.")
    is_complete: bool = Field(description="Whether all of them are; until then a worker is still at it.")
    arms: list[CampaignArm]
    daily_cap: int | None
    replies_an_hour: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Campaigns(Page):
    """Campaigns, the newest first."""

    items: list[Campaign]


class Interval(Answer):
    """From, to: 95 in 100 such intervals hold the true value."""

    low: float
    high: float


class Difference(Answer):
    """How much larger this arm's share is than the one it is measured against."""

    value: float
    interval: Interval


class ArmOutcome(Answer):
    """What came of one arm, of all who were drawn for it."""

    arm: str
    is_held_out: bool
    drawn: int
    sent: int
    delivered: int
    replied: int
    opted_out: int
    reached_goal: int
    share: float | None
    difference: Difference | None = Field(description="To the hold-out, or to the first arm where there is none.")


class Progress(Answer):
    """How far it has come, and what came of it."""

    campaign_id: str
    state: CampaignState
    size: int
    waiting: int = Field(description="In the line.")
    queued: int = Field(description="Written down, not gone out yet.")
    held: dict[str, int] = Field(description="Of those queued, held by the gate, by reason.")
    sent: int
    delivered: int
    failed: int
    skipped: dict[str, int] = Field(description="Got nothing, by reason.")
    held_out: int
    segments: int
    replied: int
    opted_out: int
    arms: list[ArmOutcome]


class Forecast(Answer):
    """The next days on paper."""

    forecast_id: str
    campaign_id: str
    days: int
    starts_at: datetime
    done: int = Field(description="Patients decided on so far.")
    finished_at: datetime | None = Field(description="Null while it is being made.")
    summary: dict[str, Any] = Field(description="Messages, segments, cost, languages, skips, days and hours.")


class CampaignsQuery(Paged):
    """Which campaigns: a page of all."""


class ForecastRequest(Question):
    """How far to look."""

    days: int = Field(7, ge=1, le=MOST_DAYS)


