"""The bus of a single process: there is nobody else to tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

QUEUE_FRAMES = 10_000
"""Frames that wait for a slow subscriber. Overflow rule: they are dropped and the subscriber gets None."""


class MemoryBus:
    """Frames between the subscribers of one process, in order."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[bytes | None]] = set()

    @property
    def shared(self) -> bool:
        """Whether somebody listens beside the one relay of a process."""
        return len(self._queues) > 1

    async def publish(self, frame: bytes) -> None:
        """Send a frame to every subscriber."""
        for queue in self._queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
            queue.put_nowait(frame)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[bytes | None]]:
        """Frames from now on. `None` means that frames were lost."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_FRAMES)
        self._queues.add(queue)
        try:
            yield _frames(queue)
        finally:
            self._queues.discard(queue)

    async def close(self) -> None:
        """Nothing to close."""


async def _frames(queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes | None]:
    while True:
        yield await queue.get()
