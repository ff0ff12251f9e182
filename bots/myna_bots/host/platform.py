"""The bot platform of a server process: its parts and their background work."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from myna.core import kept_alive
from myna.log.ports import Log
from myna.model.message import Message
from myna.ports.conversations import Conversations
from myna.services import Services
from myna_bots.host.about import About
from myna_bots.host.delivering import Deliverer
from myna_bots.host.feed import Feed
from myna_bots.host.files import Files
from myna_bots.host.inline import Inline
from myna_bots.host.interactions import Interactions
from myna_bots.host.limits import Throttle
from myna_bots.host.model import Entry
from myna_bots.host.polls import Polls
from myna_bots.host.ports import BotLog, BotStore, HookStore, IncomingStore, StateStore
from myna_bots.host.registry import Registry
from myna_bots.host.streams import Streams
from myna_bots.host.webhooks import Webhooks
from myna_bots.host.whispers import Whispers
from myna_knowledge.library import Library

MAX_READERS = 2_000
"""Readers that wait at once in a process. Overflow rule: the next one gets its answer at once, empty."""


class Readers:
    """Wakes whoever waits for a bot's next entry."""

    def __init__(self) -> None:
        self._waiting: dict[int, set[asyncio.Event]] = {}
        self._count = 0

    def heard(self, entry: Entry) -> None:
        """Wake the readers of the entry's bot."""
        self.wake(entry.bot)

    def wake(self, bot: int) -> None:
        """Wake the readers of a bot."""
        for event in self._waiting.get(bot, ()):
            event.set()

    async def wait(self, bot: int, timeout_s: float) -> None:
        """Return at the bot's next entry, or after the time. Entries of other processes are found by their poll."""
        if self._count >= MAX_READERS:
            return
        event = asyncio.Event()
        self._waiting.setdefault(bot, set()).add(event)
        self._count += 1
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._count -= 1
            group = self._waiting[bot]
            group.discard(event)
            if not group:
                del self._waiting[bot]


@dataclass(frozen=True, slots=True)
class BotPlatform:
    """Everything that the bots' surfaces need."""

    services: Services
    registry: Registry
    store: BotStore
    log: BotLog
    hooks: HookStore
    state: StateStore
    feed: Feed
    deliverer: Deliverer
    webhooks: Webhooks
    streams: Streams
    interactions: Interactions
    library: Library
    incoming: IncomingStore
    files: Files
    conversations: Conversations
    history: Log
    polls: Polls
    inline: Inline
    whispers: Whispers
    about: About
    readers: Readers = field(default_factory=Readers)
    closings: list[Callable[[], Awaitable[None]]] = field(default_factory=list[Callable[[], Awaitable[None]]])
    """What `running` closes at its end."""

    def attach(self) -> None:
        """Connect with the core: keys, grants, limits, and the hint that the log has grown."""
        self.services.tokens.keys = self.registry.principal
        self.services.access.grants = self.registry.grants
        self.services.sender.throttle = Throttle()
        self.services.sender.thread_closed = self.about.closed
        self.services.relay.listeners.append(self.feed.heard)
        self.feed.listeners.append(self.readers.heard)
        self.feed.listeners.append(self.deliverer.heard)

    async def message(self, conversation: int, seq: int) -> Message | None:
        """A message by its place. Obligation: the caller's right to it was checked."""
        found = await self.history.messages(conversation, floor=seq, before=seq + 1, after=None, limit=1)
        return found[0] if found and found[0].seq == seq else None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Feed and deliver inside the block."""
        tasks = [
            asyncio.get_running_loop().create_task(kept_alive(run), name=name)
            for name, run in (
                ("bot feed", self.feed.run),
                ("webhooks", self.deliverer.run),
                ("bot streams", self.streams.run),
                ("polls", self.polls.run),
            )
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for close in self.closings:
                await close()
