"""What one commit transaction reads and writes, decided without touching a database.

An adapter loads `State` for the batch under the lane's lock, calls `Plan.add` for each write in order, and stores the
`Sheet` in the same transaction. So both databases follow one set of rules, and the rules are tested as a pure function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from myna.errors import MynaError
from myna.model.conversation import Conversation, Invite, JoinRequest, Member
from myna.model.filtering import FilterPolicy, Listing, PlaceKind
from myna.model.message import Ack, Event, Message, SavedDraft, Scheduled
from myna.model.moderation import AuditEntry, Held, HeldState
from myna.model.ticket import Ticket, TurnDecision, TurnState
from myna.value import value
from myna.wire import encode

DedupKey = tuple[int, int, str]
"""(conversation, sender, client_id)."""
ReactionKey = tuple[int, int, str, int]
"""(conversation, seq, emoji, user)."""


@value
class Seen:
    """What an earlier draft with the same client_id became."""

    digest: str
    seq: int | None
    rev: int | None
    at: float
    held: int | None = None
    state: HeldState | None = None


@dataclass(slots=True)
class TurnDraft:
    """A turn's row while a batch is planned."""

    id: int
    workspace: int
    conversation: int
    agent: int
    trigger_seq: int
    epoch: int
    attempt: int
    state: TurnState
    due_at: float
    seq: int | None
    decision: TurnDecision | None
    created_at: float


@dataclass(slots=True)
class HeldDraft:
    """A held message's row while a batch is planned."""

    held: Held
    digest: str


@dataclass(frozen=True, slots=True)
class Done:
    """What an earlier change with the same client_id gave."""

    digest: str
    seq: int | None
    rev: int
    at: float


@dataclass(slots=True)
class State:
    """What the adapter loaded for a batch, kept up to date while the batch is planned."""

    epoch: int
    pos: int
    conversations: dict[int, Conversation] = field(default_factory=dict[int, Conversation])
    members: dict[tuple[int, int], Member] = field(default_factory=dict[tuple[int, int], Member])
    seen: dict[DedupKey, Seen] = field(default_factory=dict[DedupKey, Seen])
    tickets: dict[int, Ticket] = field(default_factory=dict[int, Ticket])
    turns: dict[int, TurnDraft] = field(default_factory=dict[int, TurnDraft])
    held: dict[int, HeldDraft] = field(default_factory=dict[int, HeldDraft])
    asked: dict[int, int] = field(default_factory=dict[int, int])
    """The seq of the customer's newest text by support conversation."""
    answered: dict[int, int] = field(default_factory=dict[int, int])
    """Up to which seq the newest text of somebody else answers: an agent's up to what triggered its turn."""
    streaming: dict[tuple[int, int], Message] = field(default_factory=dict[tuple[int, int], Message])
    support: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    """The conversation of (inbox, visitor)."""
    direct: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    """The direct conversation of two users, the smaller id first."""
    done: dict[DedupKey, Done] = field(default_factory=dict[DedupKey, Done])
    messages: dict[tuple[int, int], Message] = field(default_factory=dict[tuple[int, int], Message])
    """Those that a change is about, by (conversation, seq)."""
    reactions: set[ReactionKey] = field(default_factory=set[ReactionKey])
    pins: dict[int, set[int]] = field(default_factory=dict[int, set[int]])
    heirs: dict[int, list[Member]] = field(default_factory=dict[int, list[Member]])
    """The present members of a conversation that stand highest and longest, the highest first."""
    invites: dict[int, Invite] = field(default_factory=dict[int, Invite])
    requests: dict[tuple[int, int], JoinRequest] = field(default_factory=dict[tuple[int, int], JoinRequest])
    saved: dict[int, int] = field(default_factory=dict[int, int])
    """A user's own conversation."""
    blocks: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    scheduled: dict[int, Scheduled] = field(default_factory=dict[int, Scheduled])
    files: set[int] = field(default_factory=set[int])
    """Those that are complete."""
    flagged: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    """The held row about a delivered message, by (conversation, seq)."""
    audits: dict[int, tuple[int, str]] = field(default_factory=dict[int, tuple[int, str]])
    """Number and hash of the newest line of each workspace's audit log."""


