"""Ports of what hangs on messages: marks, files, search, and a user's own things."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from myna.model import (
    Conversation,
    Invite,
    JoinRequest,
    Member,
    Message,
    SavedDraft,
    Scheduled,
    User,
)


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


class Seats(Protocol):
    """Reads of who is, was and may come into a conversation."""

    async def page(
        self, conversation: int, *, after: tuple[float, int] | None, limit: int
    ) -> list[tuple[Member, User]]:
        """Present members by (joined_at, user), longest first."""
        ...

    async def banned(self, conversation: int, now: float) -> list[tuple[Member, User]]:
        """Who may not come in now."""
        ...

    async def invites(self, conversation: int) -> list[Invite]:
        """The links of a conversation, newest first."""
        ...

    async def invite(self, code: str, workspace: int) -> tuple[Invite, Conversation, int] | None:
        """A link by its code, with its conversation and how many members that has."""
        ...

    async def requests(self, conversation: int, limit: int) -> list[tuple[JoinRequest, User]]:
        """Who waits to be let in, longest first."""
        ...

    async def joinable(
        self, workspace: int, user: int, *, after: int, limit: int
    ) -> list[tuple[Conversation, int]]:
        """Conversations that anybody may enter or ask to, where the user has no seat, by id; with member counts."""
        ...

    async def blocks(self, user: int) -> list[User]:
        """Whom the user blocks."""
        ...

    async def blocked(self, one: int, other: int) -> bool:
        """Whether one of the two blocks the other."""
        ...


class Personal(Protocol):
    """Reads of what belongs to one user, and of what is due."""

    async def saved(self, user: int) -> int | None:
        """The user's own conversation."""
        ...

    async def drafts(self, user: int) -> list[SavedDraft]:
        """What the user has begun to write, newest first."""
        ...

    async def scheduled(self, user: int) -> list[Scheduled]:
        """The user's messages for later that wait or failed, the next one first."""
        ...

    async def due(self, now: float, limit: int) -> list[Scheduled]:
        """Messages of anybody whose time has come."""
        ...

    async def next_due(self) -> float | None:
        """When the next message for later is due."""
        ...

    async def mentions(
        self, user: int, *, before: tuple[float, int, int] | None, limit: int
    ) -> list[Message]:
        """Messages that call the user by name, above its floors, newest first by (created_at, conversation, seq)."""
        ...

    async def mention_counts(self, user: int, conversations: Sequence[int]) -> dict[int, int]:
        """Unread messages that call the user, by name or all, by conversation."""
        ...

    async def expired(self, now: float, limit: int) -> dict[int, list[int]]:
        """Messages whose time is over, by conversation."""
        ...

    async def to_retain(self, now: float) -> list[tuple[int, int]]:
        """(conversation, newest message that its retention rule takes away)."""
        ...
