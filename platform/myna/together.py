"""Lookups that are asked for at the same time share one read."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Collects keys while a read runs and looks all of them up in the next one.

    Each answer comes from a read that began after the question, so it is as fresh as a read of one's own. A lone question is
    read at once; a storm of them costs a read for each `most` questions.
    """

    def __init__(self, read: Callable[[Collection[K]], Awaitable[Mapping[K, V]]], most: int) -> None:
        self._read, self._most = read, most
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def find(self, key: K) -> V | None:
        """The value of a key, or None when the read has none. Raises whatever the read raises."""
        found: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, found))
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._run())
        return await found

    async def _run(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(together)
        finally:
            self._reading = None

    async def _answer(self, together: list[tuple[K, asyncio.Future[V | None]]]) -> None:
        try:
            values = await self._read({key for key, _ in together})
        except BaseException as failed:
            for _, found in together:
                if not found.done():
                    # A cancelled read is no fault of those who wait for it; they are cancelled with it.
                    found.cancel() if isinstance(failed, asyncio.CancelledError) else found.set_exception(
                        failed
                    )
            if not isinstance(failed, Exception):
                raise
            return
        for key, found in together:
            if not found.done():
                found.set_result(values.get(key))
