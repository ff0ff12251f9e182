"""The server's frames of `myna.v1` as types: what the AsyncAPI document says, and what tests hold real frames against."""

from typing import Annotated, Any, Literal

import msgspec

from myna.model.message import EventKind, MessageKind, MessageState

Id = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,15}$", description="An id below 2^53, as a string.")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Time = Annotated[str, msgspec.Meta(description="ISO 8601 in UTC with milliseconds.")]
Ref = str | int | None


class Ready(msgspec.Struct, tag="ready", tag_field="op"):
    """The greeting. `heads`: conversation to [rev, seq, read_seq, from_seq]; `more`: sync for the rest.

    `capabilities`: those in force. `follows`: conversations whose next page comes unasked.
    """

    session: str
    epoch: str
    pos: Count
    heartbeat_s: Count
    limits: dict[str, Count]
    user: dict[str, Any]
    heads: dict[Id, tuple[Count, Count, Count, Count]]
    more: bool
    capabilities: list[str]
    follows: list[Id]


class Ack(msgspec.Struct, tag="ack", tag_field="op", omit_defaults=True):
    """A send is durable. With `held` it waits for a moderator and has no seq yet."""

    ref: Ref
    client_id: str
    conversation: Id
    seq: Count | None
    rev: Count | None
    ts: Time
    duplicate: bool = False
    held: Id | None = None


class Nack(msgspec.Struct, tag="nack", tag_field="op", omit_defaults=True):
    """A frame was refused and changed nothing; `temporary` ones may succeed after `retry_ms`."""

    ref: Ref
    code: Annotated[int, msgspec.Meta(ge=400, le=599)]
    error: str
    detail: str
    temporary: bool
    client_id: str | None = None
    retry_ms: Count | None = None
    extra: dict[str, Any] | None = None


class Event(msgspec.Struct, tag="event", tag_field="op"):
    """A durable change, the only durable push. Apply it iff `rev` follows the cursor."""

    conversation: Id
    rev: Annotated[int, msgspec.Meta(ge=1)]
    pos: Annotated[int, msgspec.Meta(ge=1)]
    kind: EventKind
    seq: Count | None
    data: dict[str, Any]


class Message(msgspec.Struct):
    """A message; it is identified by (conversation, seq)."""

    conversation: Id
    seq: Annotated[int, msgspec.Meta(ge=1)]
    sender: Id
    client_id: str
    kind: MessageKind
    state: MessageState
    body: dict[str, Any]
    reply_to: int | None
    created_at: Time
    thread: int | None = None
    edited_at: Time | None = None
    expires_at: Time | None = None
    reactions: dict[str, Count] | None = None


class Snapshot(msgspec.Struct):
    """The newest messages in place of a history that is too long to replay."""

    rev: Count
    messages: list[Message]


class Page(msgspec.Struct, tag="page", tag_field="op", omit_defaults=True):
    """The answer to a pull: events after a cursor, a snapshot, or the messages before a seq."""

    ref: Ref
    conversation: Id
    floor_seq: Count
    from_rev: Count | None = None
    head_rev: Count | None = None
    events: list[Event] | None = None
    snapshot: Snapshot | None = None
    messages: list[Message] | None = None
    head_seq: Count | None = None


class Synced(msgspec.Struct, tag="synced", tag_field="op"):
    """The answer to a sync: heads of the conversations that moved after `pos`."""

    ref: Ref
    conversations: list[dict[str, Any]]
    pos: Count
    more: bool


class Heads(msgspec.Struct, tag="heads", tag_field="op"):
    """Conversation to rev: what has moved. Pull every one above the cursor."""

    heads: dict[Id, Count]


class ReadUpTo(msgspec.Struct, tag="read", tag_field="op"):
    """How far a member has read. A signal."""

    conversation: Id
    user: Id
    seq: Count


class ReceivedUpTo(msgspec.Struct, tag="received", tag_field="op"):
    """How far a member's devices have received. A signal."""

    conversation: Id
    user: Id
    seq: Count


class Types(msgspec.Struct, tag="typing", tag_field="op"):
    """Somebody writes, or stopped. A signal."""

    conversation: Id
    user: Id
    on: bool


class PresenceOf(msgspec.Struct, tag="presence", tag_field="op"):
    """User to [status, last activity]. A signal."""

    users: dict[Id, tuple[Literal["online", "offline"], Time | None]]


class Delta(msgspec.Struct, tag="delta", tag_field="op"):
    """More of a streamed message; `offset` counts characters (code points). A signal."""

    conversation: Id
    seq: Count
    offset: Count
    text: str


class StreamSnapshot(msgspec.Struct, tag="stream_snapshot", tag_field="op"):
    """The whole text of a streamed message so far. A signal."""

    conversation: Id
    seq: Count
    text: str


class HeldChanged(msgspec.Struct, tag="held", tag_field="op"):
    """A message waits for review, or was decided. A signal to moderators and to its sender."""

    held: dict[str, Any]


class Warned(msgspec.Struct, tag="warning", tag_field="op"):
    """What follows for a sender after its messages were held or refused: `warn`, `mute`, `ban` or `slow`. A signal to it."""

    conversation: Id
    held: Id
    do: Literal["warn", "mute", "ban", "slow"]
    until: Time | None
    reasons: list[str]


class Resync(msgspec.Struct, tag="resync", tag_field="op"):
    """In an event stream only: the cursor is too old, so compare the heads (`GET /v1/sync`) and pull."""

    pos: Count


class Pong(msgspec.Struct, tag="pong", tag_field="op"):
    """The answer to a ping."""

    n: Count


class Bye(msgspec.Struct, tag="bye", tag_field="op"):
    """The connection ends with close code 4000 + `code`; `temporary` ones come back after `retry_ms`."""

    code: int
    retry_ms: Count
    reason: str
    temporary: bool


ServerFrame = (
    Ready
    | Ack
    | Nack
    | Event
    | Page
    | Synced
    | Heads
    | ReadUpTo
    | ReceivedUpTo
    | Types
    | PresenceOf
    | Delta
    | StreamSnapshot
    | HeldChanged
    | Warned
    | Resync
    | Pong
    | Bye
)
