"""Limits shared through Redis: two counters a key, which expire by themselves."""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myna.limits.windows import Bound, Counted

PREFIX = "myna.v1.limit"
WAIT_S = 0.5
"""How long a request waits for Redis; after that the limit is counted by the process alone."""
BATCH = 1_000

# One script, so that of two processes that ask at the same moment only one gets the last place.
_TAKE = """
local now = tonumber(redis.call('GET', KEYS[1]) or '0')
local before = tonumber(redis.call('GET', KEYS[2]) or '0')
local amount = tonumber(ARGV[1])
local fits = 0
if now + before * tonumber(ARGV[2]) + amount <= tonumber(ARGV[3]) then fits = 1 end
if amount > 0 and (fits == 1 or ARGV[5] == '1') then
  now = redis.call('INCRBY', KEYS[1], amount)
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return {fits, now, before}
"""


class RedisWindows:
    """Counts of all processes. Raises OSError when Redis does not answer within `wait_s`."""

    def __init__(self, url: str, *, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=wait_s, socket_connect_timeout=wait_s, health_check_interval=15
        )
        self._take: Any = self._redis.register_script(_TAKE)

    async def add(self, counted: Sequence[Counted]) -> list[int]:
        """Add uses; the totals in the same order."""
        totals: list[int] = []
        try:
            async with asyncio.timeout(2 * self._wait_s):
                for start in range(0, len(counted), BATCH):
                    pipe: Any = self._redis.pipeline(transaction=False)
                    for each in counted[start : start + BATCH]:
                        pipe.incrby(_name(each, 0), each.amount)
                        pipe.pexpire(_name(each, 0), int(each.window_s * 2000))
                    totals.extend(int(each) for each in (await pipe.execute())[::2])
        except (RedisError, TimeoutError) as failed:
            raise OSError(f"Redis did not answer: {failed!r}") from failed
        return totals

    async def take(
        self, counted: Counted, bound: Bound, share: float, *, force: bool
    ) -> tuple[bool, int, int]:
        """Add uses if there is room; see `Exchange.take`."""
        keys = [_name(counted, 0), _name(counted, 1)]
        args = [counted.amount, share, bound.count, int(counted.window_s * 2000), int(force)]
        try:
            async with asyncio.timeout(self._wait_s):
                fits, now, before = await self._take(keys=keys, args=args)
        except (RedisError, TimeoutError) as failed:
            raise OSError(f"Redis did not answer: {failed!r}") from failed
        return bool(fits), int(now), int(before)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _name(counted: Counted, back: int) -> str:
    return f"{PREFIX}:{counted.key}:{counted.window_s:g}:{counted.at - back}"
