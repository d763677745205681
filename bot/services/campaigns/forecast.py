"""The time machine: a campaign's next days as they would go, kept line by line, with what they come to.

Made by a worker where it is large; cut short, it goes on where its lines end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final

from sqlalchemy import Connection

from bot.core.campaigns import HOUR, hour_of
from bot.core.chores import ChoreKind
from bot.core.fuses import Limit
from bot.core.hours import local_day, next_reading
from bot.core.outreach import Verdict
from bot.services import audit, chores
from bot.services.campaigns.cohort import refreshing
from bot.services.campaigns.making import Refused
from bot.services.campaigns.paper import PAGE, Line, Played, play
from bot.services.campaigns.plan import Plan, read
from bot.services.chores import GivenUp, Held
from bot.services.clinic import Clinic
from bot.services.limits import read_limits
from bot.store.columns import new_id
from bot.store.database import once_more
from bot.store.queries import campaigns as queries
from bot.store.queries import forecasts

MOST_DAYS: Final = 60
SMALL: Final = 2_000
"""So large a line is read, and begun on, while somebody waits; a larger one is a worker's from the start."""
KEPT: Final = 250
"""Lines written in one transaction."""


class Summary:
    """What a forecast comes to: counts that grow line by line, whatever the size of the cohort."""

    def __init__(self, clinic: Clinic, plan: Plan, cents_per_segment: float) -> None:
        self._plan, self._zone, self._cents = plan, clinic.settings.clinic_timezone, cents_per_segment
        self.verdicts: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.arms: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self.segments = 0
        self.hours: Counter[datetime] = Counter()
        self.days: dict[str, Counter[str]] = defaultdict(Counter)
        self.last_at: datetime | None = None

    def add(self, line: Line) -> None:
        """Count one line."""
        self.verdicts[line.verdict] += 1
        match line.verdict:
            case Verdict.SEND if line.at is not None:
                day = self.days[local_day(line.at, self._zone).isoformat()]
                day["messages"] += 1
                day["segments"] += line.segments
                self.segments += line.segments
                self.languages[line.language or ""] += 1
                self.arms[line.arm] += 1
                self.hours[hour_of(line.at)] += 1
                self.last_at = line.at
            case Verdict.DROP:
                self.skipped[line.reason] += 1
            case _:
                self.waiting[line.reason] += 1

    def as_json(self) -> dict[str, Any]:
        """As it is stored and shown. Cost in the clinic's currency, at its price of a segment."""
        replies = self._replies()
        return {
            "messages": self.verdicts[Verdict.SEND],
            "segments": self.segments,
            "cost": round(self.segments * self._cents / 100, 2),
            "cents_per_segment": self._cents,
            "languages": dict(self.languages.most_common()),
            "arms": dict(self.arms),
            "skipped": dict(self.skipped.most_common()),
            "waiting": dict(self.waiting.most_common()),
            "days": {day: dict(counts) for day, counts in sorted(self.days.items())},
            "response_rate": self._plan.pace.response_rate,
            "replies_an_hour": self._plan.pace.replies_an_hour,
            "hours": [
                {"at": hour.isoformat(), "messages": self.hours[hour], "replies": round(replies[hour], 1)}
                for hour in sorted(self.hours.keys() | replies.keys())
            ],
            "most_replies_in_an_hour": ceil(max(replies.values(), default=0)),
            "last_at": self.last_at.isoformat() if self.last_at else None,
        }

    def _replies(self) -> dict[datetime, float]:
        """Answers to be expected in each hour in which somebody reads; what comes at night waits for the morning."""
        found: dict[datetime, float] = defaultdict(float)
        for hour, messages in self.hours.items():
            opening = next_reading(hour, self._plan.week) or hour
            found[hour if opening < hour + HOUR else hour_of(opening)] += messages * self._plan.pace.response_rate
        return found


def dry_run(
    clinic: Clinic, campaign_id: str, *, days: int, actor_id: str, now: datetime, at_once: bool = False
) -> str | Refused:
    """Play the campaign's next days and keep what comes of it; the forecast's id.

    A large cohort is played by a worker: `done` of its row grows meanwhile. Raises DatabaseDown.
    """
    asked = request(clinic, campaign_id, days=days, actor_id=actor_id, now=now)
    if isinstance(asked, Refused):
        return asked
    forecast_id, chore_id, size = asked
    if at_once:
        chores.run(clinic, {ChoreKind.FORECAST: fulfil}, chore_id=chore_id, stop=lambda: False)
    elif size <= SMALL:
        chores.at_once(clinic, ChoreKind.FORECAST, fulfil, chore_id)
    else:
        clinic.queue.work()
    return forecast_id


