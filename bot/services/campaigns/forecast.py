"""The time machine: a campaign's next days on paper, with the functions of the run, for the patients as they are now.

What nobody can know beforehand is left out: answers, opt-outs and visits that are made or moved meanwhile.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from sqlalchemy import Connection

from bot.core.campaigns import HOUR, SLOT, Arm, LetGo, hour_of, slot_of
from bot.core.fuses import Limit
from bot.core.hours import local_day, next_reading
from bot.core.outreach import Verdict
from bot.services import audit
from bot.services.campaigns.cohort import refresh
from bot.services.campaigns.deciding import Decided, Goes, Never, Waits
from bot.services.campaigns.letting_go import BATCH, step
from bot.services.campaigns.plan import Plan, read
from bot.services.campaigns.release import OVER, Stored, day_of
from bot.services.clinic import Clinic
from bot.services.limits import read_limits
from bot.store.columns import AnyRow, new_id
from bot.store.queries import campaigns as queries
from bot.store.queries import forecasts

MOST_DAYS: Final = 60
PAGE: Final = 5_000
SMALL: Final = 1_000
"""So many patients are played while somebody waits; more are a worker's job."""
JOB: Final = "bot.jobs.forecasts.run"
KEPT: Final = 1_000
"""Lines written in one transaction."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one patient would get, and when; or why nothing."""

    patient_id: str
    arm: str
    verdict: Verdict
    reason: str
    at: datetime | None = None
    kind: str | None = None
    language: str | None = None
    segments: int = 0
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One patient in the line on paper."""

    patient_id: str
    arm: str


@dataclass
class Paper:
    """The line on paper: ids only, so that its size is that of the cohort's ids and never that of its texts."""

    plan: Plan
    zone: str
    arms: Sequence[Arm]
    queues: dict[str, list[tuple[int, str, int]]] = field(default_factory=lambda: defaultdict(list))
    """By zone: a heap of (place, patient, number of the arm) of those whose turn may come."""
    held: list[tuple[datetime, str, int, str, int, str]] = field(default_factory=list)
    """A heap of (until, zone, place, patient, arm, reason)."""
    fresh: list[Decided] = field(default_factory=list)
    taken: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    today: Counter[datetime] = field(default_factory=Counter)
    hours: Counter[datetime] = field(default_factory=Counter)
    slots: Counter[datetime] = field(default_factory=Counter)

    def begin(self, gone: LetGo, now: datetime) -> None:
        """What has gone before the forecast begins, where the campaign is under way."""
        self.today[day_of(now, self.zone)] = gone.today
        self.hours[hour_of(now)] = gone.this_hour
        self.slots[slot_of(now)] = gone.segments_of_slot

    def put(self, row: AnyRow) -> None:
        """One more in the line."""
        arm = next(number for number, arm in enumerate(self.arms) if arm.name == row.arm)
        if row.not_before is not None:
            heapq.heappush(self.held, (row.not_before, row.zone, row.place, row.patient_id, arm, ""))
        else:
            heapq.heappush(self.queues[row.zone], (row.place, row.patient_id, arm))

    @property
    def is_empty(self) -> bool:
        """Whether nobody waits any more."""
        return not self.held and not any(self.queues.values())

    def let_go(self, now: datetime) -> LetGo:
        """What went today, in this hour and in this slot."""
        day = day_of(now, self.zone)
        return LetGo(self.today[day], self.hours[hour_of(now)], self.slots[slot_of(now)])

    def next(self, zones: Collection[str], now: datetime, limit: int) -> Sequence[Standing]:
        """Who is next where it is day, in the order of their places."""
        while self.held and self.held[0][0] <= slot_of(now):
            _until, zone, place, patient_id, arm, _why = heapq.heappop(self.held)
            heapq.heappush(self.queues[zone], (place, patient_id, arm))
        found = []
        for _ in range(limit):
            awake = [(self.queues[zone][0], zone) for zone in zones if self.queues.get(zone)]
            if not awake:
                break
            (place, patient_id, arm), zone = min(awake)
            heapq.heappop(self.queues[zone])
            self.taken[patient_id] = (zone, place, arm)
            found.append(Standing(patient_id, self.arms[arm].name))
        return found

    def settle(self, decided: Sequence[Decided], now: datetime) -> None:
        """Note what became of them; whoever the slot had no room for goes back to their place."""
        for one in decided:
            zone, place, arm = self.taken.pop(one.patient_id)
            match one:
                case Goes():
                    self.today[day_of(now, self.zone)] += 1
                    self.hours[hour_of(now)] += 1
                    self.slots[slot_of(now)] += one.written.segments
                    self.fresh.append(one)
                case Waits(until=until, reason=reason):
                    heapq.heappush(self.held, (until, zone, place, one.patient_id, arm, str(reason)))
                case Never():
                    self.fresh.append(one)
        for patient_id, (zone, place, arm) in self.taken.items():
            heapq.heappush(self.queues[zone], (place, patient_id, arm))
        self.taken.clear()

    def left(self) -> Iterator[tuple[str, str, str]]:
        """Patient, arm and reason of whoever still waits."""
        for _until, _zone, _place, patient_id, arm, why in self.held:
            yield patient_id, self.arms[arm].name, why or "waiting"
        for queue in self.queues.values():
            for _place, patient_id, arm in queue:
                yield patient_id, self.arms[arm].name, "waiting"


