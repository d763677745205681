"""Where a campaign's patients come from: its segment as it was then, drawn, and looked up anew before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from bot.core.cohort import Condition
from bot.core.cohort_data import Malformed, read, written
from bot.services import cohorts
from bot.services.campaigns.making import FRESH, record
from bot.services.clinic import Clinic
from bot.store.queries import campaign_cohorts as queries
from bot.store.queries import campaigns

LEFT: Final = "left-the-segment"
PAGE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Changed:
    """Patients who do not belong to the segment any more, and those who do again."""

    left: int = 0
    back: int = 0

    def __add__(self, other: Changed) -> Changed:
        """Both together."""
        return Changed(self.left + other.left, self.back + other.back)


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


def refresh(clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime, page: int = PAGE) -> Changed:
    """`refreshing`, to its end."""
    all_of_it = [Changed(), *refreshing(clinic, campaign_id, actor_id=actor_id, now=now, page=page)]
    return all_of_it[-1]


def refreshing(
    clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime, page: int = PAGE
) -> Iterator[Changed]:
    """Who does not belong to the segment any more gets nothing; who does again, and had been left out, is back.

    Gives what has changed so far, after each batch.

    Nobody is added: the campaign was forecast, and approved, for those whom it has. A list does not change, and of a
    campaign that is under way nothing is taken back.
    """
    with clinic.database.read() as connection:
        row = campaigns.campaign(connection, campaign_id)
    if row is None or row.state not in FRESH or not {"segment", "definition"} <= row.cohort.keys():
        return
    try:
        condition = read(row.cohort["definition"])
    except Malformed:
        # Of another version: its patients stay as they were drawn.
        return
    places = row.cohort.get("locations", ())
    changed, after = Changed(), ""
    settle = partial(_settle, clinic, campaign_id, now=now, page=page)
    with clinic.database.read() as looking:
        for batch in cohorts.members(clinic, looking, condition, locations=places, now=now):
            changed += settle(frozenset(batch), after=after, until=batch[-1])
            after = batch[-1]
            yield changed
    changed += settle(frozenset(), after=after, until=None)
    if changed.left or changed.back:
        with clinic.database.begin() as connection:
            record(connection, "refresh", campaign_id, actor_id, now, left=changed.left, back=changed.back)
    yield changed


def _settle(
    clinic: Clinic,
    campaign_id: str,
    members: frozenset[str],
    *,
    after: str,
    until: str | None,
    now: datetime,
    page: int,
) -> Changed:
    """The patients of the campaign with ids behind `after`, up to `until`, against those who belong to it there."""
    changed = Changed()
    with clinic.database.read() as connection:
        look = partial(queries.waiting_or_left, connection, campaign_id, LEFT, until=until, limit=page)
        while rows := look(after=after):
            left = [row.patient_id for row in rows if row.reason != LEFT and row.patient_id not in members]
            back = [row.patient_id for row in rows if row.reason == LEFT and row.patient_id in members]
            if left or back:
                with clinic.database.begin() as writing:
                    gone = queries.leave_out(writing, campaign_id, left, reason=LEFT, now=now)
                    changed += Changed(gone, queries.take_back(writing, campaign_id, back, reason=LEFT, now=now))
            after = rows[-1].patient_id
    return changed
