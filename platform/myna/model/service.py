"""What a service team keeps beside conversations: private notes, prepared replies, ratings, contacts and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from myna.model.workspace import Inbox, User

WHOLE = 0
"""The `seq` of a rating that is about the whole conversation."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that operators tell each other about a conversation; its visitor never gets it."""

    id: int
    conversation: int
    author: int
    text: str
    created_at: float
    mentions: tuple[int, ...] = ()
    """Colleagues whose list of mentions it puts the conversation on."""


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What narrows a view of tickets; what is None narrows nothing."""

    label: int | None = None
    inbox: int | None = None
    owner: int | None = None
    """The operator who has them."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view with a filter under a name, as one operator keeps it."""

    id: int
    user: int
    name: str
    view: str
    narrowed: TicketFilter


@dataclass(frozen=True, slots=True)
class PreparedReply:
    """A text that operators insert by its shortcut, unique in a workspace."""

    id: int
    workspace: int
    shortcut: str
    text: str
    changed_at: float


@dataclass(frozen=True, slots=True)
class Rating:
    """What a visitor thinks of a message (score 1 or -1) or, with seq `WHOLE`, of a conversation (1 to 5)."""

    conversation: int
    user: int
    seq: int
    score: int
    comment: str
    rated_at: float


@dataclass(frozen=True, slots=True)
class Contact:
    """A visitor with their conversations; `conversation` is the one that changed last."""

    user: User
    conversations: int
    conversation: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Day:
    """Figures of one day in UTC; `counts` holds what happened, by name."""

    day: int
    """Days since 1970-01-01."""
    counts: Mapping[str, float]


class ServiceStore(Protocol):
    """Keeps all of it. Every write is durable when the call returns."""

    async def notes(self, conversation: int) -> list[Note]:
        """Notes of a conversation, oldest first; at most `MAX_NOTES`."""
        ...

    async def add_note(self, note: Note) -> None:
        """Store a note.

        Raises:
            Conflict: the conversation holds as many as it may; nothing was stored.
        """
        ...

    async def remove_note(self, conversation: int, note: int, author: int | None) -> bool:
        """Remove a note, with `author` only if it is theirs; whether there was one."""
        ...

    async def views(self, user: int) -> list[SavedView]:
        """An operator's saved views, oldest first."""
        ...

    async def put_view(self, view: SavedView) -> SavedView:
        """Store a view under its name, in place of one that has it; gives what is stored.

        Raises:
            Conflict: the operator has as many as they may; nothing was stored.
        """
        ...

    async def remove_view(self, user: int, view: int) -> bool:
        """Remove a saved view; whether there was one."""
        ...

    async def replies(self, workspace: int) -> list[PreparedReply]:
        """Prepared replies by shortcut."""
        ...

    async def put_reply(self, reply: PreparedReply) -> PreparedReply:
        """Store a reply under its shortcut, replacing the text of one that is there; gives what is stored.

        Raises:
            Conflict: the workspace holds as many as it may; nothing was stored.
        """
        ...

    async def remove_reply(self, workspace: int, reply: int) -> bool:
        """Remove a reply; whether there was one."""
        ...

    async def rate(self, rating: Rating) -> None:
        """Store a rating in place of what the same user said about the same thing before."""
        ...

    async def ratings(self, conversation: int) -> list[Rating]:
        """All ratings of a conversation by seq."""
        ...

    async def change_inbox(self, inbox: Inbox) -> None:
        """Replace an inbox's name, texts and allowed origins."""
        ...

    async def contacts(
        self, workspace: int, search: str, before: tuple[float, int] | None, limit: int
    ) -> list[Contact]:
        """Visitors with a conversation, last active first, whose name holds `search`, in pages."""
        ...

    async def days(self, workspace: int, since: float) -> Sequence[Day]:
        """Figures per day from a moment on, oldest first; days without any are left out."""
        ...


MAX_NOTES = 500
MAX_VIEWS = 50
MAX_REPLIES = 1_000
