"""The sample clinic's segments, and one campaign: a draft with its days ahead on paper, so that it sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bot.core.campaigns import Goal
from bot.core.cohort_data import read
from bot.services import cohorts
from bot.services.campaigns import forecast, making
from bot.services.campaigns.cohort import described, draw
from bot.services.campaigns.making import ArmText, Made
from bot.services.clinic import Clinic

NO_ANSWER: Final = "Visit within two weeks, no answer yet"
SEGMENTS: Final[Mapping[str, Any]] = {
    NO_ANSWER: {"upcoming": {"within_days": 14, "response": "needs-action"}},
    "Spanish and Portuguese speakers": {"language": {"among": ["es", "pt"]}},
    "65 or older with a visit ahead": {"all": [{"age": {"least": 65}}, {"upcoming": {"within_days": 14}}]},
    "Nobody has heard from us for 90 days": {"not": {"spoke": {"side": "clinic", "within_days": 90}}},
}
DAYS: Final = 7


def add(clinic: Clinic, user_id: str, now: datetime) -> str:
    """Keep the segments for everybody, and draft a check-up campaign for one of them; its id."""
    kept = {}
    for name, where in SEGMENTS.items():
        condition = read({"version": 1, "where": where})
        kept[name] = cohorts.save(
            clinic, cohort_id=None, name=name, condition=condition, shared=True, actor_id=user_id, now=now
        )
    cohort = described(
        read({"version": 1, "where": SEGMENTS[NO_ANSWER]}), name=NO_ANSWER, locations=(), segment=kept[NO_ANSWER] or ""
    )
    draft = making.Draft(
        name="Autumn check-ups",
        arms=[ArmText(name="A", share=80, text_key="recall/invite"), ArmText(name="hold-out", share=20)],
        goal=Goal.BOOKED,
        cohort=cohort,
        daily_cap=10,
        replies_an_hour=4,
    )
    made = making.create(clinic, draft, draw(clinic, cohort, now), actor_id=user_id, now=now)
    assert isinstance(made, Made), made
    forecast.dry_run(clinic, made.campaign_id, days=DAYS, actor_id=user_id, now=now)
    return made.campaign_id
