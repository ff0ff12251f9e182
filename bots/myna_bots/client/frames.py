"""The server's frames of `myna.v1`, decoded and checked in one step.

Unknown fields are ignored and unknown ops are left out, so that a client of today works with a server of tomorrow.
"""

from collections.abc import Mapping
from typing import Any, cast, get_args

import msgspec

from myna.errors import Malformed
from myna_bots.client.wire import Held, Message, Object, Ticket, User, converted, decoded


class Event(Object, frozen=True, tag_field="op", tag="event"):
    """A durable change of a conversation; `rev` counts them without gaps."""

    conversation: str
    rev: int
    pos: int
    kind: str
    data: dict[str, Any]
    seq: int | None = None

    @property
    def message(self) -> Message | None:
        """The message that was created or finished."""
        return converted(self.data, Message) if self.kind.startswith("message.") else None

    @property
    def ticket(self) -> Ticket | None:
        """The ticket after a move."""
        return converted(self.data, Ticket) if self.kind == "ticket.changed" else None


class Ready(Object, frozen=True, tag_field="op", tag="ready"):
    """The server's greeting. `heads`: conversation to [rev, seq, read_seq, from_seq].

    `follows`: conversations whose next page comes without being asked for.
    """

    session: str
    epoch: str
    pos: int
    user: User
    heads: dict[str, list[int]]
    heartbeat_s: float = 25.0
    more: bool = False
    follows: list[str] = msgspec.field(default_factory=list[str])


class Ack(Object, frozen=True, tag_field="op", tag="ack"):
    """A send is durable. With `held` it waits for a moderator and has no seq yet."""

    client_id: str
    conversation: str
    ts: str
    seq: int | None = None
    rev: int | None = None
    duplicate: bool = False
    held: str | None = None
    ref: str | int | None = None


class Nack(Object, frozen=True, tag_field="op", tag="nack"):
    """A frame was refused and changed nothing."""

    code: int
    error: str
    detail: str = ""
    temporary: bool = False
    retry_ms: int | None = None
    client_id: str | None = None
    ref: str | int | None = None
    extra: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class SnapshotState(Object, frozen=True):
    """The newest messages in place of a history that is too long to replay."""

    rev: int
    messages: list[Message]


class Page(Object, frozen=True, tag_field="op", tag="page"):
    """Events after a cursor. Revs are missing only where messages lie below `floor_seq`."""

    conversation: str
    from_rev: int = 0
    head_rev: int = 0
    floor_seq: int = 1
    events: list[Event] = msgspec.field(default_factory=list[Event])
    snapshot: SnapshotState | None = None
    ref: str | int | None = None


class Head(Object, frozen=True):
    """How far a conversation has come."""

    conversation: str
    rev: int
    seq: int


class Synced(Object, frozen=True, tag_field="op", tag="synced"):
    """Heads of conversations that changed after a commit position."""

    conversations: list[Head]
    pos: int
    more: bool
    ref: str | int | None = None


class Heads(Object, frozen=True, tag_field="op", tag="heads"):
    """Conversation to newest rev, for the client to pull."""

    heads: dict[str, int]


class Typing(Object, frozen=True, tag_field="op", tag="typing"):
    """Somebody writes, or stopped."""

    conversation: str
    user: str
    on: bool


class Delta(Object, frozen=True, tag_field="op", tag="delta"):
    """A piece of an answer in the making; `offset` counts Unicode code points."""

    conversation: str
    seq: int
    offset: int
    text: str


class StreamSnapshot(Object, frozen=True, tag_field="op", tag="stream_snapshot"):
    """The text so far of an answer in the making."""

    conversation: str
    seq: int
    text: str


class ReadUpTo(Object, frozen=True, tag_field="op", tag="read"):
    """How far somebody has read."""

    conversation: str
    user: str
    seq: int


class HeldChanged(Object, frozen=True, tag_field="op", tag="held"):
    """A message was put aside or decided on."""

    held: Held


class Pong(Object, frozen=True, tag_field="op", tag="pong"):
    """The answer to a ping."""

    n: int = 0


class Bye(Object, frozen=True, tag_field="op", tag="bye"):
    """The server ends the connection; come back after `retry_ms`."""

    code: int
    reason: str = ""
    retry_ms: int = 0


Frame = (
    Event
    | Ready
    | Ack
    | Nack
    | Page
    | Synced
    | Heads
    | Typing
    | Delta
    | StreamSnapshot
    | ReadUpTo
    | HeldChanged
    | Pong
    | Bye
)
_OPS = frozenset(each.__struct_config__.tag for each in get_args(Frame))
_frame: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)
_many = msgspec.json.Decoder(list[msgspec.Raw])


def decode_frames(raw: bytes) -> list[Frame]:
    """The known frames of one text message, in order.

    Raises:
        Malformed: it is not a frame or an array of frames of this protocol.
    """
    try:
        parts = [bytes(part) for part in _many.decode(raw)] if raw[:1] == b"[" else [raw]
    except msgspec.DecodeError as wrong:
        raise Malformed(f"The server sent no JSON: {wrong}.") from wrong
    decoded = (_decode_one(part) for part in parts)
    return [frame for frame in decoded if frame is not None]


def _decode_one(raw: bytes) -> Frame | None:
    try:
        return _frame.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        loose: Any = decoded(raw, object)
        if isinstance(loose, Mapping):
            op = cast(Mapping[str, Any], loose).get("op")
            if isinstance(op, str) and op not in _OPS:
                return None
        raise Malformed(f"The server sent a frame of another shape: {wrong}.") from wrong
