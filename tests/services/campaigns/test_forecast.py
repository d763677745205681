"""What the forecast shows is what happens: text by text, hour by hour, reason by reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.campaigns import CampaignState, RecipientState
from bot.core.gate_reasons import GateReason
from bot.core.outreach import Verdict
from bot.services.campaigns.deciding import Waits
from bot.services.campaigns.making import ArmText
from bot.services.campaigns.paper import Line, Paper, play
from bot.services.campaigns.plan import read
from tests.services.campaigns.town import TEN, Town, Went
from tests.services.sending import Scene

DAYS = 2


def forecast(town: Town, campaign_id: str, *, days: int = DAYS) -> dict[str, Line]:
    with town.clinic.database.read() as connection:
        plan = read(connection, town.clinic, campaign_id)
        assert plan is not None
        played = play(connection, town.clinic, plan, days=days, now=town.scene.now)
        lines = [line for line in played if line is not None]
    found = {line.patient_id: line for line in lines}
    assert len(found) == len(lines)
    return found


def as_went(line: Line) -> Went:
    assert line.at is not None
    assert line.body is not None
    hour = line.at.replace(minute=0, second=0, microsecond=0)
    return Went(line.patient_id, line.body, line.language, line.segments, line.kind or "", hour)


WORDS = {"en": "Hello {name}, our new building opens on Monday. Questions? Call {phone}.", "es": "Hola {name}."}
CAMPAIGNS: list[dict[str, Any]] = [
    {},
    {"replies_an_hour": 2, "response_rate": 0.5},
    {"daily_cap": 7, "arms": [
        ArmText(name="a", share=2, text_key="recall/invite"),
        ArmText(name="b", share=2, words=WORDS),
        ArmText(name="none", share=1),
    ]},
]  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(CAMPAIGNS[0], id="as it comes", marks=pytest.mark.slow),
        pytest.param(CAMPAIGNS[1], id="by staff hours", marks=pytest.mark.slow),
        pytest.param(CAMPAIGNS[2], id="arms and a cap"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_run_is_as_forecast(scene: Scene, changes: dict[str, Any]) -> None:
    scene.now = TEN
    town = Town(scene)
    ids = town.settle(48)
    for number in (2, 4, 18, 20, 33, 34):  # Reminders today, tomorrow and later: they go first.
        town.visit(number, reminded_at=TEN + timedelta(hours=number))
    campaign_id = town.campaign(ids, **changes)
    lines = forecast(town, campaign_id)

    town.start(campaign_id)
    town.live(DAYS)

    expected = {who: as_went(line) for who, line in lines.items() if line.verdict is Verdict.SEND}
    assert town.went(campaign_id) == expected
    assert len(expected) > 9
    recipients = town.recipients(campaign_id)
    skipped = {who: row.reason for who, row in recipients.items() if row.state is RecipientState.SKIPPED}
    assert skipped == {who: line.reason for who, line in lines.items() if line.verdict is Verdict.DROP}
    assert len(skipped) > 5
    waiting = {who for who, row in recipients.items() if row.state is RecipientState.WAITING}
    assert waiting == {who for who, line in lines.items() if line.verdict is Verdict.HOLD}
    assert town.state(campaign_id) is (CampaignState.RUNNING if waiting else CampaignState.FINISHED)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_waits_for_a_person_is_asked_about_once(scene: Scene) -> None:
    """An emergency that is open stays so on paper, and keeps no day of it going."""
    scene.now = TEN
    town = Town(scene)
    campaign_id = town.campaign(town.settle(3))
    with town.clinic.database.read() as connection:
        plan = read(connection, town.clinic, campaign_id)
    assert plan is not None
    paper = Paper(plan, "America/Chicago", list(plan.arms.values()))
    arm = paper.arms[0].name
    paper.queues["America/Chicago"] = [(1, "P1", 0), (2, "P2", 0)]
    assert [one.patient_id for one in paper.next(["America/Chicago"], TEN, 2)] == ["P1", "P2"]
    paper.settle(
        [
            Waits("P1", arm, TEN + timedelta(minutes=15), GateReason.PAUSED),
            Waits("P2", arm, TEN + timedelta(hours=22), GateReason.BUDGET_DAY),
        ],
        TEN,
    )
    later = TEN + timedelta(hours=23)
    assert [one.patient_id for one in paper.next(["America/Chicago"], later, 2)] == ["P2"]
    assert list(paper.left()) == [("P1", arm, str(GateReason.PAUSED))]
