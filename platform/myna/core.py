"""The running core of a process: services, their background tasks, and an orderly end."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from myna.log.ports import Commits
from myna.ports.bus import Bus
from myna.services import Services

STOP_S = 10.0
"""How long writes that wait may take at the end."""
FLUSH_S = 2.0
"""How long the bus may take at the end; the other processes read from the log what it did not take."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Core:
    """Services with what must be closed after them."""

    services: Services
    commits: Commits
    bus: Bus
    close: Callable[[], Awaitable[None]]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Services, None]:
        """Run the committer, relay, signals and turns; at the end store what waits, then close everything."""
        services = self.services
        await services.relay.start()
        committing = asyncio.get_running_loop().create_task(services.committer.run(), name="committer")
        tasks = [
            asyncio.get_running_loop().create_task(kept_alive(work), name=name)
            for name, work in (
                ("relay", services.relay.run),
                ("receipts", services.receipts.run),
                ("presence", services.presence.run),
                ("turns", services.turns.run),
                ("queue", services.queue_watch.run),
                ("timer", services.timer.run),
                ("indexer", services.indexer.run),
                ("sign-ins", services.sign_ins.run),
                ("limits", services.limits.run),
                ("intrusion", services.intrusion.detector.run),
                ("alerts", services.intrusion.heralds.run),
                ("privacy", services.privacy.jobs.run),
            )
        ]
        try:
            yield services
        finally:
            services.draining.append(True)
            services.committer.close()
            try:
                async with asyncio.timeout(STOP_S):
                    await committing
            except TimeoutError:
                logger.error(
                    "some writes were not stored in time; their senders were not told that they were"
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await services.relay.drained()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.commits.close()
            await self.bus.close()
            await self.close()


async def kept_alive(work: Callable[[], Awaitable[None]]) -> None:
    """Keep a background task alive: a fault is logged once and the task begins again."""
    while True:
        try:
            await work()
            return
        except Exception:
            logger.exception("a background task failed and begins again")
            await asyncio.sleep(1.0)
