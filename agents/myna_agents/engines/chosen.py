"""The server's models as one engine: the agent's own choice first, then the others in the server's order, each as a stand-in."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from myna_agents.answers.answer import Answer
from myna_agents.answers.engine import Engine, Request, Restart
from myna_agents.engines.failover import REST_S, FailoverEngine

OFFLINE = "offline:"


class ChosenEngine:
    """Asks whichever engine the request's agent has chosen. An agent may only choose what the server was started with: an
    address of its own would be given the server's key."""

    def __init__(self, models: Sequence[Engine], offline: Engine, *, rest_s: float = REST_S) -> None:
        self._models, self._offline = tuple(models), offline
        sick: dict[str, float] = {}
        self._in_order = {
            first.name: FailoverEngine(
                [first, *(each for each in self._models if each is not first)], rest_s=rest_s, sick=sick
            )
            for first in self._models
        }

    @property
    def name(self) -> str:
        """The first model's name, `offline:` without one."""
        return self._models[0].name if self._models else self._offline.name

    @property
    def choices(self) -> tuple[str, ...]:
        """What an agent can choose."""
        return (OFFLINE, *(each.name for each in self._models))

    async def answer(self, request: Request) -> AsyncGenerator[str | Restart | Answer, None]:
        """The answer of the chosen engine."""
        async with aclosing(self._chosen(request.profile.model).answer(request)) as items:
            async for item in items:
                yield item

    async def close(self) -> None:
        """Close every engine."""
        for each in self._models:
            await each.close()

    def _chosen(self, wanted: str) -> Engine:
        if wanted == OFFLINE or not self._models:
            return self._offline
        # A model that the server no longer knows is replaced by those it does, rather than leaving customers without answers.
        return self._in_order.get(wanted, self._in_order[self._models[0].name])
