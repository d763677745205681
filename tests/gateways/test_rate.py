"""The send rate: shared through Redis, kept without it, and never in the way of what patients wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from bot.core.sending import Urgency
from bot.gateways.rate import LocalRate, SharedRate
from bot.services.ports import Rate
from tests.servers import RedisServer, free_port


def with_rate(url: str, rate: float, use: Callable[[SharedRate], Awaitable[None]]) -> None:
    async def run() -> None:
        shared = SharedRate(url, rate=rate)
        try:
            await use(shared)
        finally:
            await shared.aclose()

    asyncio.run(run())


async def drain(rate: Rate, messages: int, cost: int = 1) -> float:
    """Seconds that it takes to be granted so many messages."""
    started = time.monotonic()
    left = messages
    while left:
        granted = await rate.take([cost] * min(left, 20), Urgency.BULK)
        left -= granted.count
        await asyncio.sleep(min(granted.wait, 0.05))
    return time.monotonic() - started


def test_two_workers_together_send_at_the_rate(redis_url: str) -> None:
    async def run() -> float:
        one, two = SharedRate(redis_url, rate=200), SharedRate(redis_url, rate=200)
        started = time.monotonic()
        await asyncio.gather(drain(one, 150), drain(two, 150))
        seconds = time.monotonic() - started
        await one.aclose()
        await two.aclose()
        return seconds

    # 300 at 200 a second, less the little that an idle bucket holds.
    assert 1.2 <= asyncio.run(run()) <= 1.75


def test_segments_are_what_is_counted(redis_url: str) -> None:
    async def use(rate: SharedRate) -> None:
        assert 0.7 <= await drain(rate, 40, cost=5) <= 1.3

    with_rate(redis_url, 200, use)


def test_a_message_larger_than_the_bucket_still_goes_and_is_paid_for(redis_url: str) -> None:
    async def use(rate: SharedRate) -> None:
        assert (await rate.take([6], Urgency.BULK)).count == 1
        after = await rate.take([1], Urgency.BULK)
        assert after.count == 0
        assert 0.05 < after.wait <= 0.1

    with_rate(redis_url, 20, use)


def test_replies_overdraw_and_bulk_waits_for_it(redis_url: str) -> None:
    async def use(rate: SharedRate) -> None:
        assert (await rate.take([1] * 30, Urgency.REPLY)).count == 30
        assert (await rate.take([1], Urgency.BULK)).count == 0
        # Five seconds' worth is as far as replies go; a safety reply goes all the same.
        assert (await rate.take([1] * 100, Urgency.REPLY)).count < 100
        assert (await rate.take([3], Urgency.SAFETY)).count == 1

    with_rate(redis_url, 10, use)


@pytest.mark.parametrize(("bulk_only", "reply_goes"), [(True, 1), (False, 0)])
def test_a_brake_holds_for_all_workers(redis_url: str, *, bulk_only: bool, reply_goes: int) -> None:
    async def use(rate: SharedRate) -> None:
        other = SharedRate(redis_url, rate=100)
        await other.brake(0.3, bulk_only=bulk_only)
        await other.aclose()
        held = await rate.take([1], Urgency.BULK)
        assert held.count == 0
        assert 0.1 < held.wait <= 0.3
        assert (await rate.take([1], Urgency.REPLY)).count == reply_goes
        await asyncio.sleep(0.35)
        assert (await rate.take([1], Urgency.BULK)).count == 1

    with_rate(redis_url, 100, use)


def test_a_shorter_brake_does_not_loosen_a_longer_one(redis_url: str) -> None:
    async def use(rate: SharedRate) -> None:
        await rate.brake(5, bulk_only=False)
        await rate.brake(0.01, bulk_only=False)
        assert (await rate.take([1], Urgency.BULK)).wait > 4

    with_rate(redis_url, 100, use)


def test_without_redis_each_sends_at_half_the_rate() -> None:
    async def use(rate: SharedRate) -> None:
        await rate.take([1], Urgency.BULK)
        seconds = await drain(rate, 50)
        assert 0.35 <= seconds <= 0.8

    with_rate(f"redis://127.0.0.1:{free_port()}/0", 200, use)


def test_an_emptied_redis_starts_a_new_bucket(redis_server: RedisServer, redis_url: str) -> None:
    async def use(rate: SharedRate) -> None:
        await rate.take([1] * 10, Urgency.SAFETY)
        redis_server.flush()
        assert (await rate.take([1], Urgency.BULK)).count == 1

    with_rate(redis_url, 4, use)


def test_the_local_bucket_keeps_its_brake() -> None:
    async def run() -> None:
        rate = LocalRate(1000)
        await rate.brake(1, bulk_only=True)
        assert (await rate.take([1], Urgency.BULK)).count == 0
        assert (await rate.take([1], Urgency.REPLY)).count == 1

    asyncio.run(run())
