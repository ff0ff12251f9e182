"""Ports of what hangs on messages: marks, files, search, and a user's own things."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from myna.model.conversation import Conversation, Invite, JoinRequest, Member
from myna.model.message import File, Message, SavedDraft, Scheduled
from myna.model.workspace import User
from myna.words import Wanted


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


class Blobs(Protocol):
    """Bytes by key, apart from what they mean. A blob is complete or not there."""

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store a blob; its size in bytes. When the chunks end with an error, nothing is stored."""
        ...

    def get(self, key: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to and without `end`.

        Raises:
            NotFound: there is no such blob.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is ignored."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture without metadata, its size in pixels, and a thumbnail as WebP."""

    data: bytes
    width: int
    height: int
    thumbnail: bytes
    codes: tuple[str, ...] = ()
    """What the QR codes in it say."""


class Pictures(Protocol):
    """Makes pictures safe to serve."""

    async def prepared(self, data: bytes, kind: str) -> Picture | None:
        """The picture without metadata; None when this kind (a media type) is not handled.

        Raises:
            Refused: it is damaged, or larger than a chat picture.
        """
        ...


class Sounds(Protocol):
    """Looks into recordings."""

    async def duration_s(self, data: bytes) -> float | None:
        """How long a recording lasts; None where its content does not tell."""
        ...


class Files(Protocol):
    """Rows of files, blobs and uses. A blob is kept as long as a file refers to it, a file as long as a message does."""

    async def add(self, file: File) -> None:
        """Store a new, still empty file."""
        ...

    async def find(self, file: int, workspace: int) -> File | None:
        """A file of the workspace."""
        ...

    async def owned(self, files: Sequence[int], user: int, workspace: int) -> list[File]:
        """Those of the files that are complete and the user's own."""
        ...

    async def advance(self, file: int, offset: int, size: int, part: str) -> bool:
        """Append a part of `size` bytes at `offset`; False when the upload is elsewhere by now."""
        ...

    async def complete(self, file: File, blobs: Mapping[str, tuple[str, int]], now: float) -> list[str]:
        """Store a file as complete, referring to blobs, digest to (key, size). The keys that are not needed: known already."""
        ...

    async def blob(self, digest: str) -> tuple[str, int] | None:
        """Key and size of a blob."""
        ...

    async def visible(self, file: int, user: int, operator_of: int | None) -> bool:
        """Whether a message with the file is above the user's floor, or in a support conversation that it operates."""
        ...

    async def collect(self, now: float, limit: int) -> list[str]:
        """Forget files that no message carries any more, and uploads that stopped; the keys that can be deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """What the index holds of a message. Without terms it is taken out."""

    pos: int
    """Of the event that it comes from; the first one of a message orders it."""
    conversation: int
    seq: int
    sender: int
    at: float
    has: tuple[str, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a user searches for. `operator_of` adds the support conversations of a workspace."""

    user: int
    operator_of: int | None
    wanted: Wanted
    sender: int | None = None
    conversation: int | None = None
    has: str | None = None
    before: float | None = None
    after: float | None = None


class Index(Protocol):
    """The full-text index. It holds no text, only terms; what it finds is read from the log as it is now."""

    async def cursor(self) -> int:
        """Everything up to this `pos` is indexed."""
        ...

    async def store(
        self, cursor: int, pos: int, documents: Sequence[Document], retained: Mapping[int, int]
    ) -> bool:
        """Index documents and move the cursor from `cursor` to `pos`; if it stands elsewhere, nothing is stored: False."""
        ...

    async def find(
        self, sought: Sought, before_pos: int | None, limit: int
    ) -> list[tuple[int, Message, str]]:
        """(pos, message, conversation's title) above the user's floors, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class WebPage:
    """The beginning of a page: where it was found after redirects, and its HTML."""

    url: str
    text: str


class Pages(Protocol):
    """Pages of the public web."""

    async def page(self, url: str) -> WebPage:
        """The beginning of the page behind an address.

        Raises:
            Malformed: the address is none of the public web; nothing was asked.
            NotFound: there is no page.
        """
        ...
