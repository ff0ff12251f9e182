"""What travels between processes: encoded frames with the little that a hub must know to route them."""

import msgspec

from myna.log.plan import Published
from myna.model.message import Event, EventKind
from myna.wire import encode, event_object


class EventFrame(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An encoded event. `frame` is what every reader gets, byte for byte."""

    pos: int
    rev: int
    conversation: int
    workspace: int
    support: bool
    frame: bytes
    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    seq: int = 0
    """The message that the event is about, or 0."""
    finished: bool = False
    """Whether it ends a streamed message."""
    amends: bool = False
    """Whether it is about an older message, which some members may not read."""
    reseats: bool = False
    """Whether what is remembered of the conversation's seats is out of date."""
    floor: int = 0
    """First readable `seq` of who joined."""
    hides: int = 0
    """The conversation in which a user deleted messages for itself."""
    rewrites: bool = False
    """Whether it changes a message that is older than itself, as an edit or a recall does."""


class SignalFrame(msgspec.Struct, frozen=True, array_like=True):
    """An encoded signal for a conversation, for single users, or for a workspace's moderators.

    `minor` ones (typing, presence) are dropped first when a reader is slow. `but_user` does not get its own signal.
    `stream` is (conversation, seq, offset, text) of a delta, so that each process can hold the text so far.
    """

    workspace: int
    frame: bytes
    conversation: int = 0
    support: bool = False
    users: tuple[int, ...] = ()
    moderators: bool = False
    minor: bool = False
    but_user: int = 0
    stream: tuple[int, int, int, str] | None = None
    replaced: tuple[int, str, int] | None = None
    """(user, device, session): that session is now the device's only one."""
    ended: tuple[int, tuple[int, ...]] | None = None
    """(user, sign-ins): these sign-ins of the user are over."""


class PresenceFrame(msgspec.Struct, frozen=True, array_like=True):
    """Users who are connected to a process, and those who left it."""

    here: list[int] = msgspec.field(default_factory=list[int])
    gone: list[int] = msgspec.field(default_factory=list[int])


class BusFrame(msgspec.Struct, frozen=True, array_like=True):
    """One publication: the events of a commit batch, or signals, with the process that they come from."""

    origin: int
    events: list[EventFrame] = msgspec.field(default_factory=list[EventFrame])
    signals: list[SignalFrame] = msgspec.field(default_factory=list[SignalFrame])
    presence: PresenceFrame | None = None


_OF_NEW_MESSAGES = frozenset({EventKind.MESSAGE_CREATED, EventKind.MESSAGE_FINISHED})
_RESEATS = frozenset(
    {
        EventKind.MEMBER_JOINED,
        EventKind.MEMBER_LEFT,
        EventKind.MEMBER_CHANGED,
        EventKind.CONVERSATION_CHANGED,
    }
)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(BusFrame)


def event_frame(published: Published) -> EventFrame:
    """The frame of a committed event, encoded here once for everybody."""
    event = published.event
    if event.kind is EventKind.MESSAGE_CREATED:
        # Nearly all events: what says more of them than their place has its default.
        return EventFrame(
            event.pos,
            event.rev,
            event.conversation,
            published.workspace,
            published.support,
            encode(event_object(event)),
            seq=event.seq or 0,
        )
    return EventFrame(
        event.pos,
        event.rev,
        event.conversation,
        published.workspace,
        published.support,
        encode(event_object(event)),
        published.joined,
        published.left,
        event.seq or 0,
        event.kind is EventKind.MESSAGE_FINISHED,
        event.seq is not None,
        event.kind in _RESEATS,
        event.data.get("from_seq", 1) if event.kind is EventKind.MEMBER_JOINED else 0,
        _hidden_in(event),
        event.seq is not None and event.kind not in _OF_NEW_MESSAGES,
    )


def _hidden_in(event: Event) -> int:
    hides = event.kind is EventKind.MINE_CHANGED and event.data.get("what") == "hidden"
    return int(event.data["conversation"]) if hides else 0


def pack(frame: BusFrame) -> bytes:
    """A publication as bytes."""
    return _encoder.encode(frame)


def unpack(raw: bytes) -> BusFrame:
    """A publication from bytes.

    Raises:
        msgspec.DecodeError: the bytes are not a publication of this version.
    """
    return _decoder.decode(raw)
