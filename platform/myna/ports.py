"""What the core needs from the outside: one Protocol per port, each with a contract suite that runs on every backend."""

from collections.abc import AsyncIterator, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

from myna.log.plan import Committed
from myna.log.writes import Write
from myna.model import Conversation, Event, Inbox, Member, Message, Ticket, Turn, TurnRecord, User, Workspace
from myna.model_moderation import Case, Held, HeldState, Verdict
from myna.service import TicketFilter


class Commits(Protocol):
    """Durable batches. When `commit` returns, every outcome survives a crash; when it raises, nothing was stored."""

    async def commit(self, batch: Sequence[Write]) -> Committed:
        """Store a batch in one transaction, in order."""
        ...

    async def close(self) -> None:
        """Finish what is under way."""
        ...


class Log(Protocol):
    """Reads of the log. Callers clamp `floor` to the reader's seat: nothing below it is returned."""

    async def messages(
        self,
        conversation: int,
        *,
        floor: int,
        before: int | None,
        after: int | None,
        limit: int,
        hides_for: int = 0,
        thread: int | None = None,
    ) -> list[Message]:
        """Messages in ascending order: the newest before `before`, or the oldest after `after`.

        What the user `hides_for` deleted for itself is left out; `thread` keeps the replies of one thread only.
        """
        ...

    async def events(
        self, conversation: int, *, after_rev: int, floor: int, limit: int, hides_for: int = 0
    ) -> list[Event]:
        """Events with `rev` above `after_rev`, ascending; events of messages below the floor are left out."""
        ...

    async def events_after(self, pos: int, limit: int) -> list[tuple[Event, int, bool]]:
        """Events of all conversations in commit order, each with workspace and whether it is a support conversation."""
        ...

    async def head(self) -> tuple[int, int]:
        """The newest `pos` and the log's epoch."""
        ...


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


class Accounts(Protocol):
    """Workspaces, users, inboxes, agents and refresh tokens."""

    async def workspace(self, workspace: int) -> Workspace | None:
        """A workspace by id."""
        ...

    async def first_workspace(self) -> Workspace | None:
        """The oldest workspace, or None in a fresh database."""
        ...

    async def add_workspace(self, workspace: Workspace) -> None:
        """Store a new workspace."""
        ...

    async def user(self, user: int) -> User | None:
        """A user by id."""
        ...

    async def users(self, users: Sequence[int], workspace: int) -> list[User]:
        """Those of the users that belong to the workspace."""
        ...

    async def humans(self, workspace: int, limit: int) -> list[User]:
        """The people and bots of a workspace, without visitors."""
        ...

    async def credentials(self, handle: str) -> tuple[User, str] | None:
        """A human by handle with the password's hash."""
        ...

    async def add_user(self, user: User, password_hash: str | None = None) -> None:
        """Store a new user.

        Raises:
            Conflict: the handle is taken in this workspace; nothing was stored.
        """
        ...

    async def set_password(self, user: int, password_hash: str) -> None:
        """Replace a password and end every sign-in of the user."""
        ...

    async def inbox_by_key(self, key: str) -> Inbox | None:
        """An inbox by its public key."""
        ...

    async def inboxes(self, workspace: int) -> list[Inbox]:
        """All inboxes of a workspace."""
        ...

    async def add_inbox(self, inbox: Inbox) -> None:
        """Store a new inbox."""
        ...

    async def add_agent(
        self, user: int, workspace: int, bases: Sequence[int], settings: Mapping[str, Any]
    ) -> None:
        """Say which knowledge a bot may use as an agent."""
        ...

    async def agent(self, user: int) -> tuple[tuple[int, ...], Mapping[str, Any]] | None:
        """An agent's knowledge bases and settings."""
        ...


class RefreshTokens(Protocol):
    """Rotating tokens by digest; a family is one device's sign-in."""

    async def add(self, digest: str, family: int, user: int, expires_at: float) -> None:
        """Store a new token."""
        ...

    async def use(self, digest: str, now: float) -> tuple[int, int, bool] | None:
        """Mark a token used and return (family, user, whether it was used before); None if unknown or expired."""
        ...

    async def family(self, digest: str) -> int | None:
        """The sign-in that a token belongs to, used or not."""
        ...

    async def revoke(self, family: int) -> None:
        """End a sign-in."""
        ...


class Desk(Protocol):
    """Reads of tickets and held messages, scoped to a workspace."""

    async def ticket(self, conversation: int) -> Ticket | None:
        """The ticket of a support conversation."""
        ...

    async def tickets(
        self,
        workspace: int,
        *,
        view: str,
        operator: int,
        before: tuple[float, int] | None,
        limit: int,
        narrowed: TicketFilter = ...,
    ) -> list[tuple[Ticket, Conversation]]:
        """Tickets of a view (open, mine, queue, agent, mentions, spam, resolved), narrowed, latest change first."""
        ...

    async def counts(self, workspace: int, operator: int) -> dict[str, int]:
        """How many tickets each view has."""
        ...

    async def held(self, held: int, workspace: int) -> Held | None:
        """A held message."""
        ...

    async def held_list(self, workspace: int, state: HeldState, after: int | None, limit: int) -> list[Held]:
        """Held messages: waiting ones oldest first, decided ones newest first."""
        ...

    async def held_waiting(self, workspace: int) -> int:
        """How many wait."""
        ...

    async def held_of(self, conversation: int, sender: int) -> list[Held]:
        """What a sender has waiting in a conversation."""
        ...


class TurnQueue(Protocol):
    """Leases of turns: each turn has one worker at a time."""

    async def lease(self, now: float, lease_s: float) -> Turn | None:
        """The turn that has been due longest, leased until `now + lease_s`."""
        ...

    async def renew(self, turn: Turn, until: float) -> bool:
        """Prolong a lease; False when it was lost."""
        ...

    async def defer(self, turn: Turn, due_at: float) -> bool:
        """End a lease and queue the turn again for `due_at`; False when the lease was lost."""
        ...

    async def expired(self, now: float, limit: int) -> list[tuple[int, int, int | None]]:
        """(turn, conversation, seq of its stream) of leases that ended without an answer."""
        ...

    async def next_due(self) -> float | None:
        """When the next waiting turn may be leased; turns of a conversation in which one runs wait for its end."""
        ...

    async def records(self, conversation: int, limit: int) -> list[TurnRecord]:
        """The newest turns of a conversation with their decisions."""
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


class Bus(Protocol):
    """A hint between processes: frames may be lost, never reordered from one publisher. The log is the truth."""

    @property
    def shared(self) -> bool:
        """Whether anybody but one subscriber may listen; if not, publishing is a waste."""
        ...

    async def publish(self, frame: bytes) -> None:
        """Send a frame to every process, this one included.

        A failure is reported by the `errors` of subscribers, not here: the message is durable already.
        """
        ...

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[bytes | None]]:
        """Frames from now on. `None` means that frames may have been lost: readers must compare with the log."""
        ...

    async def close(self) -> None:
        """End every subscription."""
        ...


Judged = Verdict | Coroutine[Any, Any, Verdict]
"""A verdict, or what has to be awaited for it."""


class Moderator(Protocol):
    """Judges messages before they are stored."""

    def judge_many(self, cases: Sequence[Case]) -> Sequence[Judged]:
        """Allow, flag, hold or block, with reasons, for each case as if it came alone. Called for every message: be quick."""
        ...
