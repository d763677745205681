"""The send rate: one bucket of segments in Redis that all workers draw from, and a slower one each if Redis is down."""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.core.sending import Granted, Urgency

log = structlog.get_logger()

BUCKET_KEY = "bot:rate"
DEPTH_SECONDS = 0.25
"""How much an idle sender may save up: little, so that no second sees much more than the rate."""
DEBT_SECONDS = 5.0
"""How far replies may overdraw; what waits behind them pays it back. A safety reply may always."""
ALONE_SHARE = 0.5
"""Without Redis nobody knows how many others send; half the rate each keeps two workers within it."""
RETRY_SECONDS = 2.0
IDLE_MILLISECONDS = 3_600_000
CALL_SECONDS = 1.0

# Redis's own clock, so that workers on hosts whose clocks differ share one measure.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, depth, floor, urgency = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'stop', 'slow')
local tokens, at = tonumber(held[1] or depth), tonumber(held[2] or now)
tokens = math.min(depth, tokens + math.max(0, now - at) * rate)
local brake = tonumber(held[3] or 0)
if urgency == 0 then brake = math.max(brake, tonumber(held[4] or 0)) end
local granted, wait = 0, 0
if brake > now then
  wait = brake - now
else
  for i = 5, #ARGV do
    local cost = tonumber(ARGV[i])
    local least = math.min(cost, depth)
    if urgency == 1 then least = floor elseif urgency == 2 then least = -math.huge end
    if tokens < least then
      wait = (least - tokens) / rate
      break
    end
    tokens = tokens - cost
    granted = granted + 1
  end
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], ARGV_IDLE)
return {granted, tostring(wait)}
""".replace("ARGV_IDLE", str(IDLE_MILLISECONDS))

_BRAKE = """
local time = redis.call('TIME')
local until_ = time[1] + time[2] / 1000000 + tonumber(ARGV[2])
if until_ > tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.6f', until_))
end
redis.call('PEXPIRE', KEYS[1], ARGV_IDLE)
""".replace("ARGV_IDLE", str(IDLE_MILLISECONDS))


class SharedRate:
    """SEND_RATE segments a second, over all workers. Belongs to one event loop."""

    def __init__(self, redis_url: str, *, rate: float) -> None:
        self._rate = rate
        self._redis = Redis.from_url(redis_url, socket_connect_timeout=CALL_SECONDS, socket_timeout=CALL_SECONDS)
        self._take = self._redis.register_script(_TAKE)
        self._brake = self._redis.register_script(_BRAKE)
        self._alone = LocalRate(rate * ALONE_SHARE)
        self._down_until = 0.0

    async def take(self, costs: Sequence[int], urgency: Urgency) -> Granted:
        """Draw for as many of these messages, in order, as the rate allows now."""
        if time.monotonic() >= self._down_until:
            depth = _depth(self._rate)
            arguments = [self._rate, depth, -self._rate * DEBT_SECONDS, int(urgency), *costs]
            try:
                granted, wait = await self._take(keys=[BUCKET_KEY], args=arguments)
                return Granted(int(granted), float(wait))
            except RedisError as error:
                self._rest(error)
        return await self._alone.take(costs, urgency)

    async def brake(self, seconds: float, *, bulk_only: bool) -> None:
        """The provider wants less: nobody sends for so long, or only what patients wait for."""
        await self._alone.brake(seconds, bulk_only=bulk_only)
        try:
            await self._brake(keys=[BUCKET_KEY], args=["slow" if bulk_only else "stop", seconds])
        except RedisError as error:
            self._rest(error)

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        await self._redis.aclose()

    def _rest(self, error: Exception) -> None:
        self._down_until = time.monotonic() + RETRY_SECONDS
        log.warning("rate not shared", error=type(error).__name__)


class LocalRate:
    """The same bucket within one process."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._tokens = 0.0
        self._at = time.monotonic()
        self._brakes = {True: 0.0, False: 0.0}

    async def take(self, costs: Sequence[int], urgency: Urgency) -> Granted:
        """Draw for as many of these messages, in order, as the rate allows now."""
        now = time.monotonic()
        self._tokens = min(_depth(self._rate), self._tokens + (now - self._at) * self._rate)
        self._at = now
        brake = max(self._brakes[False], self._brakes[True] if urgency is Urgency.BULK else 0.0)
        if brake > now:
            return Granted(0, brake - now)
        for granted, cost in enumerate(costs):
            least = self._least(cost, urgency)
            if self._tokens < least:
                return Granted(granted, (least - self._tokens) / self._rate)
            self._tokens -= cost
        return Granted(len(costs), 0.0)

    async def brake(self, seconds: float, *, bulk_only: bool) -> None:
        """Send nothing for so long, or only what patients wait for."""
        self._brakes[bulk_only] = max(self._brakes[bulk_only], time.monotonic() + seconds)

    async def aclose(self) -> None:
        """Nothing to close."""

    def _least(self, cost: int, urgency: Urgency) -> float:
        match urgency:
            case Urgency.BULK:
                return min(cost, _depth(self._rate))
            case Urgency.REPLY:
                return -self._rate * DEBT_SECONDS
            case Urgency.SAFETY:
                return float("-inf")


def _depth(rate: float) -> float:
    return max(1.0, rate * DEPTH_SECONDS)
