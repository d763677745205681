"""Where a campaign's patients come from: its segment as it was then, drawn, and looked up anew before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.core.campaigns import CampaignState
from bot.core.cohort import Condition
from bot.core.cohort_data import Malformed, read, written
from bot.services import cohorts
from bot.services.campaigns.making import record
from bot.services.clinic import Clinic
from bot.store.queries import campaign_cohorts as queries
from bot.store.queries import campaigns

LEFT: Final = "left-the-segment"
FRESH: Final = (CampaignState.DRAFT, CampaignState.APPROVED)


@dataclass(frozen=True, slots=True)
class Changed:
    """Patients who do not belong to the segment any more, and those who do again."""

    left: int = 0
    back: int = 0


def described(condition: Condition, *, name: str, locations: Sequence[str], segment: str = "") -> Mapping[str, Any]:
    """What a campaign keeps of it: a segment that is changed later changes nothing about the campaign."""
    kept = {"name": name, "definition": written(condition), "locations": list(locations)}
    return {"segment": segment, **kept} if segment else kept


def draw(clinic: Clinic, cohort: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Ids of everybody who belongs to it now. Raises Malformed."""
    with clinic.database.read() as connection:
        for batch in cohorts.members(
            clinic, connection, read(cohort["definition"]), locations=cohort["locations"], now=now
        ):
            yield from batch


def refresh(clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime) -> Changed:
    """Who does not belong to the segment any more gets nothing; who does again, and had been left out, is back.

    Nobody is added: the campaign was forecast, and approved, for those whom it has. A list does not change, and of a
    campaign that is under way nothing is taken back.
    """
    with clinic.database.read() as connection:
        row = campaigns.campaign(connection, campaign_id)
    if row is None or row.state not in FRESH or not {"segment", "definition"} <= row.cohort.keys():
        return Changed()
    try:
        condition = read(row.cohort["definition"])
    except Malformed:
        # Of another version: its patients stay as they were drawn.
        return Changed()
    places = row.cohort.get("locations", ())
    left = back = 0
    after = ""
    with clinic.database.read() as looking:
        for batch in cohorts.members(clinic, looking, condition, locations=places, now=now):
            with clinic.database.begin() as connection:
                span = {"after": after, "until": batch[-1]}
                left += queries.leave_out(connection, campaign_id, but=batch, reason=LEFT, now=now, **span)
                back += queries.take_back(connection, campaign_id, batch, reason=LEFT, now=now)
            after = batch[-1]
    with clinic.database.begin() as connection:
        left += queries.leave_out(connection, campaign_id, but=(), reason=LEFT, now=now, after=after, until=None)
        if left or back:
            record(connection, "refresh", campaign_id, actor_id, now, left=left, back=back)
    return Changed(left, back)