@dataclass(slots=True)
class Sheet:
    """The rows that a batch writes."""

    messages: list[tuple[Message, str, int]] = field(default_factory=list[tuple[Message, str, int]])
    """(message, digest, rev)."""
    finished: list[Message] = field(default_factory=list[Message])
    events: list[tuple[Event, bool]] = field(default_factory=list[tuple[Event, bool]])
    """(event, whether its data is stored with it)."""
    opened: dict[int, Conversation] = field(default_factory=dict[int, Conversation])
    touched: set[int] = field(default_factory=set[int])
    members: dict[tuple[int, int], Member] = field(default_factory=dict[tuple[int, int], Member])
    tickets: set[int] = field(default_factory=set[int])
    turns: set[int] = field(default_factory=set[int])
    held: set[int] = field(default_factory=set[int])
    changed: dict[tuple[int, int], Message] = field(default_factory=dict[tuple[int, int], Message])
    versions: list[tuple[Message, int, int]] = field(default_factory=list[tuple[Message, int, int]])
    """(message as it was, rev of the edit, who edited)."""
    erased: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Recalled messages: their versions, reactions and pins go."""
    commands: list[tuple[DedupKey, Done]] = field(default_factory=list[tuple[DedupKey, Done]])
    reactions: dict[ReactionKey, bool] = field(default_factory=dict[ReactionKey, bool])
    pins: dict[tuple[int, int], int | None] = field(default_factory=dict[tuple[int, int], int | None])
    """Who pinned it, or None when it is not pinned any more."""
    hidden: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """(user, conversation, seq)."""
    mentions: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """(user, conversation, seq)."""
    invites: dict[int, Invite] = field(default_factory=dict[int, Invite])
    requests: dict[tuple[int, int], JoinRequest] = field(default_factory=dict[tuple[int, int], JoinRequest])
    drafts: dict[tuple[int, int], SavedDraft | None] = field(
        default_factory=dict[tuple[int, int], SavedDraft | None]
    )
    """By (user, conversation); None when it was sent or emptied."""
    blocks: dict[tuple[int, int], bool] = field(default_factory=dict[tuple[int, int], bool])
    """By (user, whom it blocks)."""
    scheduled: dict[int, Scheduled] = field(default_factory=dict[int, Scheduled])
    uses: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """(file, conversation, seq)."""
    retained: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(conversation, through): messages up to here lose their words."""
    audit: list[AuditEntry] = field(default_factory=list[AuditEntry])
    filters: dict[tuple[int, PlaceKind, int], FilterPolicy | None] = field(
        default_factory=dict[tuple[int, PlaceKind, int], FilterPolicy | None]
    )
    """By (workspace, kind of place, place); None where there is no policy any more."""
    listings: dict[int, tuple[Listing, bool]] = field(default_factory=dict[int, tuple[Listing, bool]])
    """Whether it is on the list now."""

    @property
    def personal(self) -> bool:
        """Whether there are rows beside messages, events and seats; most batches have none."""
        return bool(
            self.mentions
            or self.uses
            or self.invites
            or self.requests
            or self.hidden
            or self.drafts
            or self.blocks
            or self.scheduled
            or self.retained
        )


@value
class Published:
    """An event with what the hub must know to find its readers."""

    event: Event
    workspace: int
    support: bool
    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation that was made, or the one that these two have already."""

    conversation: Conversation
    new: bool = True


Result = (
    Ack | Ticket | Opened | Held | Message | Member | Invite | JoinRequest | Conversation | Scheduled | None
)
Outcome = Result | MynaError


@dataclass(frozen=True, slots=True)
class Committed:
    """What a durable batch gave: an outcome for each write in order, and the events to publish."""

    outcomes: list[Outcome]
    published: list[Published]


@dataclass(slots=True)
class Needs:
    """The keys of the rows that a batch must see."""

    conversations: set[int] = field(default_factory=set[int])
    members: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    drafts: set[DedupKey] = field(default_factory=set[DedupKey])
    held: set[int] = field(default_factory=set[int])
    tickets: set[int] = field(default_factory=set[int])
    questions: set[int] = field(default_factory=set[int])
    """Support conversations of which a move must know whether the customer waits for an answer."""
    support: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    direct: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    streams: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    commands: set[DedupKey] = field(default_factory=set[DedupKey])
    messages: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    reactions: set[ReactionKey] = field(default_factory=set[ReactionKey])
    pins: set[int] = field(default_factory=set[int])
    heirs: dict[int, int] = field(default_factory=dict[int, int])
    """How many of the members that stand highest: one more than may go in this batch."""
    invites: set[int] = field(default_factory=set[int])
    requests: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    saved: set[int] = field(default_factory=set[int])
    blocks: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    files: set[int] = field(default_factory=set[int])
    scheduled: set[int] = field(default_factory=set[int])
    waiting: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    """(conversation, sender) whose other waiting messages matter."""
    flagged: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    """Delivered messages, (conversation, seq), of which it matters whether they are in review."""
    asides: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    """(conversation, sender) whose message waits if an earlier one does."""
    audited: set[int] = field(default_factory=set[int])
    """Workspaces whose audit log gets a line."""
    audited_places: set[int] = field(default_factory=set[int])
    """Conversations whose workspace's audit log gets a line."""

    @property
    def seats(self) -> bool:
        """Whether there is anything of links, requests, heirs, blocks or messages for later."""
        return bool(
            self.heirs or self.invites or self.requests or self.scheduled or self.blocks or self.files
        )


def digest_of(body: Mapping[str, Any], reply_to: int | None, thread: int | None = None) -> str:
    """A fingerprint of what a draft says: the same client_id with another one is a conflict."""
    said: list[Any] = [body, reply_to] if thread is None else [body, reply_to, thread]
    return blake2b(encode(said), digest_size=16).hexdigest()
