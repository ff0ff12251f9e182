"""The worker: leases turns and takes them, a few at once, until it is told to stop."""

import asyncio
import logging
import random

from myna.errors import StaleTurn
from myna.model.ticket import Turn
from myna_agents.turns.turn import give_up, take_turn
from myna_agents.turns.world import World

LEASE_WAIT_S = 1.0
"""How long one look for work lasts; also how long stopping may take beyond the turns under way."""
RENEW_S = 5.0
"""A quarter of the platform's lease."""
TURN_S = 150.0
"""The longest a turn may take, whatever happens."""
GIVE_UP_S = 15.0
PAUSE_S = 1.0
"""After a failed look for work; doubled up to 30 s, with jitter."""

logger = logging.getLogger(__name__)


class Runner:
    """Takes turns, at most `concurrency` at once. One failing turn never touches another."""

    def __init__(
        self, world: World, *, name: str = "agents", concurrency: int = 4, renew_s: float = RENEW_S
    ) -> None:
        self._world, self._name, self._concurrency, self._renew_s = world, name, concurrency, renew_s
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`, or until cancelled: then the turns under way go to other workers when their leases end."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._concurrency):
                group.create_task(self._work(f"{self._name}-{number}"), name=f"agent worker {number}")

    def stop(self) -> None:
        """Lease no further turn; `run` returns when those under way have ended."""
        self._stopping.set()

    async def _work(self, worker: str) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                turn = await self._world.turns.lease(worker, LEASE_WAIT_S)
                failures = 0
            except Exception:
                failures += 1
                logger.exception("%s cannot look for turns", worker)
                await self._pause(failures)
                continue
            if turn is not None:
                await self.take(turn)

    async def take(self, turn: Turn) -> None:
        """Bring a leased turn to its end, its lease kept meanwhile; a lost lease ends the work at once.

        Never raises but for cancellation: this is the turn's boundary.
        """
        failed = False
        try:
            async with asyncio.timeout(TURN_S), asyncio.TaskGroup() as group:
                keeper = group.create_task(self._keep(turn))
                await take_turn(self._world, turn)
                keeper.cancel()
        except* StaleTurn:
            logger.debug("turn %d was dropped: somebody else answers", turn.id)
        except* Exception:
            logger.exception("turn %d of conversation %d failed", turn.id, turn.conversation)
            failed = True
        if failed:
            await self._give_up(turn)

    async def _keep(self, turn: Turn) -> None:
        while True:
            await asyncio.sleep(self._renew_s)
            await self._world.turns.renew(turn)

    async def _give_up(self, turn: Turn) -> None:
        try:
            async with asyncio.timeout(GIVE_UP_S):
                await give_up(self._world, turn)
        except StaleTurn:
            logger.debug("turn %d was dropped: somebody else answers", turn.id)
        except Exception as failed:
            logger.error("turn %d could not be handed over: %s", turn.id, failed)

    async def _pause(self, failures: int) -> None:
        pause = min(PAUSE_S * 2 ** min(failures, 5), 30.0) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter is no secret
        try:
            async with asyncio.timeout(pause):
                await self._stopping.wait()
        except TimeoutError:
            return
