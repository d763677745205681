"""The sample clinic's campaign is a draft that says something to most of its patients, and sends nothing."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.config import Settings
from bot.core.campaigns import CampaignState
from bot.core.rows import Kind
from bot.demo import outreach, sample
from bot.runtime import build_clinic
from bot.services import cohorts
from bot.services.importing.run import run_import
from bot.store.queries import forecasts
from bot.store.tables import Campaign, Message
from tests.web.console.desk import Desk


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_sample_campaign_waits_with_its_days_ahead_on_paper(settings: Settings) -> None:
    now = datetime(2026, 11, 23, 16, tzinfo=UTC)
    desk = Desk(build_clinic(settings), now=lambda: now)
    user = desk.user()
    today = now.astimezone(ZoneInfo(sample.ZONE)).date()
    for kind, body in ((Kind.PATIENTS, sample.patients_csv()), (Kind.APPOINTMENTS, sample.appointments_csv(today))):
        run_import(desk.clinic, kind, io.BytesIO(body), file_name="x.csv", actor="demo", dry_run=False)
    made = outreach.add(desk.clinic, user, now)
    row = desk.row(Campaign)
    assert row.state is CampaignState.DRAFT
    assert row.size >= 20
    with desk.clinic.database.read() as connection:
        days = forecasts.latest(connection, made)
        kept = cohorts.seen_by(connection, user)
        sizes = {one.name: cohorts.count(desk.clinic, connection, cohorts.meaning(one), now=now).total for one in kept}
        assert connection.execute(select(Message.id).where(Message.campaign_id == made)).all() == []
    desk.clinic.database.dispose()
    assert days is not None
    assert days.summary["messages"] >= 10
    assert len(days.summary["languages"]) >= 6
    assert set(sizes) == set(outreach.SEGMENTS)
    assert min(sizes.values()) > 0
