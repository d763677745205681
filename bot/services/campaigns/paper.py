"""A campaign's line on paper, and its next days played on it with the functions of the run.

What nobody can know beforehand is left out: answers, opt-outs and visits that are made or moved meanwhile.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.core.campaigns import SLOT, Arm, LetGo, hour_of, slot_of
from bot.core.gate_reasons import GateReason
from bot.core.outreach import Verdict
from bot.services.campaigns.deciding import Decided, Goes, Never, Waits
from bot.services.campaigns.letting_go import BATCH, step
from bot.services.campaigns.plan import Plan
from bot.services.campaigns.release import OVER, Stored, day_of
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.queries import campaigns as queries

PAGE: Final = 5_000
ENDED_BY_PEOPLE: Final = frozenset(
    {GateReason.PAUSED, GateReason.HELD, GateReason.CAMPAIGN_PAUSED, GateReason.FUSE_BLOWN, GateReason.PATIENT_WROTE}
)
"""What lasts until a person ends it: on paper, to the end. Asked about again, it would say the same in every slot."""


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


@dataclass(slots=True)
class Played:
    """How far a forecast had come: ids and counts alone."""

    patients: set[str] = field(default_factory=set)
    at: datetime | None = None
    """The moment that it was at."""
    went: list[tuple[datetime, int]] = field(default_factory=list)
    """When each text goes, and its segments."""
    to_the_end: bool = False
    """Whether nothing more can come than those who still wait."""

    def add(self, line: Line) -> None:
        """One line that was kept."""
        self.patients.add(line.patient_id)
        if line.at is None:
            self.to_the_end = True
            return
        self.at = line.at
        if line.verdict is Verdict.SEND:
            self.went.append((line.at, line.segments))


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
    parked: list[tuple[str, int, str]] = field(default_factory=list)
    """(patient, arm, reason) of those whose turn does not come unless somebody does something."""
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

    def go_on(self, played: Played) -> None:
        """What the forecast itself has let go already."""
        for at, segments in played.went:
            self._count(at, segments)

    def _count(self, at: datetime, segments: int) -> None:
        self.today[day_of(at, self.zone)] += 1
        self.hours[hour_of(at)] += 1
        self.slots[slot_of(at)] += segments

    def put(self, row: AnyRow) -> None:
        """One more in the line."""
        arm = next(number for number, arm in enumerate(self.arms) if arm.name == row.arm)
        if row.not_before is not None:
            heapq.heappush(self.held, (row.not_before, row.zone, row.place, row.patient_id, arm, ""))
        else:
            heapq.heappush(self.queues[row.zone], (row.place, row.patient_id, arm))

    @property
    def is_empty(self) -> bool:
        """Whether nobody's turn may come any more."""
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
                    self._count(now, one.written.segments)
                    self.fresh.append(one)
                case Waits(reason=reason) if reason in ENDED_BY_PEOPLE:
                    self.parked.append((one.patient_id, arm, str(reason)))
                case Waits(until=until, reason=reason):
                    heapq.heappush(self.held, (until, zone, place, one.patient_id, arm, str(reason)))
                case Never():
                    self.fresh.append(one)
        for patient_id, (zone, place, arm) in self.taken.items():
            heapq.heappush(self.queues[zone], (place, patient_id, arm))
        self.taken.clear()

    def left(self) -> Iterator[tuple[str, str, str]]:
        """Patient, arm and reason of whoever still waits."""
        for patient_id, arm, why in self.parked:
            yield patient_id, self.arms[arm].name, why
        for _until, _zone, _place, patient_id, arm, why in self.held:
            yield patient_id, self.arms[arm].name, why or "waiting"
        for queue in self.queues.values():
            for _place, patient_id, arm in queue:
                yield patient_id, self.arms[arm].name, "waiting"


def play(
    connection: Connection, clinic: Clinic, plan: Plan, *, days: int, now: datetime, played: Played | None = None
) -> Iterator[Line | None]:
    """Every text of the next days, as it goes, and at the end whoever still waits. Nothing is written down.

    None is a beat: for long there may be nothing to tell, and whoever plays has to be heard of meanwhile.
    `played`: what had been played before it was cut short. A step goes by the line and by what has gone alone, so that
    it goes on as if nothing had been.
    """
    paper = Paper(plan, clinic.settings.clinic_timezone, list(plan.arms.values()))
    paper.begin(Stored(connection, clinic, plan).let_go(now), now)
    played = played or Played()
    paper.go_on(played)
    after = (-1, "")
    while rows := queries.page_in_line(connection, plan.id, after=after, limit=PAGE):
        for row in rows:
            if row.patient_id not in played.patients:
                paper.put(row)
        after = (rows[-1].place, rows[-1].patient_id)
        yield None
    at, end = played.at or now, now + timedelta(days=days)
    while at < end and (played.to_the_end or not paper.is_empty) and (plan.ends_at is None or at < plan.ends_at):
        while not played.to_the_end and step(connection, clinic, plan, paper, at, limit=BATCH)["looked"]:
            for one in paper.fresh:
                yield _line(one, at)
            paper.fresh.clear()
            yield None
        at = slot_of(at) + SLOT
        yield None
    over = plan.ends_at is not None and plan.ends_at <= end
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
