"""Sending what is due: claim, commit, call, record, with many calls under way and no transaction open during any."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, assert_never

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.services.clinic import Clinic
from bot.services.deliver_claim import ANY_RANK, URGENT_RANK, Claim, Ready, claim, release, still_welcome
from bot.services.deliver_failure import Brake
from bot.services.deliver_record import Outcome, record
from bot.services.ports import Accepted, Provider, Rate, Refused, Unknown, Urgency
from bot.store.database import DatabaseDown

log = structlog.get_logger()

AHEAD_SECONDS: Final = 2.0
"""No more is claimed than the rate allows in so long: what is claimed, others cannot send, nor a STOP reach easily."""
RECHECK_SECONDS: Final = 0.25
"""What has waited longer since the claim is looked at once more right before the call."""
TOO_LONG_SECONDS: Final = 12.0
"""What has waited longer goes back: its lease must outlast the call."""
LOOK_SECONDS: Final = 0.5
RECORD_SECONDS: Final = 0.05
DRAIN_SECONDS: Final = 6.0
DOWN_SECONDS: Final = 1.0
RECORD_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one run did."""

    sent: int = 0
    refused: int = 0
    unknown: int = 0
    held: int = 0
    dropped: int = 0
    released: int = 0


async def deliver(
    clinic: Clinic,
    provider: Provider,
    rate: Rate,
    *,
    batch: int = 200,
    in_flight: int = 64,
    stop: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Send until nothing is due, or `stop()` says so: then what was not handed over is given back."""
    return await Dispatcher(clinic, provider, rate, batch=batch, in_flight=in_flight, stop=stop).run()


class Dispatcher:
    """One run. Everything but the database calls happens in one event loop; those go to threads, one of a kind."""

    def __init__(
        self,
        clinic: Clinic,
        provider: Provider,
        rate: Rate,
        *,
        batch: int,
        in_flight: int,
        stop: Callable[[], bool],
    ) -> None:
        self._clinic, self._provider, self._rate, self._stop = clinic, provider, rate, stop
        self._in_flight = in_flight
        self._limit = max(4, min(batch, int(clinic.settings.send_rate * AHEAD_SECONDS)))
        self._ready: list[tuple[int, int, Ready]] = []
        self._order = count()
        self._granted: deque[Ready] = deque()
        self._checked: dict[str, float] = {}
        self._flying: dict[asyncio.Task[None], Ready] = {}
        self._outcomes: list[Outcome] = []
        self._woken = asyncio.Event()
        self._claiming: asyncio.Task[None] | None = None
        self._recording: asyncio.Task[None] | None = None
        self._exhausted = self._closing = False
        self._failure: BaseException | None = None
        self._claim_at = self._grant_at = self._launch_at = self._record_at = 0.0
        self._counts: Counter[str] = Counter()

    async def run(self) -> Delivered:
        """Until nothing is left to do here."""
        try:
            while not self._stop():
                if self._failure is not None:
                    raise self._failure
                if self._is_done():
                    break
                self._claim_more()
                await self._grant()
                await self._look_again()
                self._record_soon()
                await self._sleep()
        finally:
            await self._drain()
        return Delivered(**self._counts)

    def _is_done(self) -> bool:
        busy = self._ready or self._granted or self._flying or self._outcomes or self._claiming or self._recording
        return self._exhausted and not busy

    async def _sleep(self) -> None:
        now = time.monotonic()
        moments = [now + LOOK_SECONDS]
        if self._ready and len(self._granted) < self._in_flight:
            moments.append(self._grant_at)
        if self._outcomes and self._recording is None:
            moments.append(self._record_at)
        timer = asyncio.get_running_loop().call_later(max(0.001, min(moments) - now), self._woken.set)
        await self._woken.wait()
        timer.cancel()
        self._woken.clear()

    # --- claiming

    def _claim_more(self) -> None:
        now = time.monotonic()
        if self._claiming is not None or now < self._claim_at:
            return
        waiting = len(self._ready) + len(self._granted)
        if waiting < self._limit * 3 // 4:
            self._claiming = self._start(self._claim(self._limit, ANY_RANK))
        elif waiting:
            # A patient's answer does not stand in line behind what waits for the rate.
            self._claiming = self._start(self._claim(self._in_flight, URGENT_RANK))

    async def _claim(self, limit: int, worst_rank: int) -> None:
        try:
            got = await asyncio.to_thread(claim, self._clinic, limit=limit, worst_rank=worst_rank)
        except DatabaseDown as error:
            log.warning("claiming failed", error=str(error))
            got = Claim()
            self._claim_at = time.monotonic() + DOWN_SECONDS
        self._counts.update(held=got.held, dropped=got.dropped)
        for text in got.ready:
            heapq.heappush(self._ready, (text.lane_rank, next(self._order), text))
        if worst_rank == ANY_RANK:
            self._exhausted = got.looked == 0
        if got.looked == 0:
            self._claim_at = max(self._claim_at, time.monotonic() + (0.0 if self._is_quiet() else LOOK_SECONDS))

    def _is_quiet(self) -> bool:
        return not (self._ready or self._granted or self._flying)

    # --- the rate

    async def _grant(self) -> None:
        while self._ready and len(self._granted) < self._in_flight:
            urgency = self._ready[0][2].urgency
            # In groups: Redis is asked some twenty times a second, not for each call that ends.
            enough = len(self._granted) > self._in_flight // 2 or time.monotonic() < self._grant_at
            if urgency is Urgency.BULK and enough:
                return
            asked = self._next_of(urgency)
            granted = await self._rate.take([text.segments for _rank, _order, text in asked], urgency)
            self._granted.extend(text for _rank, _order, text in asked[: granted.count])
            self._launch()
            for item in asked[granted.count :]:
                heapq.heappush(self._ready, item)
            if granted.count < len(asked):
                self._grant_at = time.monotonic() + max(0.001, granted.wait)
                return

    def _next_of(self, urgency: Urgency) -> list[tuple[int, int, Ready]]:
        room = self._in_flight - len(self._granted)
        asked: list[tuple[int, int, Ready]] = []
        while self._ready and len(asked) < room and self._ready[0][2].urgency is urgency:
            asked.append(heapq.heappop(self._ready))
        return asked

    # --- the calls

    def _launch(self) -> None:
        """Start what may go. At once when a call ends, so that no slot is empty while this loop waits for Redis."""
        if self._closing:
            return
        now = time.monotonic()
        while self._granted and len(self._flying) < self._in_flight and self._is_fresh(self._granted[0], now):
            text = self._granted.popleft()
            self._checked.pop(text.id, None)
            self._flying[self._start(self._send(text))] = text

    def _is_fresh(self, text: Ready, now: float) -> bool:
        """Whether it was looked at a moment ago, at the claim or since."""
        return now - self._checked.get(text.id, text.claimed_at) < RECHECK_SECONDS

    async def _look_again(self) -> None:
        """Whether what has waited may still go; everything granted is looked at in one query."""
        now = time.monotonic()
        waits = self._granted and len(self._flying) < self._in_flight and not self._is_fresh(self._granted[0], now)
        if not waits or now < self._launch_at:
            return
        waiting, self._granted = list(self._granted), deque()
        late = [text for text in waiting if now - text.claimed_at > TOO_LONG_SECONDS]
        fresh = [text for text in waiting if now - text.claimed_at <= TOO_LONG_SECONDS]
        try:
            welcome = await asyncio.to_thread(still_welcome, self._clinic, fresh) if fresh else []
            await self._give_back(late)
        except DatabaseDown as error:
            # Not knowing is no leave to send.
            log.warning("looking again failed", error=str(error))
            self._launch_at = time.monotonic() + DOWN_SECONDS
            self._granted = deque(waiting)
            return
        self._counts["dropped"] += len(fresh) - len(welcome)
        self._granted = deque(welcome)
        self._checked = dict.fromkeys((text.id for text in welcome), now)
        self._launch()

    async def _send(self, text: Ready) -> None:
        try:
            answer = await self._provider.send(text.text)
        except asyncio.CancelledError:
            answer = Unknown("cancelled")
        self._outcomes.append(Outcome(text, answer))
        match answer:
            case Accepted():
                self._counts["sent"] += 1
            case Refused():
                self._counts["refused"] += 1
            case Unknown():
                self._counts["unknown"] += 1
            case _:
                assert_never(answer)

    # --- recording

    def _record_soon(self) -> None:
        now = time.monotonic()
        if self._outcomes and self._recording is None and (now >= self._record_at or not self._flying):
            self._record_at = now + RECORD_SECONDS
            outcomes, self._outcomes = self._outcomes, []
            self._recording = self._start(self._record(outcomes))

    async def _record(self, outcomes: list[Outcome]) -> None:
        try:
            brakes = await asyncio.to_thread(record, self._clinic, outcomes)
        except DatabaseDown as error:
            log.warning("recording failed", error=str(error))
            self._outcomes = outcomes + self._outcomes
            self._record_at = time.monotonic() + DOWN_SECONDS
            return
        except SQLAlchemyError as error:
            # One that cannot be recorded must not take the others with it; its lease passes, and it is looked up.
            log.error("an outcome cannot be recorded", error=type(error).__name__, count=len(outcomes))
            if len(outcomes) > 1:
                for outcome in outcomes:
                    await self._record([outcome])
            return
        for brake in brakes:
            await self._brake(brake)

    async def _brake(self, brake: Brake) -> None:
        await self._rate.brake(brake.seconds, bulk_only=brake.bulk_only)

    # --- the end

    async def _drain(self) -> None:
        self._closing = True
        for task in filter(None, (self._claiming, self._recording)):
            await asyncio.wait([task])
        left = [text for _rank, _order, text in self._ready] + list(self._granted)
        self._ready, self._granted = [], deque()
        if self._flying:
            await asyncio.wait(self._flying, timeout=DRAIN_SECONDS)
            for task in list(self._flying):
                # Its outcome is unknown then, and looked up by whoever works on.
                task.cancel()
            if self._flying:
                await asyncio.wait(self._flying)
        for _try in range(RECORD_TRIES):
            if self._outcomes:
                outcomes, self._outcomes = self._outcomes, []
                await self._record(outcomes)
        try:
            await self._give_back(left)
        except DatabaseDown as error:
            log.warning("giving back failed", error=str(error), count=len(left))

    async def _give_back(self, texts: Sequence[Ready]) -> None:
        if texts:
            await asyncio.to_thread(release, self._clinic, texts)
            self._counts["released"] += len(texts)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._flying.pop(task, None) is not None:
            self._launch()
        if task is self._claiming:
            self._claiming = None
        if task is self._recording:
            self._recording = None
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None and self._failure is None:
            self._failure = error