@once_more
def request(
    clinic: Clinic, campaign_id: str, *, days: int, actor_id: str, now: datetime
) -> tuple[str, str, int] | Refused:
    """Ask for a forecast; its id, its chore's, and how many patients it is about."""
    forecast_id = new_id()
    with clinic.database.begin() as connection:
        campaign = queries.campaign(connection, campaign_id)
        if campaign is None:
            return Refused.GONE
        if campaign.chore_id is not None:
            return Refused.BEING_MADE
        row = {
            "id": forecast_id, "campaign_id": campaign_id, "days": max(1, min(days, MOST_DAYS)), "starts_at": now,
            "author_id": actor_id, "created_at": now,
        }  # fmt: skip
        forecasts.add(connection, row)
        chore_id = chores.add(
            connection, ChoreKind.FORECAST, forecast_id, author_id=actor_id, now=now, data={}, total=campaign.size
        )
        audit.record(
            connection, at=now, actor=actor_id, action="campaign.forecast", object_type="campaign",
            object_id=campaign_id, detail={"days": row["days"]},
        )  # fmt: skip
    return forecast_id, chore_id, campaign.size


def fulfil(clinic: Clinic, held: Held, *, together: int = KEPT) -> Generator[None]:
    """Play a forecast that was asked for, for those who belong to the segment now, from where it was cut short."""
    with clinic.database.read() as connection:
        asked = forecasts.one(connection, held.subject_id)
    if asked is None:
        raise GivenUp("not-wanted")
    if not held.data.get("looked_up"):
        looking = refreshing(clinic, asked.campaign_id, actor_id=asked.author_id, now=asked.starts_at)
        for _changed in looking:
            held.renew()
            yield
        held.data["looked_up"] = True
    with clinic.database.read() as connection:
        plan = read(connection, clinic, asked.campaign_id)
        cents = read_limits(connection)[Limit.CENTS_PER_SEGMENT]
    if plan is None:
        raise GivenUp("not-wanted")
    summary, played = Summary(clinic, plan, cents), Played()
    with clinic.database.read() as connection:
        for line in _kept(connection, asked.id):
            if line is None:
                yield from _beat(held)
                continue
            summary.add(line)
            played.add(line)
    kept: list[dict[str, Any]] = []
    with clinic.database.read() as connection:
        for line in play(connection, clinic, plan, days=asked.days, now=asked.starts_at, played=played):
            if line is None:
                yield from _beat(held)
                continue
            summary.add(line)
            kept.append(_row(clinic, asked.id, held.done + len(kept), line))
            if len(kept) == together:
                _keep(held, kept)
                kept = []
                yield
    _keep(held, kept, summary.as_json(), clinic.clock())
    yield


def _beat(held: Held) -> Generator[None]:
    """Those who wait make no line: their days may be long, and no step is done in them."""
    if held.is_due:
        held.renew()
        yield


def _kept(connection: Connection, forecast_id: str) -> Iterator[Line | None]:
    """What had been played when it was cut short; None after each page."""
    after = -1
    while rows := forecasts.lines(connection, forecast_id, after=after, limit=PAGE):
        for row in rows:
            yield Line(
                row.patient_id, row.arm, row.verdict, row.reason, row.at, row.kind, row.language, row.segments
            )  # fmt: skip
        after = rows[-1].number
        yield None


def _keep(
    held: Held, rows: Sequence[dict[str, Any]], summary: Mapping[str, Any] | None = None, now: datetime | None = None
) -> None:
    """Lines, and with the summary the end."""
    with held.step() as connection:
        held.done += len(rows)
        forecasts.keep(connection, held.subject_id, rows, held.done)
        if summary is not None and now is not None:
            forecasts.finish(connection, held.subject_id, summary, now)
            held.is_finished = True


def _row(clinic: Clinic, forecast_id: str, number: int, line: Line) -> dict[str, Any]:
    return {
        "forecast_id": forecast_id,
        "number": number,
        "patient_id": line.patient_id,
        "arm": line.arm,
        "verdict": line.verdict,
        "reason": line.reason,
        "at": line.at,
        "kind": line.kind,
        "language": line.language,
        "segments": line.segments,
        "digest": clinic.vault.index(line.body) if line.body is not None else None,
    }
