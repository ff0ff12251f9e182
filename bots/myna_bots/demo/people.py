"""Who takes part in the demonstration: somebody with a connection, who speaks and listens."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from myna_bots.client.client import Client
from myna_bots.client.deliveries import Piece
from myna_bots.client.errors import Closed, TimedOut
from myna_bots.client.events import Events
from myna_bots.client.frames import Event
from myna_bots.client.wire import Message
from myna_bots.demo.paper import Paper

ANSWER_S = 90.0
"""How long an answer may take; a language model on a slow machine needs most of it."""


class Someone:
    """One side of the conversation: a connected client and what it hears."""

    def __init__(self, name: str, client: Client, events: Events, paper: Paper) -> None:
        self.name, self.client, self.api = name, client, client.api
        self._events, self._paper = events, paper

    async def says(self, conversation: str, text: str) -> bool:
        """Send a message and print it; False when it was put aside for a moderator."""
        self._paper.says(self.name, text)
        sent = await self.client.send(conversation, text)
        return sent.held is None

    async def hears(self, conversation: str, wanted: Callable[[Message], bool]) -> tuple[Message, int]:
        """The next finished message of somebody else that is wanted, and in how many pieces it was streamed.

        Raises:
            TimedOut: nothing of the kind was said in time. Closed: the connection ended for good.
        """
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._next(conversation, wanted)
        except TimeoutError:
            raise TimedOut(f"{self.name} was not answered within {ANSWER_S:g} s.") from None

    async def _next(self, conversation: str, wanted: Callable[[Message], bool]) -> tuple[Message, int]:
        pieces = 0
        async for delivery in self._events:
            if isinstance(delivery, Piece) and delivery.conversation == conversation:
                pieces += 1
            message = delivery.message if isinstance(delivery, Event) else None
            if message is None or message.conversation != conversation or message.sender == self.client.user:
                continue
            if message.state != "streaming" and wanted(message):
                return message, pieces
        raise Closed("The connection ended before the answer came.")


@asynccontextmanager
async def present(name: str, client: Client, paper: Paper) -> AsyncGenerator[Someone, None]:
    """Somebody who is connected inside the block."""
    events = client.events()
    async with client:
        try:
            await client.connected()
            yield Someone(name, client, events, paper)
        finally:
            events.close()
