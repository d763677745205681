"""What campaigns changed: outcomes of their arms beside patients who were left without the text, by lot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from bot.core.campaigns import Goal
from bot.core.figures import LEAST
from bot.services.campaigns.measures import ArmOutcome, outcomes
from bot.services.campaigns.plan import plan_of
from bot.services.clinic import Clinic
from bot.services.reporting.roll_up import span_of
from bot.store.queries import campaigns as queries

PAGE: Final = 5
"""Each is counted when it is looked at."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One campaign with a hold-out."""

    campaign_id: str
    name: str
    goal: Goal
    started_at: datetime
    arms: Sequence[ArmOutcome]

    @property
    def is_small(self) -> bool:
        """Whether one of its arms has too few patients to be shown."""
        return any(arm.drawn < LEAST for arm in self.arms)


def trials(
    clinic: Clinic, connection: Connection, first: date, last: date, *, places: Sequence[str], skip: int = 0
) -> tuple[list[Trial], bool]:
    """Campaigns with a hold-out that began in these days, the latest first, and whether there are more."""
    since, until = span_of(clinic, first)[0], span_of(clinic, last)[1]
    rows = [
        row
        for row in queries.begun(connection, since, until)
        if any(arm["text_key"] is None for arm in row.arms) and (not places or row.location in places)
    ]
    shown = rows[skip : skip + PAGE]
    found = [
        Trial(row.id, row.name, row.goal, row.started_at, outcomes(connection, plan_of(clinic, row, [])))
        for row in shown
    ]
    return found, len(rows) > skip + PAGE
