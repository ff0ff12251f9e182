"""Feeds the conversation log into the bots' logs, in commit order, each event once, whatever dies in between."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from myna.deliver.frames import EventFrame
from myna_bots.host.hearing import heard_by
from myna_bots.host.model import Entry, NewEntry
from myna_bots.host.ports import BotLog
from myna_bots.host.silence import Silence

PAGE = 500
"""Log events that are looked at together."""
POLL_S = 5.0
"""How often the log is looked at when no event was announced: another process may have written it."""
LAG = 2_000
"""How many events without listeners are passed before the place is stored; after a restart they are read again."""
KEPT_S = 7 * 24 * 3600.0
"""How long a bot may be away and still get everything."""
PRUNE_S = 600.0
MANY = 50
"""Events that were passed at once, without a listener among them, from which on the next look waits a little."""
PAUSE_S = 0.05
"""How long: while people talk at thousands of messages a second, looking after each commit would take from their time."""

logger = logging.getLogger(__name__)


class Feed:
    """One of these runs in each process; the place in the database decides whose turn it is."""

    def __init__(self, log: BotLog) -> None:
        self._log = log
        self._wake = asyncio.Event()
        self.listeners: list[Callable[[Entry], None]] = []
        """Called for each entry that this process stored, after commit."""
        self._stored = self._seen = -1
        self._pruned_at = 0.0
        self._silence = Silence()
        self._reading = False

    def heard(self, event: EventFrame) -> None:
        """The conversation log has grown. What no bot hears is passed at once; anything else wakes the feed."""
        self._silence.heard(event)
        if not self._reading and self._seen >= 0:
            self._seen = self._silence.passed(self._seen)
            if self._seen == event.pos and self._seen - self._stored < LAG:
                return
        self._wake.set()

    async def run(self) -> None:
        """Feed until cancelled."""
        while True:
            self._wake.clear()
            while await self.step():
                pass
            await self._prune()
            try:
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def step(self) -> bool:
        """Feed one page; whether there may be more."""
        self._reading = True
        try:
            return await self._step()
        finally:
            self._reading = False

    async def _step(self) -> bool:
        if self._seen < 0:
            self._stored = self._seen = await self._log.fed()
        self._seen = self._silence.passed(self._seen)
        moment = self._silence.moment
        found, reached, silent = await self._log.unheard(self._seen, PAGE)
        self._silence.learn(silent, moment)
        if reached == self._seen and self._seen - self._stored < LAG:
            return False
        now = time.time()
        entries = [_dated(entry, now) for heard in found for entry in heard_by(heard)]
        if not entries and reached - self._stored < LAG:
            passed, self._seen = reached - self._seen, reached
            if passed > MANY:
                await asyncio.sleep(PAUSE_S)
            return True
        stored = await self._log.feed(self._stored, reached, entries)
        if stored is None:
            self._seen = -1
            return True
        self._stored = self._seen = reached
        self.announce(stored)
        return True

    def idle_at(self, pos: int) -> bool:
        """Whether everything up to a commit position was fed."""
        return self._seen >= pos

    async def append(self, entries: list[NewEntry]) -> list[Entry]:
        """Store entries that come from elsewhere; durable when this returns. Known keys are left out."""
        stored = await self._log.append(entries)
        self.announce(stored)
        return stored

    async def entry(self, bot: int, seq: int) -> Entry | None:
        """One entry of a bot's log."""
        return await self._log.entry(bot, seq)

    def announce(self, stored: list[Entry]) -> None:
        """Tell readers in this process."""
        for entry in stored:
            for listener in self.listeners:
                listener(entry)

    async def _prune(self) -> None:
        if time.monotonic() - self._pruned_at > PRUNE_S:
            self._pruned_at = time.monotonic()
            await self._log.prune(time.time() - KEPT_S)


def _dated(entry: NewEntry, now: float) -> NewEntry:
    """Events without a time of their own get that of their feeding."""
    return entry if entry.at else replace(entry, at=now)
