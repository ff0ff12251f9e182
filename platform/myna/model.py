"""The nouns of the core as frozen values: what the ports carry and every layer above speaks.

Times are unix seconds as float; ids are integers (strings only on the wire).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from myna.policy import DEFAULT, Policy
from myna.value import value


class UserKind(StrEnum):
    """What an identity is; a bot *is* a user."""

    HUMAN = "human"
    VISITOR = "visitor"
    BOT = "bot"


class WorkspaceRole(StrEnum):
    """What a human may do in the whole workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    ANALYST = "analyst"
    DEVELOPER = "developer"
    CUSTOM = "custom"
    """One of the workspace's own: a set of verbs."""


class ConversationKind(StrEnum):
    """What a conversation is for; rights and delivery depend on it."""

    DIRECT = "direct"
    GROUP = "group"
    CHANNEL = "channel"
    SUPPORT = "support"
    SAVED = "saved"
    """A user's own place: saved messages, and what only that user's devices need to know."""


class MemberRole(StrEnum):
    """A member's role in one conversation."""

    OWNER = "owner"
    ADMIN = "admin"
    MODERATOR = "moderator"
    MEMBER = "member"
    GUEST = "guest"
    READ_ONLY = "read_only"


class MessageKind(StrEnum):
    """Text is written by a member; a notice tells what happened and is shown in the reader's language."""

    TEXT = "text"
    NOTICE = "notice"


class MessageState(StrEnum):
    """Where a message is in its life."""

    SENT = "sent"
    STREAMING = "streaming"
    INTERRUPTED = "interrupted"
    RECALLED = "recalled"


class EventKind(StrEnum):
    """A durable change of a conversation; each takes one `rev`."""

    MESSAGE_CREATED = "message.created"
    MESSAGE_FINISHED = "message.finished"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_RECALLED = "message.recalled"
    REACTION_CHANGED = "reaction.changed"
    PIN_CHANGED = "pin.changed"
    MEMBER_JOINED = "member.joined"
    MEMBER_LEFT = "member.left"
    MEMBER_CHANGED = "member.changed"
    REQUEST_CHANGED = "request.changed"
    MINE_CHANGED = "mine.changed"
    TICKET_CHANGED = "ticket.changed"
    CONVERSATION_CHANGED = "conversation.changed"


class RequestState(StrEnum):
    """Where somebody's wish to come in is."""

    WAITING = "waiting"
    ALLOWED = "allowed"
    REFUSED = "refused"


class ScheduledState(StrEnum):
    """Where a message for later is."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Owner(StrEnum):
    """Who answers the customer now. Exactly one at any time."""

    AGENT = "agent"
    QUEUE = "queue"
    OPERATOR = "operator"


class TicketStatus(StrEnum):
    """Whether the customer's matter is still open."""

    OPEN = "open"
    RESOLVED = "resolved"


class TurnState(StrEnum):
    """Where one answer in the making is."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class User:
    """An identity in a workspace."""

    id: int
    workspace: int
    kind: UserKind
    name: str
    handle: str | None = None
    locale: str = "en"
    role: WorkspaceRole | None = None
    agent: bool = False
    custom_role: int | None = None
    """Which of the workspace's own roles it is, when `role` is `custom`."""
    verbs: frozenset[str] = frozenset()
    """What that role lets the user do, by the values of `rights.Verb`."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The tenancy boundary: it owns users, conversations, inboxes, agents and knowledge bases."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where support conversations come in."""

    id: int
    workspace: int
    key: str
    name: str
    agent: int | None
    allowed_origins: tuple[str, ...] = ()
    """Origins that may embed the widget; empty means every origin."""
    locale: str = "en"
    texts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """`greeting` and `suggestions` by language."""


@value
class Member:
    """A user's seat in a conversation; `to_seq` is set when the user has left."""

    conversation: int
    user: int
    role: MemberRole
    from_seq: int = 1
    to_seq: int | None = None
    read_seq: int = 0
    joined_at: float = 0.0
    deleted_to: int = 0
    """Up to here the user deleted the history for itself; never falls."""
    notify: str = "all"
    """What the user wants to hear of: `all`, `mentions` or `none`."""
    muted_until: float | None = None
    """Until then the user may read and not speak."""
    banned_until: float | None = None
    """Until then the user may not come back."""
    last_sent_at: float | None = None
    """When the user last spoke; kept only where slow mode is on."""
    waiting: int = 0
    """How many of the user's messages wait for a moderator here."""


@value
class Conversation:
    """An append-only log with members, as it stood when it was read."""

    id: int
    workspace: int
    kind: ConversationKind
    title: str
    seq: int
    rev: int
    last_pos: int
    created_at: float
    changed_at: float
    inbox: int | None = None
    lane: int = 1
    agents: tuple[int, ...] = ()
    policy: Policy = DEFAULT
    all_seq: int = 0
    """The newest message that mentions everybody."""
    retained_through: int = 0
    """Messages up to here were removed by the retention rule."""

    def moved(self, seq: int, rev: int, last_pos: int, at: float) -> "Conversation":
        """The conversation one event later. Spelled out: `replace` asks each field for its name (4 µs against 1)."""
        return Conversation(
            self.id,
            self.workspace,
            self.kind,
            self.title,
            seq,
            rev,
            last_pos,
            self.created_at,
            at,
            self.inbox,
            self.lane,
            self.agents,
            self.policy,
            self.all_seq,
            self.retained_through,
        )


