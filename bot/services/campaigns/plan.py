"""A campaign as the run and the forecast see it: arms, words, pace, hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import cohort_data
from bot.core.campaigns import RESPONSE_RATE, Arm, CampaignState, Goal, Pace
from bot.core.cohort import Due, leaves
from bot.core.hours import Week
from bot.services.campaigns.words import Words
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.queries import campaigns as queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that decides what a campaign sends, and when, beside the patients themselves."""

    id: str
    name: str
    state: CampaignState
    goal: Goal
    size: int
    version: int
    arms: Mapping[str, Arm]
    words: Mapping[str, Mapping[str, Words]]
    """By arm and language: the clinic's own, where it has written some."""
    pace: Pace
    week: Week
    """When somebody is there to answer."""
    zones: tuple[str, ...]
    starts_at: datetime | None
    ends_at: datetime | None
    author_id: str
    approved_by: str | None
    is_being_made: bool
    """Its patients are still being put into the line."""
    editors: frozenset[str]
    """Its author, and whoever has changed it since."""
    measures: frozenset[str] = frozenset()
    """Recalls that its segment asks for, where it names some."""


def read(connection: Connection, clinic: Clinic, campaign_id: str, *, lock: bool = False) -> Plan | None:
    """The campaign as it is now; locked for the rest of the transaction, if asked."""
    row = queries.campaign(connection, campaign_id, lock=lock)
    return None if row is None else plan_of(clinic, row, queries.texts(connection, campaign_id))


def plan_of(clinic: Clinic, row: AnyRow, texts: list[AnyRow]) -> Plan:
    """The campaign out of its rows."""
    arms = [Arm(name=arm["name"], share=arm["share"], text_key=arm["text_key"]) for arm in row.arms]
    return Plan(
        id=row.id,
        name=row.name,
        state=row.state,
        goal=row.goal,
        size=row.size,
        version=row.version,
        arms={arm.name: arm for arm in arms},
        words=_words(texts),
        pace=Pace(
            send_rate=clinic.settings.send_rate,
            daily_cap=row.daily_cap,
            replies_an_hour=row.replies_an_hour,
            response_rate=RESPONSE_RATE if row.response_rate is None else row.response_rate,
        ),
        week=_week(clinic, row.location),
        zones=tuple(row.zones),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        author_id=row.author_id,
        approved_by=row.approved_by,
        is_being_made=row.chore_id is not None,
        editors=frozenset({row.author_id, *(row.editors or ())}),
        measures=_measures(row.cohort or {}),
    )


def _measures(cohort: Mapping[str, Any]) -> frozenset[str]:
    try:
        tests = leaves(cohort_data.read(cohort.get("definition")))
    except cohort_data.Malformed:
        return frozenset()  # A list, or a segment of another version.
    return frozenset(measure for test in tests if isinstance(test, Due) for measure in test.among)


def _week(clinic: Clinic, location: str | None) -> Week:
    set_up = clinic.set_up()
    place = set_up.places.get(location) if location else None
    return set_up.week if place is None else place.week


def _words(texts: list[AnyRow]) -> Mapping[str, Mapping[str, Words]]:
    sources = {row.arm: row.source_digest for row in texts if row.is_source}
    found: dict[str, dict[str, Words]] = defaultdict(dict)
    for row in texts:
        approved = row.reviewed_on is not None and row.source_digest == sources.get(row.arm)
        found[row.arm][row.language] = Words(row.body, row.is_source, approved)
    return found
