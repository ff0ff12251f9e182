"""Group commit: everything that waits goes into one transaction, and only then are senders told."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from myna.errors import Busy, MynaError
from myna.log.plan import Committed, Outcome, Published, Result
from myna.log.ports import Commits
from myna.log.writes import Write

MAX_BATCH = 2_000
"""Writes in one transaction: beyond that a longer batch costs latency and gains nothing (measured)."""
MAX_WAITING = 20_000
"""Writes that may wait. Overflow rule: the next one is refused with `busy` before anything is stored."""
LOST_S = 15.0
"""How long a sender waits for its outcome; afterwards it sends again with the same client_id."""

logger = logging.getLogger(__name__)


Settle = Callable[[Outcome], None]
"""Told what became of a write, in the loop's thread, once it is durable or refused."""


@dataclass(slots=True)
class _Waiting:
    write: Write
    settle: Settle


class Committer:
    """The one writer of a process. It never lingers: a lone write is committed at once, a crowd shares a transaction.

    `published` is called after each commit with the batch's events, before the senders continue.
    """

    def __init__(self, commits: Commits, published: Callable[[Sequence[Published]], Awaitable[None]]) -> None:
        self._commits = commits
        self._published = published
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False

    def submit(self, write: Write) -> "asyncio.Future[Result]":
        """Queue a write; the future resolves to its outcome once that is durable, or raises why it was refused.

        Writes are committed in the order of their submission.

        Raises:
            Busy: the queue is full or the server stops; nothing was stored.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.submit_then(write, partial(_settle_future, done))
        return done

    def submit_then(self, write: Write, settle: Settle) -> None:
        """Queue a write as `submit` does, without a future: `settle` is called with its outcome. Raises as `submit`."""
        if self._closing:
            raise Busy("The server is stopping; connect again.", code="draining", retry_ms=1000)
        if len(self._waiting) >= MAX_WAITING:
            raise Busy("Too many messages wait to be stored; send again.", retry_ms=1000)
        self._waiting.append(_Waiting(write, settle))
        self._wake.set()

    async def write(self, write: Write) -> Result:
        """The outcome of a write, durable when this returns.

        Raises:
            Busy: the queue is full or the server stops; nothing was stored.
            MynaError: the write was refused; nothing was stored.
        """
        done = self.submit(write)
        try:
            async with asyncio.timeout(LOST_S):
                return await done
        except TimeoutError:
            raise Busy(
                "The message may or may not be stored; send it again.", code="outcome_unknown", retry_ms=1000
            ) from None

    async def run(self) -> None:
        """Commit until `close`; then finish what waits."""
        while True:
            if not self._waiting:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            count = min(len(self._waiting), MAX_BATCH)
            await self._commit([self._waiting.popleft() for _ in range(count)])

    def close(self) -> None:
        """Refuse new writes; `run` returns when the last one is stored."""
        self._closing = True
        self._wake.set()

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            committed = await self._commits.commit([each.write for each in batch])
        except MynaError as refused:
            _resolve(batch, [refused] * len(batch))
            return
        except Exception:
            if len(batch) == 1:
                logger.exception("a write could not be stored")
                _resolve(
                    batch, [MynaError("The message could not be stored; send it again.", code="not_stored")]
                )
                return
            for each in batch:
                await self._commit([each])
            return
        await self._finish(batch, committed)

    async def _finish(self, batch: list[_Waiting], committed: Committed) -> None:
        try:
            await self._published(committed.published)
        except Exception:
            logger.exception("a committed batch could not be published; readers will find it by its head")
        _resolve(batch, committed.outcomes)


def _resolve(batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    for each, outcome in zip(batch, outcomes, strict=True):
        try:
            each.settle(outcome)
        except Exception:
            logger.exception("a sender could not be told what became of its write")


def _settle_future(done: asyncio.Future[Result], outcome: Outcome) -> None:
    if done.done():
        return
    if isinstance(outcome, MynaError):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