@dataclass(frozen=True, slots=True)
class Invite:
    """A link into a conversation."""

    id: int
    workspace: int
    conversation: int
    code: str
    role: MemberRole
    created_by: int
    created_at: float
    expires_at: float | None
    max_uses: int | None
    uses: int
    approval: bool
    revoked_at: float | None


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Somebody asked to come in."""

    conversation: int
    user: int
    invite: int | None
    role: MemberRole
    note: str
    state: RequestState
    created_at: float
    decided_by: int | None = None
    decided_at: float | None = None
    seq: int | None = None
    """The newest message when it was asked."""


class FileState(StrEnum):
    """Whether a file is complete."""

    UPLOADING = "uploading"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class File:
    """A file that a user uploaded. `received` of `size` bytes are stored, in `parts` until it is complete."""

    id: int
    workspace: int
    user: int
    name: str
    size: int
    state: FileState = FileState.UPLOADING
    received: int = 0
    parts: tuple[str, ...] = ()
    type: str = "application/octet-stream"
    digest: str | None = None
    thumbnail: str | None = None
    """Digest of the thumbnail's blob."""
    width: int | None = None
    height: int | None = None
    created_at: float = 0.0
    duration_s: float | None = None
    """How long a recording lasts; before it is complete, what its uploader said."""
    codes: tuple[str, ...] = ()
    """What the QR codes in a picture say."""


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """What a user has begun to write in a conversation, for all its devices."""

    user: int
    conversation: int
    body: Mapping[str, Any]
    reply_to: int | None
    thread: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A message for later."""

    id: int
    workspace: int
    user: int
    conversation: int
    client_id: str
    body: Mapping[str, Any]
    reply_to: int | None
    thread: int | None
    due_at: float
    state: ScheduledState = ScheduledState.WAITING
    error: str | None = None


@value
class Draft:
    """A message before acceptance. `client_id` makes resends harmless: the same again gives the first result."""

    conversation: int
    sender: int
    client_id: str
    body: Mapping[str, Any]
    kind: MessageKind = MessageKind.TEXT
    reply_to: int | None = None
    thread: int | None = None
    """The message that the thread began with."""


@value
class Message:
    """A message in the log; its identity is (conversation, seq)."""

    conversation: int
    seq: int
    sender: int
    client_id: str
    kind: MessageKind
    state: MessageState
    body: Mapping[str, Any]
    created_at: float
    reply_to: int | None = None
    thread: int | None = None
    edited_at: float | None = None
    reactions: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many users reacted with each emoji."""
    expires_at: float | None = None
    """When a disappearing message is removed."""


@value
class Event:
    """A durable change. `rev` is dense per conversation, `pos` strictly increasing in commit order."""

    conversation: int
    rev: int
    pos: int
    kind: EventKind
    seq: int | None
    data: Mapping[str, Any]
    """Ready for the wire; for message events the message as it is when read."""


@value
class Ack:
    """What the sender of a draft gets, only after commit. `held` instead of `seq` when a moderator must look first."""

    conversation: int
    client_id: str
    seq: int | None
    rev: int | None
    at: float
    duplicate: bool = False
    held: int | None = None
    flagged: int | None = None
    """The row in review when the message was delivered and put up for review; not for the sender."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The support state of a conversation. Every change of ownership adds one to `epoch`, which fences out late answers."""

    conversation: int
    workspace: int
    inbox: int
    visitor: int
    agent: int | None
    owner: Owner
    owner_user: int | None
    epoch: int
    status: TicketStatus
    reason: str | None
    summary: str | None
    created_at: float
    changed_at: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer in the making, as leased by a worker. `attempt` fences out a worker that lost its lease."""

    id: int
    workspace: int
    conversation: int
    conversation_kind: ConversationKind
    agent: int
    trigger_seq: int
    epoch: int
    attempt: int
    thread: int | None = None
    """The message in whose thread the answer goes; None: into the conversation. The worker decides it."""


@dataclass(frozen=True, slots=True)
class TurnDecision:
    """Why the agent spoke, asked back, handed over or stayed silent; kept with the turn."""

    decision: str
    reason: str
    engine: str
    confidence: float | None = None
    threshold: float | None = None
    passages: tuple[Mapping[str, Any], ...] = ()
    took_ms: float = 0.0
    trace: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else led to it, for whoever asks why: how it was heard, tool calls, guard findings, tokens and cost."""


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A turn as operators see it afterwards."""

    id: int
    trigger_seq: int
    seq: int | None
    state: TurnState
    decision: TurnDecision | None
    created_at: float
