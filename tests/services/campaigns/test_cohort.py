"""A campaign's segment looked up anew: who left gets nothing, who is back is back, and nobody is added."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from bot.core.campaigns import RecipientState
from bot.core.cohort_data import read
from bot.core.people import PatientStatus
from bot.services.campaigns import forecast, running
from bot.services.campaigns.cohort import LEFT, Changed, described, draw, refresh
from bot.store.tables import AuditEntry, Campaign, Patient
from tests.services.campaigns.town import Town
from tests.services.sending import Scene

ACTIVE = read({"version": 1, "where": {"status": {"among": ["active"]}}})


@pytest.fixture
def town(scene: Scene) -> Town:
    """Twenty patients."""
    made = Town(scene)
    made.settle(20)
    return made


def die(town: Town, *numbers: int, status: PatientStatus = PatientStatus.DECEASED) -> None:
    for number in numbers:
        town.scene.set(Patient, Patient.patient_id == f"p{number}", status=status)


def left_of(town: Town, campaign_id: str) -> set[str]:
    rows = town.recipients(campaign_id).values()
    assert {row.state for row in rows if row.reason == LEFT} <= {RecipientState.SKIPPED}
    return {row.patient_id for row in rows if row.reason == LEFT}


def test_who_left_gets_nothing_and_who_is_back_is_back(town: Town) -> None:
    die(town, 9, status=PatientStatus.ACTIVE)
    cohort = described(ACTIVE, name="Active", locations=(), segment="s")
    ids = list(draw(town.clinic, cohort, town.scene.now))
    assert len(ids) == 20
    campaign_id = town.campaign([one for one in ids if one != "p4"], cohort=cohort)
    # Pages so small that several are needed.
    again: dict[str, Any] = {"actor_id": "ann", "now": town.scene.now, "page": 3}
    assert refresh(town.clinic, campaign_id, **again) == Changed()
    die(town, 1, 9, 10, 11, 20)
    assert refresh(town.clinic, campaign_id, **again) == Changed(left=5)
    assert left_of(town, campaign_id) == {"p1", "p9", "p10", "p11", "p20"}
    die(town, 9, 10, status=PatientStatus.ACTIVE)
    assert refresh(town.clinic, campaign_id, **again) == Changed(back=2)
    assert "p4" not in town.recipients(campaign_id)
    die(town, *range(1, 21))
    assert refresh(town.clinic, campaign_id, **again) == Changed(left=16)
    with town.clinic.database.read() as connection:
        query = select(func.count()).where(AuditEntry.action == "campaign.refresh")
        assert connection.execute(query).scalar_one() == 3


def test_the_start_and_a_forecast_look_first_and_nothing_is_taken_back_later(town: Town) -> None:
    cohort = described(ACTIVE, name="Active", locations=(), segment="s")
    campaign_id = town.campaign([f"p{number}" for number in range(1, 21)], cohort=cohort)
    die(town, 2)
    forecast.dry_run(town.clinic, campaign_id, days=1, actor_id="ann", now=town.scene.now, at_once=True)
    assert left_of(town, campaign_id) == {"p2", "p9"}
    die(town, 3)
    assert running.start(town.clinic, campaign_id, actor_id="ann", now=town.scene.now) is None
    assert left_of(town, campaign_id) == {"p2", "p3", "p9"}
    die(town, 5)
    refresh(town.clinic, campaign_id, actor_id="ann", now=town.scene.now)
    assert left_of(town, campaign_id) == {"p2", "p3", "p9"}


def test_a_list_and_what_cannot_be_read_change_nothing(town: Town) -> None:
    ids = [f"p{number}" for number in range(1, 21)]
    again: dict[str, Any] = {"actor_id": "ann", "now": town.scene.now}
    die(town, 2)
    for cohort in (described(ACTIVE, name="List", locations=()), {"segment": "s"}, {"file": "x.csv"}):
        assert refresh(town.clinic, town.campaign(ids, cohort=cohort), **again) == Changed()
    campaign_id = town.campaign(ids, cohort=described(ACTIVE, name="Old", locations=(), segment="s"))
    old = {"segment": "s", "definition": {"version": 0}, "locations": []}
    town.scene.set(Campaign, Campaign.id == campaign_id, cohort=old)
    assert refresh(town.clinic, campaign_id, **again) == Changed()
    assert refresh(town.clinic, "nothing", **again) == Changed()
