"""Carries what a client hears to its store, many changes in one transaction, without holding the connection up."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from myna.errors import MynaError
from myna_bots.client.deliveries import Delivery, Forgotten, Settled, Snapshot
from myna_bots.client.frames import Event, Ready
from myna_bots.client.store import Store

FULL = 5_000
"""Deliveries that wait for the disk. Overflow rule: as for a slow reader, events are pulled later."""
ROOM = FULL // 2
_KEPT = (Event, Snapshot, Settled, Forgotten, Ready)
"""What outlasts the connection; the rest are signals."""


class Keeper:
    """Order: what was put first is stored first, and cursors never get ahead of the messages that they stand for."""

    def __init__(self, store: Store, room: Callable[[], None], failed: Callable[[MynaError], None]) -> None:
        self.store = store
        self._room, self._failed = room, failed
        self._deliveries: list[Delivery] = []
        self._cursors: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._ending = False

    @property
    def full(self) -> bool:
        """Whether the disk is too slow."""
        return len(self._deliveries) >= FULL

    @property
    def roomy(self) -> bool:
        """Whether the disk has caught up."""
        return len(self._deliveries) <= ROOM

    def put(self, deliveries: Sequence[Delivery], cursors: Mapping[str, int]) -> None:
        """Take what happened, and the cursors as they are after it."""
        self._deliveries += [each for each in deliveries if isinstance(each, _KEPT)]
        self._cursors.update(cursors)
        if self._deliveries or self._cursors:
            self._wake.set()

    async def run(self) -> None:
        """Store until `end`, and then what is left."""
        try:
            while not self._ending or self._deliveries or self._cursors:
                await self._wake.wait()
                self._wake.clear()
                deliveries, self._deliveries = self._deliveries, []
                cursors, self._cursors = self._cursors, {}
                if deliveries or cursors:
                    await self.store.record(deliveries, cursors)
                    self._room()
                if self._ending:
                    self._wake.set()
        except MynaError as failed:
            self._failed(failed)

    def end(self) -> None:
        """Let `run` return when all is stored."""
        self._ending = True
        self._wake.set()
