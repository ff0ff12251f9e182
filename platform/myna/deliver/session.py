"""One connected device: a byte-bounded queue that never grows with the number of missed messages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from myna.deliver.frames import EventFrame
from myna.ids import new_id
from myna.model.workspace import User
from myna.wire import encode, text_frame

NOBODY: Set[int] = frozenset()
QUEUE_BYTES = 256 * 1024
"""Most bytes of live frames that wait for a slow reader. Overflow rule: lag mode (see `Session`)."""
DIRECT_BYTES = 1024 * 1024
"""Bytes of answers above which no further frame of this client is looked at until it has read some."""
BUSY_BYTES = QUEUE_BYTES // 2
"""Above this, minor signals are not queued any more."""


class Weight(IntEnum):
    """What may be dropped: events for a later pull, signals for good. Direct answers have no weight and never are."""

    EVENT = 1
    SIGNAL = 2
    MINOR = 3


Piece = tuple[int, int, int, str]
"""(conversation, seq, offset, text) of a streamed message's delta."""


class _Queued(NamedTuple):
    weight: Weight
    frame: bytes
    pos: int = 0
    conversation: int = 0
    rev: int = 0
    merged: "_Merged | None" = None


@dataclass(slots=True)
class _Merged:
    """Deltas of one stream that became one while their reader was slow."""

    conversation: int
    seq: int
    offset: int
    text: str

    def frame(self) -> bytes:
        place = {"conversation": str(self.conversation), "seq": self.seq}
        return encode({"op": "delta", **place, "offset": self.offset, "text": self.text})


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why the server ends a session; `temporary` ones come back after `retry_ms`."""

    status: int
    reason: str
    retry_ms: int = 0

    @property
    def frame(self) -> bytes:
        """The last frame of the session."""
        bye = {"op": "bye", "code": self.status, "retry_ms": self.retry_ms, "reason": self.reason}
        return encode({**bye, "temporary": self.status not in {403, 409}})


class Run:
    """Events of one conversation that were committed together: framed once, and queued as one for every socket."""

    __slots__ = ("conversation", "events", "rev", "size", "wire")

    def __init__(self, conversation: int, events: Sequence[EventFrame]) -> None:
        self.conversation, self.events = conversation, events
        self.rev = events[-1].rev
        self.wire = b"".join([text_frame(each.frame) for each in events])
        self.size = len(self.wire)


class Session:
    """A reader's queue. `ready` is called when frames wait; the transport then takes them with `take`.

    Lag mode: when live frames exceed the bound, the queued ones are dropped and only the newest `rev` of each
    conversation is kept; acks and pages still flow. When the transport has caught up it gets one `heads` frame, and the client
    pulls what it wants. Memory is bounded by the number of conversations, not of messages.
    """

    __slots__ = (
        "_direct_bytes",
        "_live_bytes",
        "_merging",
        "_missed",
        "_queue",
        "_ready",
        "_signals",
        "_wired",
        "conversations",
        "deltas",
        "device",
        "ended",
        "floors",
        "id",
        "lagging",
        "operator",
        "quiet",
        "taken",
        "user",
        "watching",
    )

    def __init__(
        self,
        user: User,
        *,
        operator: bool,
        ready: Callable[[], None],
        signals: bool = True,
        device: str = "",
        wired: bool = False,
    ) -> None:
        self.id = new_id()
        self.device = device
        """Names the user's device; a newer session of the same one replaces this. Empty: never replaced."""
        self.ended: Farewell | None = None
        """Set once; the transport gives what waits, then `Farewell.frame`, then it closes."""
        self.user = user
        self.operator = operator
        self.conversations: set[int] = set()
        self.floors: Mapping[int, int] = {}
        """First readable `seq` of the conversations in which the session began; older messages are not replayed to it."""
        self.watching: Set[int] = NOBODY
        """Users whose presence is on this device's screen."""
        self.taken: Callable[[], None] | None = None
        """Called when the transport took frames of a crowded session, so that who waits for room looks again."""
        self.lagging = False
        self.quiet = False
        """Whether the client wants no typing, presence and receipts."""
        self.deltas = True
        """Whether the client wants the pieces of answers in the making."""
        self._signals = signals
        self._wired = wired
        self._ready = ready
        # Answers wait as mere bytes. Lists, since an empty deque has 624 bytes, and nearly all sessions are idle.
        self._queue: list[_Queued | Run | bytes] = []
        self._live_bytes = 0
        self._direct_bytes = 0
        self._missed: dict[int, int] = {}
        self._merging: dict[tuple[int, int], _Merged] = {}

    def direct(self, frame: bytes) -> None:
        """Queue an answer to this client; the client's own window bounds how many there are."""
        queue = self._queue
        queue.append(frame)
        self._direct_bytes += len(frame)
        if len(queue) == 1:
            self._ready()

    def first(self, frame: bytes) -> None:
        """Queue a frame before everything that waits already: the greeting, which no event may precede."""
        self._queue.insert(0, frame)
        self._direct_bytes += len(frame)
        self._ready()

    def event(self, conversation: int, rev: int, pos: int, frame: bytes) -> None:
        """Queue a durable event, or remember that the conversation has moved on."""
        if self.lagging:
            self._missed[conversation] = rev
            return
        if self._live_bytes + len(frame) > QUEUE_BYTES:
            self._lag()
            self._missed[conversation] = rev
            return
        self._put(_Queued(Weight.EVENT, frame, pos, conversation, rev))

    def run(self, run: Run) -> None:
        """Queue a run of events, for a socket as one piece."""
        if self.lagging:
            self._missed[run.conversation] = run.rev
        elif self._wired and self._live_bytes + run.size <= QUEUE_BYTES:
            queue = self._queue
            queue.append(run)
            self._live_bytes += run.size
            if len(queue) == 1:
                self._ready()
        else:
            for each in run.events:
                self.event(each.conversation, each.rev, each.pos, each.frame)

    def signal(self, frame: bytes, *, minor: bool, piece: Piece | None = None) -> None:
        """Queue a signal if there is room; signals may be lost. To a busy reader the deltas of a stream go as one."""
        full = self._live_bytes + len(frame) > (BUSY_BYTES if minor else QUEUE_BYTES)
        if not self._signals or self.lagging or full:
            return
        if (minor and self.quiet) or (piece is not None and not self.deltas):
            return
        if piece is not None and self._live_bytes > BUSY_BYTES:
            self._merge(piece, len(frame))
        else:
            self._put(_Queued(Weight.MINOR if minor else Weight.SIGNAL, frame))

    def take(self) -> list[tuple[int, bytes]]:
        """All waiting frames, each with the `pos` of its event or 0; ends lag mode with a `heads` frame."""
        frames = list(_single(self._queue))
        self._drained()
        if self.lagging and not frames:
            frames.append((0, self._caught_up()))
        elif self.lagging:
            self._ready()
        return frames

    def take_wire(self) -> bytes:
        """The same as `take`, as WebSocket frames in one piece."""
        queue = self._queue
        if len(queue) == 1 and not self.lagging and isinstance(run := queue[0], Run):
            # Nearly always so in a group: nothing but what was just committed, ready as it is.
            queue.clear()
            self._live_bytes = 0
            return run.wire
        parts = [_wire_of(each) for each in queue]
        self._drained()
        if self.lagging and not parts:
            return text_frame(self._caught_up())
        if self.lagging:
            self._ready()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _drained(self) -> None:
        self._queue.clear()
        self._merging.clear()
        crowded = self.crowded
        self._live_bytes = self._direct_bytes = 0
        if crowded and self.taken is not None:
            self.taken()

    def _caught_up(self) -> bytes:
        self.lagging = False
        heads, self._missed = self._missed, {}
        return heads_frame(heads)

    def end(self, farewell: Farewell) -> None:
        """Ask the transport to say goodbye and close; repeating it changes nothing."""
        if self.ended is None:
            self.ended = farewell
            self._ready()

    @property
    def waiting(self) -> bool:
        """Whether `take` would give anything."""
        return bool(self._queue) or self.lagging

    @property
    def crowded(self) -> bool:
        """Whether so many answers wait that the client should read some first."""
        return self._direct_bytes > DIRECT_BYTES

    @property
    def live_bytes(self) -> int:
        """Bytes of live frames in the queue, at most `QUEUE_BYTES`."""
        return self._live_bytes

    def _put(self, queued: _Queued) -> None:
        first = not self._queue
        self._queue.append(queued)
        self._live_bytes += len(queued.frame)
        if first:
            self._ready()

    def _merge(self, piece: Piece, size: int) -> None:
        conversation, seq, offset, text = piece
        merged = self._merging.get((conversation, seq))
        if merged is not None and merged.offset + len(merged.text) == offset:
            merged.text += text
            self._live_bytes += len(text.encode())
            return
        merged = self._merging[(conversation, seq)] = _Merged(conversation, seq, offset, text)
        self._queue.append(_Queued(Weight.SIGNAL, b"", merged=merged))
        self._live_bytes += size

    def _lag(self) -> None:
        self.lagging = True
        self._merging.clear()
        kept: list[_Queued | Run | bytes] = []
        for each in self._queue:
            if isinstance(each, bytes):
                kept.append(each)
            elif isinstance(each, Run) or each.weight is Weight.EVENT:
                self._missed[each.conversation] = each.rev
        self._queue = kept
        self._live_bytes = 0
        self._ready()


def _single(queue: Iterable[_Queued | Run | bytes]) -> Iterator[tuple[int, bytes]]:
    for each in queue:
        if isinstance(each, bytes):
            yield 0, each
        elif isinstance(each, Run):
            for event in each.events:
                yield event.pos, event.frame
        else:
            yield each.pos, each.frame if each.merged is None else each.merged.frame()


def _wire_of(queued: _Queued | Run | bytes) -> bytes:
    if isinstance(queued, bytes):
        return text_frame(queued)
    if isinstance(queued, Run):
        return queued.wire
    return text_frame(queued.frame if queued.merged is None else queued.merged.frame())


def heads_frame(heads: dict[int, int]) -> bytes:
    """`{conversation: rev}`: what has moved on, for the client to pull."""
    return encode({"op": "heads", "heads": {str(conversation): rev for conversation, rev in heads.items()}})
