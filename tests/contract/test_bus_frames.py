"""The bus between processes: every frame to every subscriber, in the order of its publisher, and word of losses."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from myna.adapters import bus_memory
from myna.adapters.bus_memory import MemoryBus
from myna.adapters.bus_redis import RedisBus
from myna.errors import Busy
from myna.ports.bus import Bus
from support import processes


@pytest.fixture
async def bus(bus_url: str) -> AsyncIterator[Bus]:
    made: Bus = MemoryBus() if bus_url == "memory:" else RedisBus(bus_url)
    try:
        yield made
    finally:
        await made.close()


async def following(frames: AsyncIterator[bytes | None]) -> bytes:
    """The next frame that is not a word of loss."""
    async with asyncio.timeout(60):
        async for frame in frames:
            if frame is not None:
                return frame
    raise AssertionError("the subscription ended")


async def subscribed(bus: Bus, frames: AsyncIterator[bytes | None]) -> None:
    """Returns when the subscription takes frames."""
    waiting = asyncio.get_running_loop().create_task(following(frames))
    async with asyncio.timeout(60):
        while not waiting.done():
            await bus.publish(b"knock")
            await asyncio.wait([waiting], timeout=0.01)


async def test_every_subscriber_gets_every_frame_in_order(bus: Bus) -> None:
    async with bus.subscribe() as one, bus.subscribe() as other:
        await subscribed(bus, one)
        await subscribed(bus, other)
        sent = [b"%d" % number for number in range(200)]
        for frame in sent:
            await bus.publish(frame)
        for frames in (one, other):
            got: list[bytes] = []
            while len(got) < len(sent):
                frame = await following(frames)
                if frame != b"knock":
                    got.append(frame)
            assert got == sent


async def test_frames_are_bytes_of_any_kind(bus: Bus) -> None:
    async with bus.subscribe() as frames:
        await subscribed(bus, frames)
        await bus.publish(bytes(range(256)))
        while (frame := await following(frames)) == b"knock":
            pass
        assert frame == bytes(range(256))


async def test_who_subscribes_later_gets_what_comes_later(bus: Bus) -> None:
    await bus.publish(b"early")
    async with bus.subscribe() as frames:
        await subscribed(bus, frames)
        await bus.publish(b"late")
        while (frame := await following(frames)) == b"knock":
            pass
        assert frame == b"late"


async def test_publishing_to_nobody_is_fine(bus: Bus) -> None:
    await bus.publish(b"alone")


async def test_a_slow_subscriber_hears_of_its_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_memory, "QUEUE_FRAMES", 3)
    bus = MemoryBus()
    async with bus.subscribe() as frames:
        for number in range(5):
            await bus.publish(b"%d" % number)
        assert [await anext(frames) for _ in range(3)] == [None, b"3", b"4"]


async def test_a_new_subscription_to_redis_tells_of_possible_losses(redis_url: str) -> None:
    bus = RedisBus(redis_url)
    try:
        async with bus.subscribe() as frames, asyncio.timeout(60):
            assert await anext(frames) is None
    finally:
        await bus.close()


async def test_without_redis_a_frame_is_refused_and_the_subscriber_waits() -> None:
    bus = RedisBus(f"redis://127.0.0.1:{processes.free_port()}/0")
    try:
        with pytest.raises(Busy):
            await bus.publish(b"x")
        async with bus.subscribe() as frames:
            waiting = asyncio.get_running_loop().create_task(_next(frames))
            done, _ = await asyncio.wait([waiting], timeout=0.2)
            assert not done
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
    finally:
        await bus.close()


async def _next(frames: AsyncIterator[bytes | None]) -> bytes | None:
    return await anext(frames)


async def test_a_bus_with_a_single_listener_is_not_shared() -> None:
    bus = MemoryBus()
    async with bus.subscribe():
        assert not bus.shared
        async with bus.subscribe():
            assert bus.shared
    assert not bus.shared
