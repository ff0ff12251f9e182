"""What bots say about a conversation beside its messages: a description, a picture, titles and tags of members, topics."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from myna_bots.host.ports import StateStore

NOBODY = 0
"""Stands for the bot in the state store, since this belongs to the conversation: every bot there sees the same."""
SPACE = "about"
GENERAL_S = 2.0
"""How long it is remembered whether a group is closed outside of its topics."""
MAX_KNOWN = 10_000
"""Groups of which that is remembered. Overflow rule: all are forgotten and read anew."""


class About:
    """One value for each conversation; people read it at `GET /v1/conversations/{conversation}/about`."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._turn = asyncio.Lock()
        self._general: dict[int, tuple[float, bool]] = {}

    async def read(self, conversation: int) -> dict[str, Any]:
        """`description`, `photo` (a file's id), `titles` and `tags` by user, `topics` by seq, `general`; only what was said."""
        return dict(await self._state.get(NOBODY, SPACE, str(conversation), 0.0) or {})

    async def closed(self, conversation: int, thread: int) -> bool:
        """Whether the topic that this thread is was closed to all who do not run the conversation; 0 is what stands in none.

        The latter is asked for every message of a group, so what another process changed is seen within `GENERAL_S`.
        """
        if thread == 0:
            return await self._general_closed(conversation)
        topics = (await self.read(conversation)).get("topics", {})
        return bool(topics.get(str(thread), {}).get("closed"))

    async def _general_closed(self, conversation: int) -> bool:
        now = time.monotonic()
        read_at, closed = self._general.get(conversation, (now - GENERAL_S, False))
        if now - read_at < GENERAL_S:
            return closed
        closed = bool((await self.read(conversation)).get("general", {}).get("closed"))
        if len(self._general) >= MAX_KNOWN:
            self._general.clear()
        self._general[conversation] = (now, closed)
        return closed

    async def change(self, conversation: int, edit: Callable[[dict[str, Any]], None]) -> None:
        """Let `edit` change the value in place; changes in one process wait for each other."""
        async with self._turn:
            found = await self.read(conversation)
            edit(found)
            await self._state.put(NOBODY, SPACE, str(conversation), found, None)
            self._general.pop(conversation, None)
