"""Several engines as one: the next one is asked when one fails before it has said anything, and a sick one rests."""

import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from myna_agents.answers.answer import Answer
from myna_agents.answers.engine import CannotAnswer, Engine, EngineFailed, Request, Restart

REST_S = 30.0
"""How long an engine that failed is asked last."""

logger = logging.getLogger(__name__)


class FailoverEngine:
    """Asks its engines in order. One that failed lately comes after the healthy ones, but is asked when all others fail.

    Once a piece of text was given out, a failure is a failure: a second voice must not go on in the first one's sentence. The
    turn then degrades to quotes.
    """

    def __init__(
        self,
        engines: Sequence[Engine],
        *,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
        sick: dict[str, float] | None = None,
    ) -> None:
        """`sick` is shared by several orders of the same engines: until when each rests, by name."""
        assert engines
        self._engines, self._rest_s, self._clock = tuple(engines), rest_s, clock
        self._sick: dict[str, float] = {} if sick is None else sick

    @property
    def name(self) -> str:
        """The first engine's name; an answer says which one made it."""
        return self._engines[0].name

    @property
    def health(self) -> dict[str, bool]:
        """Whether each engine's last answer came."""
        return {engine.name: engine.name not in self._sick for engine in self._engines}

    async def answer(self, request: Request) -> AsyncGenerator[str | Restart | Answer, None]:
        """The answer of the first engine that gives one. Raises as the last one that was asked."""
        failed: EngineFailed | None = None
        for engine in self._order():
            spoke = False
            try:
                async with aclosing(engine.answer(request)) as items:
                    async for item in items:
                        spoke = True
                        yield item
                self._sick.pop(engine.name, None)
                return
            except CannotAnswer:
                self._sick.pop(engine.name, None)
                raise
            except EngineFailed as broken:
                self._sick[engine.name] = self._clock() + self._rest_s
                if spoke:
                    raise
                logger.warning("%s; asking the next one", broken.message)
                failed = broken
        assert failed is not None
        raise failed

    async def close(self) -> None:
        """Close every engine."""
        for engine in self._engines:
            await engine.close()

    def _order(self) -> list[Engine]:
        now = self._clock()
        return sorted(self._engines, key=lambda engine: self._sick.get(engine.name, 0.0) > now)