def play(connection: Connection, clinic: Clinic, plan: Plan, *, days: int, now: datetime) -> Iterator[Line]:
    """Every text of the next days, as it goes, and at the end whoever still waits. Nothing is written down."""
    paper = Paper(plan, clinic.settings.clinic_timezone, list(plan.arms.values()))
    paper.begin(Stored(connection, clinic, plan).let_go(now), now)
    after = (-1, "")
    while rows := queries.page_in_line(connection, plan.id, after=after, limit=PAGE):
        for row in rows:
            paper.put(row)
        after = (rows[-1].place, rows[-1].patient_id)
    at, end = now, now + timedelta(days=days)
    while at < end and not paper.is_empty and (plan.ends_at is None or at < plan.ends_at):
        while step(connection, clinic, plan, paper, at, limit=BATCH)["looked"]:
            for one in paper.fresh:
                yield _line(one, at)
            paper.fresh.clear()
        at = slot_of(at) + SLOT
    over = plan.ends_at is not None and at >= plan.ends_at
    for patient_id, arm, why in paper.left():
        yield Line(patient_id, arm, Verdict.DROP if over else Verdict.HOLD, OVER if over else why)


def _line(one: Decided, at: datetime) -> Line:
    match one:
        case Goes(draft=draft, written=written):
            return Line(
                one.patient_id, one.arm, Verdict.SEND, "ok", at, draft.kind, written.language, written.segments,
                written.body,
            )  # fmt: skip
        case Never(reason=reason):
            return Line(one.patient_id, one.arm, Verdict.DROP, str(reason), at)
        case Waits(reason=reason):
            return Line(one.patient_id, one.arm, Verdict.HOLD, str(reason), at)


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
) -> str | None:
    """Play the campaign's next days and keep what comes of it; the forecast's id. None: there is no such campaign.

    A large cohort is played by a worker: `done` of its row grows meanwhile. Raises DatabaseDown.
    """
    with clinic.database.read() as connection:
        row = queries.campaign(connection, campaign_id)
    forecast_id = request(clinic, campaign_id, days=days, actor_id=actor_id, now=now)
    if row is None or forecast_id is None:
        return None
    if at_once or row.size <= SMALL or not clinic.queue.start(JOB, forecast_id):
        fulfil(clinic, forecast_id)
    return forecast_id


def request(clinic: Clinic, campaign_id: str, *, days: int, actor_id: str, now: datetime) -> str | None:
    """Ask for a forecast, for those who belong to its segment now. Its id; None: there is no such campaign."""
    forecast_id = new_id()
    refresh(clinic, campaign_id, actor_id=actor_id, now=now)
    with clinic.database.begin() as connection:
        if queries.campaign(connection, campaign_id) is None:
            return None
        row = {
            "id": forecast_id, "campaign_id": campaign_id, "days": max(1, min(days, MOST_DAYS)), "starts_at": now,
            "author_id": actor_id, "created_at": now,
        }  # fmt: skip
        forecasts.add(connection, row)
        audit.record(
            connection, at=now, actor=actor_id, action="campaign.forecast", object_type="campaign",
            object_id=campaign_id, detail={"days": row["days"]},
        )  # fmt: skip
    return forecast_id


def fulfil(clinic: Clinic, forecast_id: str) -> None:
    """Play a forecast that was asked for. Again from the start if it was cut short."""
    with clinic.database.read() as connection:
        asked = forecasts.one(connection, forecast_id)
        plan = read(connection, clinic, asked.campaign_id) if asked is not None else None
        cents = read_limits(connection)[Limit.CENTS_PER_SEGMENT]
    if asked is None or plan is None or asked.finished_at is not None:
        return
    with clinic.database.begin() as connection:
        forecasts.clear_lines(connection, forecast_id)
    summary, kept, done = Summary(clinic, plan, cents), list[dict[str, Any]](), 0
    with clinic.database.read() as connection:
        for number, line in enumerate(play(connection, clinic, plan, days=asked.days, now=asked.starts_at)):
            summary.add(line)
            kept.append(_row(clinic, forecast_id, number, line))
            if len(kept) == KEPT:
                done += len(kept)
                _keep(clinic, forecast_id, kept, done)
                kept.clear()
    _keep(clinic, forecast_id, kept, done + len(kept))
    with clinic.database.begin() as connection:
        forecasts.finish(connection, forecast_id, summary.as_json(), clinic.clock())


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


def _keep(clinic: Clinic, forecast_id: str, rows: Sequence[dict[str, Any]], done: int) -> None:
    with clinic.database.begin() as connection:
        forecasts.keep(connection, forecast_id, rows, done)
