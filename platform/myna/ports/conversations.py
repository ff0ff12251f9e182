"""Ports of conversations and seats: one at a time, many at once, and what a client that connects must know."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from myna.model.conversation import Conversation, Member
from myna.model.message import Message
from myna.model.workspace import User


class Conversations(Protocol):
    """Reads of conversations and seats, scoped to a user so that a foreign row cannot be loaded."""

    async def find(self, conversation: int, workspace: int) -> Conversation | None:
        """A conversation of this workspace."""
        ...

    async def member(self, conversation: int, user: int) -> Member | None:
        """The user's seat, also after leaving."""
        ...

    async def seats(
        self, wanted: Collection[tuple[int, int]]
    ) -> dict[tuple[int, int], tuple[Conversation, Member | None]]:
        """Conversation and seat of each (conversation, user); not scoped, so whoever asks must look whether it may be seen."""
        ...

    async def members(self, conversation: int, limit: int) -> list[tuple[Member, User]]:
        """The present members, longest first."""
        ...

    async def members_of(
        self, conversations: Sequence[int], limit: int
    ) -> dict[int, list[tuple[Member, User]]]:
        """The present members of several conversations in one read, so many of each, longest first."""
        ...

    async def changed(
        self, user: int, *, support_of: int | None, after_pos: int, limit: int, newest_first: bool = False
    ) -> list[tuple[Conversation, Member | None]]:
        """The user's conversations with `last_pos > after_pos` in that order; all support ones of a workspace for operators."""
        ...

    async def newest(
        self, user: int, *, before_pos: int | None, limit: int
    ) -> list[tuple[Conversation, Member]]:
        """The user's conversations, the one with the latest change first."""
        ...

    async def last_messages(self, conversations: Sequence[int]) -> dict[int, Message]:
        """The newest message of each conversation."""
        ...

    async def unread(self, seats: Sequence[Member]) -> dict[int, int]:
        """Unread messages by conversation: after the floor, what was read, and the user's own last message."""
        ...

    async def mark_read(self, marks: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
        """Raise `read_seq` of (conversation, user) up to the newest message; it never falls. The marks that rose."""
        ...

    async def support_conversation(self, visitor: int, inbox: int) -> Conversation | None:
        """The visitor's conversation in this inbox."""
        ...

    async def direct_conversation(self, one: int, other: int) -> Conversation | None:
        """The direct conversation of two users."""
        ...


class Crowds(Protocol):
    """Questions about many seats at once. Only present members count."""

    async def size(self, conversation: int, at_most: int) -> int:
        """How many members a conversation has; counting stops at `at_most`."""
        ...

    async def seated(self, conversation: int, users: Sequence[int]) -> list[int]:
        """Those of the users who are members."""
        ...

    async def acquainted(self, user: int, users: Sequence[int]) -> list[int]:
        """Those of the users who share a conversation with this one."""
        ...

    async def mark_received(self, marks: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
        """Raise what (conversation, user) has received up to the newest message; it never falls. The marks that rose."""
        ...

    async def watermarks(self, conversation: int, limit: int) -> list[tuple[int, int, int]]:
        """(user, read up to, received up to) of the members; whoever has read a message has received it."""
        ...

    async def reached(self, conversation: int, seq: int) -> tuple[int, int]:
        """How many members have read this message, and how many have received it."""
        ...


class Head(NamedTuple):
    """Where a conversation stands for one of its members."""

    rev: int
    seq: int
    read_seq: int
    from_seq: int
    last_pos: int


class Arrivals(Protocol):
    """What users who connect must know, read for many of them at once."""

    async def of(self, users: Collection[int]) -> dict[int, tuple[User, dict[int, Head]]]:
        """The users that exist, each with the heads of the conversations in which it has a seat."""
        ...
