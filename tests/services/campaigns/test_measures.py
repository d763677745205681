"""What a campaign comes to, by arm, and what past ones say of the next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot.core.campaigns import RESPONSE_RATE, Goal
from bot.core.messages import Direction
from bot.services.campaigns import measures
from bot.services.campaigns.making import ArmText
from bot.services.campaigns.measures import outcomes, progress
from bot.services.campaigns.plan import read
from bot.services.campaigns.release import release
from bot.store.tables import Appointment, Message
from tests.services.campaigns.town import TEN, Town
from tests.services.sending import Scene

IDS = [f"p{number}" for number in range(1, 11)]


@pytest.fixture
def town(scene: Scene) -> Town:
    """Ten patients, on a Monday at ten."""
    scene.now = TEN
    for number in range(1, 11):
        scene.patient(number)
    return Town(scene)


def test_outcomes_by_arm(town: Town) -> None:
    arms = [ArmText(name="invited", text_key="recall/invite"), ArmText(name="none")]
    campaign_id = town.campaign(IDS, arms=arms, goal=Goal.BOOKED)
    town.start(campaign_id)
    release(town.clinic, TEN)
    town.scene.deliver()
    invited = sorted(town.went(campaign_id))
    rest = sorted(set(IDS) - set(invited))
    assert invited
    assert rest
    later = TEN + timedelta(days=2)
    for number, who in enumerate([*invited[:2], rest[0]], 1):
        town.scene.visit(number, patient=who)
        town.scene.set(Appointment, Appointment.appointment_id == f"a{number}", created_at=later)
    number = invited[0].removeprefix("p")
    message = town.scene.fresh_id()
    with town.clinic.database.begin() as connection:
        plan = read(connection, town.clinic, campaign_id)
        assert plan is not None
        connection.execute(
            insert(Message).values(
                id=message, conversation_id=f"talk-{number}", contact_point_id=f"phone-{number}",
                direction=Direction.INBOUND, kind="confirm", body=b"", status="received", created_at=later,
                updated_at=later,
            )
        )  # fmt: skip
        first, second = outcomes(connection, plan)
        how = progress(connection, plan)
        past = measures.usual_response_rate(connection, later + timedelta(days=4))
    assert (how.sent, how.held_out, how.replied, how.done) == (len(invited), len(rest), 1, 10)
    assert (past.rate, past.texts) == (RESPONSE_RATE, 0)  # Ten texts say nothing.
    assert (first.drawn, first.sent, first.reached_goal, first.replied) == (len(invited), len(invited), 2, 1)
    assert (second.drawn, second.sent, second.reached_goal, second.is_held_out) == (len(rest), 0, 1, True)
    assert first.difference is not None
    assert first.difference.value == pytest.approx(2 / len(invited) - 1 / len(rest))
    assert first.difference.interval.holds(first.difference.value)
    assert second.difference is None
