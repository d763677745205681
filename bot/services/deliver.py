"""Sending what is due: claim, commit, look again, call, record; many at once, no transaction open during a call."""

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

from bot.services.brakes import ANY_RANK
from bot.services.clinic import Clinic
from bot.services.deliver_claim import URGENT_RANK, Claim, Ready, claim, look_again, release
from bot.services.deliver_failure import Brake
from bot.services.deliver_record import Outcome, record
from bot.services.ports import Accepted, Provider, Rate, Refused, Unknown, Urgency
from bot.store.columns import new_id
from bot.store.database import DatabaseDown

log = structlog.get_logger()

AHEAD_SECONDS: Final = 2.0
"""No more is claimed than the rate allows in so long: what is claimed, others cannot send, nor a STOP reach easily."""
FRESH_SECONDS: Final = 0.2
"""A look right before the call is good for so long; what has to wait for a slot longer is looked at again."""
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
        self._holder, self._in_flight = new_id(), in_flight
        self._limit = max(4, min(batch, int(clinic.settings.send_rate * AHEAD_SECONDS)))
        self._ready: list[tuple[int, int, Ready]] = []
        self._order = count()
        self._granted: deque[Ready] = deque()
        self._cleared: deque[tuple[float, Ready]] = deque()
        self._flying: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._woken = asyncio.Event()
        self._claiming: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._recording: asyncio.Task[None] | None = None
        self._exhausted = self._closing = self._probing = False
        self._failure: BaseException | None = None
        self._claim_at = self._urgent_at = self._grant_at = self._look_at = self._record_at = 0.0
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
                self._look_ahead()
                self._record_soon()
                await self._sleep()
        finally:
            await self._drain()
        return Delivered(**self._counts)

    def _is_done(self) -> bool:
        return self._exhausted and self._is_quiet() and self._is_recorded() and self._claiming is None

    def _is_quiet(self) -> bool:
        return not (self._ready or self._granted or self._looking or self._cleared or self._flying)

    def _is_recorded(self) -> bool:
        return not self._outcomes and self._recording is None

    async def _sleep(self) -> None:
        now = time.monotonic()
        moments = [now + LOOK_SECONDS]
        if self._ready and len(self._granted) < self._in_flight:
            moments.append(self._grant_at)
        if self._granted and self._looking is None and len(self._flying) < self._in_flight:
            moments.append(self._look_at)
        if self._outcomes and self._recording is None:
            moments.append(self._record_at)
        timer = asyncio.get_running_loop().call_later(max(0.001, min(moments) - now), self._woken.set)
        await self._woken.wait()
        timer.cancel()
        self._woken.clear()

    # --- claiming

    def _claim_more(self) -> None:
        now = time.monotonic()
        if self._claiming is not None:
            return
        if self._probing and not (self._is_quiet() and self._is_recorded()):
            return
        waiting = len(self._ready) + len(self._granted) + len(self._cleared)
        if waiting < self._limit * 3 // 4 and now >= self._claim_at:
            self._claiming = self._start(self._claim(self._limit, ANY_RANK))
        elif waiting and now >= self._urgent_at:
            # A patient's answer does not stand in line behind what waits for the rate.
            self._claiming = self._start(self._claim(self._in_flight, URGENT_RANK))

    async def _claim(self, limit: int, worst_rank: int) -> None:
        try:
            got = await asyncio.to_thread(claim, self._clinic, holder=self._holder, limit=limit, worst_rank=worst_rank)
        except DatabaseDown as error:
            log.warning("claiming failed", error=str(error))
            got = Claim(probing=self._probing)
            self._claim_at = self._urgent_at = time.monotonic() + DOWN_SECONDS
        self._probing = got.probing
        self._counts.update(held=got.held, dropped=got.dropped)
        for text in got.ready:
            heapq.heappush(self._ready, (text.lane_rank, next(self._order), text))
        again_at = time.monotonic() + (0.0 if got.looked or self._is_quiet() else LOOK_SECONDS)
        if worst_rank == ANY_RANK:
            self._exhausted = got.looked == 0
            self._claim_at = max(self._claim_at, again_at)
        else:
            self._urgent_at = max(self._urgent_at, again_at)

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
            self._look_ahead()
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

    # --- the look right before the call

    def _look_ahead(self) -> None:
        """Look at what goes next while what was looked at before still goes, so that no slot waits for the database."""
        enough = len(self._cleared) > self._in_flight // 4
        if self._closing or self._looking is not None or enough or time.monotonic() < self._look_at:
            return
        next_ones = [self._granted.popleft() for _ in range(min(len(self._granted), self._in_flight // 2 or 1))]
        if next_ones:
            self._looking = self._start(self._look(next_ones))

    async def _look(self, texts: list[Ready]) -> None:
        begun = time.monotonic()
        try:
            seen = await asyncio.to_thread(look_again, self._clinic, texts, holder=self._holder)
        except DatabaseDown as error:
            # Not knowing is no leave to send.
            log.warning("looking again failed", error=str(error))
            self._look_at = time.monotonic() + DOWN_SECONDS
            self._granted.extendleft(reversed(texts))
            return
        self._counts.update(held=seen.held, dropped=seen.dropped)
        self._cleared.extend((begun, text) for text in seen.welcome)
        self._launch()

    # --- the calls

    def _launch(self) -> None:
        """Start what may go. At once when a call ends, so that no slot is empty while this loop waits for Redis."""
        now = time.monotonic()
        while self._cleared and len(self._flying) < self._in_flight and not self._closing:
            seen_at, text = self._cleared.popleft()
            if now - seen_at < FRESH_SECONDS:
                self._flying.add(self._start(self._send(text)))
            else:
                self._granted.append(text)

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
            brakes = await asyncio.to_thread(record, self._clinic, outcomes, probing=self._probing)
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
        for task in filter(None, (self._claiming, self._looking, self._recording)):
            await asyncio.wait([task])
        left = [text for _rank, _order, text in self._ready] + list(self._granted)
        left += [text for _seen_at, text in self._cleared]
        self._ready, self._granted, self._cleared = [], deque(), deque()
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
            await asyncio.to_thread(release, self._clinic, texts, holder=self._holder)
            self._counts["released"] += len(texts)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task is self._claiming:
            self._claiming = None
        if task is self._looking:
            self._looking = None
        if task is self._recording:
            self._recording = None
        if task in self._flying:
            self._flying.discard(task)
            self._launch()
        self._look_ahead()
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None and self._failure is None:
            self._failure = error
