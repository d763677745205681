"""Whatever the pace, the arms and the patients: the run lets go whom the forecast did, at that hour, in those words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from bot.core.campaigns import SLOT, slot_of
from bot.core.outreach import Verdict
from bot.services.campaigns.making import ArmText
from bot.services.campaigns.release import release
from bot.store.tables import (
    Campaign,
    CampaignRecipient,
    CampaignText,
    Enrollment,
    EnrollmentMove,
    Message,
    Question,
)
from tests.services.campaigns.test_forecast import WORDS, forecast
from tests.services.campaigns.town import TEN, Town
from tests.services.sending import Scene

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HOURS = 3
SIZE = 20
ARMS = [
    [ArmText(name="all", text_key="recall/invite")],
    [ArmText(name="a", share=3, text_key="education/tip"), ArmText(name="none", share=1)],
    [ArmText(name="a", text_key="recall/invite"), ArmText(name="b", words=WORDS), ArmText(name="none")],
]
PACES = st.fixed_dictionaries(
    {
        "arms": st.sampled_from(ARMS),
        "daily_cap": st.none() | st.integers(1, 12),
        "replies_an_hour": st.none() | st.integers(1, 5),
        "response_rate": st.floats(0.1, 1),
        "starts_at": st.none() | st.integers(0, 90).map(lambda minutes: TEN + timedelta(minutes=minutes)),
        "ends_at": st.none() | st.integers(95, 170).map(lambda minutes: TEN + timedelta(minutes=minutes)),
    }
)


@pytest.fixture
def town(scene: Scene) -> Town:
    """Twenty patients, some with a reminder to come within hours."""
    scene.now = TEN
    made = Town(scene)
    made.settle(SIZE)
    for number in (2, 4, 6):
        made.visit(number, reminded_at=TEN + timedelta(minutes=25 * number))
    return made


@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    pace=PACES,
    who=st.sets(st.integers(1, SIZE), min_size=3),
    rate=st.sampled_from([0.01, 0.05, 10.0]),
    late=st.integers(0, 250),
)
def test_they_agree(town: Town, pace: dict[str, Any], who: set[int], rate: float, late: int) -> None:
    town.scene.now = TEN
    town.clinic = town.scene.clinic = _with_rate(town, rate)
    campaign_id = town.campaign([f"p{number}" for number in sorted(who)], **pace)
    lines = forecast(town, campaign_id, days=1)
    town.start(campaign_id)
    end = TEN + timedelta(hours=HOURS)
    while town.scene.now < end:
        while release(town.clinic, town.scene.now, batch=7)["looked"]:
            pass
        town.scene.now = slot_of(town.scene.now) + SLOT + timedelta(seconds=late)

    went = {
        patient: (slot_of(row.let_go_at), row.segments, *_text(town, row.message_id))
        for patient, row in town.recipients(campaign_id).items()
        if row.let_go_at is not None
    }
    assert went == {
        line.patient_id: (slot_of(line.at), line.segments, line.body, line.language)
        for line in lines.values()
        if line.verdict is Verdict.SEND and line.at is not None and line.at < end
    }
    _forget(town)


def _with_rate(town: Town, rate: float) -> Any:
    return replace(town.clinic, settings=town.clinic.settings.model_copy(update={"send_rate": rate}))


def _text(town: Town, message_id: str) -> tuple[str, str]:
    with town.clinic.database.read() as connection:
        row = connection.execute(select(Message.__table__).where(Message.id == message_id)).one()
    return town.clinic.vault.open("messages.body", row.id, row.body), row.language


def _forget(town: Town) -> None:
    """As if the campaign had never been: the next one finds the same patients."""
    with town.clinic.database.begin() as connection:
        connection.execute(delete(Question))
        connection.execute(delete(Message).where(Message.campaign_id.is_not(None)))
        for table in (EnrollmentMove, Enrollment, CampaignText, CampaignRecipient, Campaign):
            connection.execute(delete(table))
