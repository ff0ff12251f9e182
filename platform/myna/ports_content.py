"""Ports of what hangs on messages: marks, files, search, and a user's own things."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from myna.model import Message


class Marks(Protocol):
    """Reads of what was done to messages. Callers clamp `floor` to the reader's seat."""

    async def pins(
        self, conversation: int, *, floor: int, hides_for: int
    ) -> list[tuple[Message, int, float]]:
        """Pinned messages with who pinned them and when, newest pin first."""
        ...

    async def versions(self, conversation: int, seq: int) -> list[tuple[int, Mapping[str, Any], int, float]]:
        """(rev of the edit, body before it, who edited, when), oldest first."""
        ...

    async def reactions(self, conversation: int, seq: int, limit: int) -> list[tuple[str, int, float]]:
        """(emoji, user, when), oldest first."""
        ...

    async def reactions_of(self, user: int, conversation: int, seqs: Sequence[int]) -> dict[int, list[str]]:
        """What the user put on each of these messages."""
        ...

    async def threads(self, conversation: int, roots: Sequence[int]) -> dict[int, tuple[int, int]]:
        """How many replies each thread has, and the newest of them."""
        ...
