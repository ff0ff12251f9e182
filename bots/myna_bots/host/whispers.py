"""Messages that one member alone sees, and that stand in no log: they are shown, changed and taken away by signals."""

import time
from collections.abc import Mapping
from typing import Any

from myna.deliver.frames import SignalFrame
from myna.errors import NotFound
from myna.rights import Principal, Seat, Verb, require
from myna.services import Services
from myna.wire import signal
from myna_bots.host.ports import StateStore

SPACE = "whisper"
KEPT_S = 24 * 3600.0
"""How long a bot may change one."""


class Whispers:
    """The signal `ephemeral` tells the receiver; one who is not connected does not see it."""

    def __init__(self, services: Services, state: StateStore) -> None:
        self._services, self._state = services, state

    async def say(self, bot: Principal, seat: Seat, receiver: int, body: Mapping[str, Any]) -> int:
        """Show something to a member; its number in this conversation.

        Raises:
            Forbidden: the bot may not speak here. TooMany.
        """
        require(bot, Verb.SEND, seat)
        throttle = self._services.sender.throttle
        if throttle is not None:
            throttle(bot, seat.conversation.id)
        number = int(time.time() * 1000) % 2**31
        await self._show(bot, seat.conversation.id, receiver, number, body)
        return number

    async def change(
        self, bot: Principal, conversation: int, receiver: int, number: int, body: Mapping[str, Any] | None
    ) -> None:
        """Show something else in its place, or nothing more (None).

        Raises:
            NotFound: there is none of this bot.
        """
        if await self.body(bot, conversation, receiver, number) is None:
            raise NotFound("There is no such message.", code="no_such_message")
        await self._show(bot, conversation, receiver, number, body)

    async def body(
        self, bot: Principal, conversation: int, receiver: int, number: int
    ) -> dict[str, Any] | None:
        """What is shown now."""
        key = f"{conversation}:{receiver}:{number}"
        found = await self._state.get(bot.user, SPACE, key, time.time())
        return None if found is None else dict(found)

    async def _show(
        self, bot: Principal, conversation: int, receiver: int, number: int, body: Mapping[str, Any] | None
    ) -> None:
        key = f"{conversation}:{receiver}:{number}"
        kept = None if body is None else dict(body)
        await self._state.put(bot.user, SPACE, key, kept, time.time() + KEPT_S)
        shown = {
            "conversation": str(conversation),
            "user": str(bot.user),
            "id": number,
            "body": kept,
        }
        await self._services.relay.signal(
            SignalFrame(bot.workspace, signal("ephemeral", shown), users=(receiver,))
        )
