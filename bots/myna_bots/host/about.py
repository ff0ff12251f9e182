"""What bots say about a conversation beside its messages: a description, a picture, titles and tags of members, topics."""

import asyncio
from collections.abc import Callable
from typing import Any

from myna_bots.host.ports import StateStore

NOBODY = 0
"""Stands for the bot in the state store, since this belongs to the conversation: every bot there sees the same."""
SPACE = "about"


class About:
    """One value for each conversation; people read it at `GET /v1/conversations/{conversation}/about`."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._turn = asyncio.Lock()

    async def read(self, conversation: int) -> dict[str, Any]:
        """`description`, `photo` (a file's id), `titles` and `tags` by user, `topics` by seq, `general`; only what was said."""
        return dict(await self._state.get(NOBODY, SPACE, str(conversation), 0.0) or {})

    async def closed(self, conversation: int, thread: int) -> bool:
        """Whether the topic that this thread is was closed to all who do not run the conversation."""
        topics = (await self.read(conversation)).get("topics", {})
        return bool(topics.get(str(thread), {}).get("closed"))

    async def change(self, conversation: int, edit: Callable[[dict[str, Any]], None]) -> None:
        """Let `edit` change the value in place; changes in one process wait for each other."""
        async with self._turn:
            found = await self.read(conversation)
            edit(found)
            await self._state.put(NOBODY, SPACE, str(conversation), found, None)
