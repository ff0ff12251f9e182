"""Limits that several processes share through Redis."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis import Redis

from myna.adapters.windows_redis import PREFIX, RedisWindows
from myna.errors import TooMany
from myna.limits.bounds import Limits
from myna.limits.windows import Bound, Windows
from support import myna_server, processes

FIVE = Bound(5, 60)
PATIENT_S = 30.0
"""These tests are of what is counted, not of how quick a busy machine is."""


@asynccontextmanager
async def process(url: str, *, clock: float = 1_000_000.0) -> AsyncIterator[Limits]:
    """The limits of one process, at a time that stands still."""
    exchange = RedisWindows(url, wait_s=PATIENT_S)
    try:
        yield Limits({"sign_in_address": FIVE}, Windows(exchange, clock=lambda: clock))
    finally:
        await exchange.close()


async def test_what_is_taken_in_one_process_is_gone_in_the_other(redis_url: str) -> None:
    async with process(redis_url) as one, process(redis_url) as other:
        for limits in (one, other, one, other, one):
            await limits.take("sign_in_address", "a")
        for limits in (one, other):
            with pytest.raises(TooMany):
                await limits.take("sign_in_address", "a")
            with pytest.raises(TooMany):
                await limits.check("sign_in_address", "a")
            await limits.take("sign_in_address", f"b{id(limits)}")


async def test_of_many_at_the_same_moment_only_as_many_as_allowed_pass(redis_url: str) -> None:
    async with process(redis_url) as one, process(redis_url) as other:
        tries = [limits.take("sign_in_address", "a") for limits in (one, other) * 20]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(each is None for each in outcomes) == FIVE.count
    assert sum(isinstance(each, TooMany) for each in outcomes) == 40 - FIVE.count


async def test_what_is_used_at_once_is_known_elsewhere_after_the_next_exchange(redis_url: str) -> None:
    async with process(redis_url) as one, process(redis_url) as other:
        for _ in range(3):
            one.use("sign_in_address", "a")
            other.use("sign_in_address", "a")
        await one.windows.share()
        await other.windows.share()
        with pytest.raises(TooMany):
            other.use("sign_in_address", "a")
        await one.windows.take("sign_in_address:a", FIVE, 0)
        with pytest.raises(TooMany):
            one.use("sign_in_address", "a")


async def test_keys_in_redis_name_nobody_and_expire(redis_url: str) -> None:
    async with process(redis_url) as one:
        await one.take("sign_in_address", "192.0.2.7")
    with Redis.from_url(redis_url) as client:
        (key,) = client.keys(f"{PREFIX}:*")
        assert b"192.0.2.7" not in key
        assert 0 < client.ttl(key) <= 120


async def test_a_process_counts_alone_while_redis_is_away() -> None:
    async with process(f"redis://127.0.0.1:{processes.free_port()}/0") as alone:
        for _ in range(FIVE.count):
            await alone.take("sign_in_address", "a")
        with pytest.raises(TooMany):
            await alone.take("sign_in_address", "a")
        await alone.windows.share()


_OTHER = """
import asyncio, sys
from myna.adapters.windows_redis import RedisWindows
from myna.limits.windows import Bound, Windows
async def main():
    exchange = RedisWindows(sys.argv[1], wait_s=30)
    windows = Windows(exchange, clock=lambda: 1_000_000.0)
    print(sum([await windows.take("sign_in_address:a", Bound(5, 60)) == 0 for _ in range(3)]))
    await exchange.close()
asyncio.run(main())
"""


async def test_two_real_processes_share_one_limit(redis_url: str) -> None:
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OTHER, redis_url, stdout=-1, env=myna_server.environment({})
    )
    told, _ = await other.communicate()
    assert told.strip() == b"3"
    async with process(redis_url) as one:
        await one.take("sign_in_address", "a")
        await one.take("sign_in_address", "a")
        with pytest.raises(TooMany):
            await one.take("sign_in_address", "a")
