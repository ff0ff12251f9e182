"""Between log, bus and hub: events reach the hub in commit order, whatever the bus loses or turns around."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from myna.deliver.frames import (
    BusFrame,
    EventFrame,
    PresenceFrame,
    SignalFrame,
    event_frame,
    pack,
    unpack,
)
from myna.deliver.hub import Hub
from myna.deliver.tail import Tail
from myna.errors import MynaError
from myna.ids import new_id
from myna.log.plan import Published
from myna.log.ports import Log
from myna.model.message import Event, EventKind
from myna.ports.bus import Bus

TAIL_EVENTS = 10_000
"""Newest events kept in memory for resuming readers; older cursors must sync from the database."""
GAP_S = 0.1
"""How long a missing `pos` may be on its way before it is read from the log."""
BEACON_S = 20.0
"""How often sessions hear the heads of changed conversations, and the log's head is compared with the tail."""
REPAIR_PAGE = 500
PUBLISH_TIMEOUT_S = 2.0
MAX_OUTGOING = 1_000
"""Frames that wait for the bus. Overflow rule: the next one is dropped; other processes find its events by the log's head."""

logger = logging.getLogger(__name__)


class Relay:
    """Publishes this process's events and takes in those of the others. Call `start` before anything is delivered."""

    def __init__(self, log: Log, bus: Bus, hub: Hub, *, beacon_s: float = BEACON_S) -> None:
        self._beacon_s = beacon_s
        self._outgoing: asyncio.Queue[BusFrame] = asyncio.Queue(MAX_OUTGOING)
        self._log, self._bus, self._hub = log, bus, hub
        self._origin = new_id()
        self._pos = 0
        self.epoch = 0
        """Names the log; a cursor of another epoch is too old."""
        self._early: dict[int, EventFrame] = {}
        self.tail = Tail(TAIL_EVENTS)
        self.listeners: list[Callable[[EventFrame], None]] = []
        """Called for each event in commit order, in the loop's thread."""
        self.presences: list[Callable[[int, PresenceFrame], None]] = []
        """Called with what another process, named by its origin, says about its users."""
        self._gap = asyncio.Event()
        self._repairing = asyncio.Lock()

    @property
    def pos(self) -> int:
        """Everything up to here has been delivered in this process."""
        return self._pos

    async def start(self) -> None:
        """Begin at the log's head."""
        self._pos, self.epoch = await self._log.head()

    async def publish(self, published: Sequence[Published]) -> None:
        """Deliver a committed batch here and queue it for the other processes.

        Senders wait for this, the bus does not hold them up: a dead or slow one delays the others, it loses nothing.
        """
        frames = [event_frame(each) for each in published]
        self._accept(frames)
        if frames:
            self._send(BusFrame(self._origin, events=frames))

    async def signal(self, signal: SignalFrame) -> None:
        """Deliver a signal here and queue it for the other processes."""
        self._hub.signal(signal)
        self._send(BusFrame(self._origin, signals=[signal]))

    def tell_presence(self, presence: PresenceFrame) -> None:
        """Queue for the other processes who is connected to this one."""
        self._send(BusFrame(self._origin, presence=presence))

    async def run(self) -> None:
        """Take in the other processes' frames, repair gaps, and send beacons, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish())
            tasks.create_task(self._receive())
            tasks.create_task(self._fill_gaps())
            tasks.create_task(self._beacon())

    def since(self, pos: int) -> list[EventFrame] | None:
        """Events after `pos` from memory, or None when that is too long ago (or from the future): then sync."""
        if pos == self._pos:
            return []
        return None if pos > self._pos else self.tail.since(pos)

    async def drained(self) -> None:
        """Returns when the bus was given everything that waits; needs `run`."""
        await self._outgoing.join()

    def _send(self, frame: BusFrame) -> None:
        if not self._bus.shared:
            return
        try:
            self._outgoing.put_nowait(frame)
        except asyncio.QueueFull:
            logger.warning("the bus is too slow; a frame for the other processes was dropped")

    async def _publish(self) -> None:
        while True:
            frame = await self._outgoing.get()
            try:
                async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                    await self._bus.publish(pack(frame))
            except (MynaError, TimeoutError, OSError) as failed:
                logger.warning("the bus did not take a frame: %s", failed)
            finally:
                self._outgoing.task_done()

    def _accept(self, events: Sequence[EventFrame]) -> None:
        together: list[EventFrame] = []
        for event in events:
            if event.pos > self._pos + 1:
                if len(self._early) >= TAIL_EVENTS:
                    self._early.clear()
                self._early[event.pos] = event
                continue
            following: EventFrame | None = event if event.pos == self._pos + 1 else None
            while following is not None:
                self._pos = following.pos
                together.append(following)
                following = self._early.pop(self._pos + 1, None) if self._early else None
        if together:
            self._deliver(together)
        if self._early:
            self._gap.set()

    def _deliver(self, together: Sequence[EventFrame]) -> None:
        for event in together:
            self.tail.append(event)
        self._hub.deliver_all(together)
        for event in together:
            if event.finished:
                self._hub.end_stream(event.conversation, event.seq)
            for listener in self.listeners:
                listener(event)

    async def _receive(self) -> None:
        async with self._bus.subscribe() as frames:
            async for raw in frames:
                if raw is None:
                    await self._repair()
                    self._hub.beacon()
                    continue
                try:
                    frame = unpack(raw)
                except msgspec.DecodeError:
                    logger.warning("a frame of another version came over the bus and was dropped")
                    continue
                if frame.origin == self._origin:
                    continue
                self._accept(frame.events)
                for signal in frame.signals:
                    self._hub.signal(signal)
                if frame.presence is not None:
                    for listener in self.presences:
                        listener(frame.origin, frame.presence)

    async def _fill_gaps(self) -> None:
        while True:
            await self._gap.wait()
            self._gap.clear()
            await asyncio.sleep(GAP_S)
            if self._early:
                await self._repair()

    async def _beacon(self) -> None:
        while True:
            await asyncio.sleep(self._beacon_s)
            await self._compare_epoch()
            await self._repair()
            self._hub.beacon()

    async def _compare_epoch(self) -> None:
        """Begin anew when the database was replaced under this process: every cursor belongs to the log before."""
        delivered = self._pos
        try:
            pos, epoch = await self._log.head()
        except MynaError as failed:
            logger.warning("the log's head could not be read: %s", failed)
            return
        if epoch != self.epoch or pos < delivered:
            logger.warning("the log is another one than before; clients load their conversations anew")
            self._pos, self.epoch = pos, epoch
            self._early.clear()
            self.tail.clear()
            self._hub.reset()

    async def _repair(self) -> None:
        async with self._repairing:
            try:
                while True:
                    found = await self._log.events_after(self._pos, REPAIR_PAGE)
                    self._accept(
                        [
                            event_frame(Published(event, workspace, support, _joined(event), _left(event)))
                            for event, workspace, support in found
                        ]
                    )
                    if len(found) < REPAIR_PAGE:
                        return
            except MynaError as failed:
                logger.warning("the log could not be read; trying again at the next beacon: %s", failed)


def _joined(event: Event) -> tuple[int, ...]:
    """Who got a seat by this event, from what is stored with it."""
    if event.kind is EventKind.MEMBER_JOINED:
        return (int(event.data["user"]["id"]),)
    if event.kind is EventKind.CONVERSATION_CHANGED:
        return tuple(int(user) for user in event.data.get("members", ()))
    return ()


def _left(event: Event) -> tuple[int, ...]:
    """Who lost its seat by this event."""
    return (int(event.data["user"]["id"]),) if event.kind is EventKind.MEMBER_LEFT else ()
