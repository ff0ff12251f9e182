"""What happens, as an async iterator that never blocks the connection."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from myna.errors import MynaError
from myna_bots.client.deliveries import Delivery

FULL = 1000
"""Deliveries that wait for their reader. Overflow rule: the client stops applying events and pulls them later; signals are
dropped meanwhile. Acks still come, so a reader may await a send."""
ROOM = FULL // 2


class Events:
    """One reader's deliveries, in order. Iteration ends when the client is closed and raises why it ended for good."""

    def __init__(self, room: Callable[[], None], gone: Callable[["Events"], None]) -> None:
        self._room, self._gone = room, gone
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._ended = False
        self._failure: MynaError | None = None

    @property
    def full(self) -> bool:
        """Whether the reader is too slow."""
        return len(self._waiting) >= FULL

    @property
    def roomy(self) -> bool:
        """Whether the reader has caught up."""
        return len(self._waiting) <= ROOM

    def put(self, delivery: Delivery) -> None:
        """Add a delivery; the client does this."""
        if not self._ended:
            self._waiting.append(delivery)
            self._arrived.set()

    def end(self, failure: MynaError | None = None) -> None:
        """End the iteration after what waits; the client does this."""
        self._ended, self._failure = True, failure
        self._arrived.set()

    def close(self) -> None:
        """Stop reading."""
        self._waiting.clear()
        self.end()
        self._gone(self)
        self._room()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delivery:
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            if self._ended:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        taken = self._waiting.popleft()
        if len(self._waiting) == ROOM:
            self._room()
        return taken
