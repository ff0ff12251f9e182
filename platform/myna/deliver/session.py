"""One connected device: a byte-bounded queue that never grows with the number of missed messages."""

from collections.abc import Callable, Mapping, Set

from myna.deliver.queued import Farewell, Merged, Queued, Run, Weight, single, wire_of
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


Piece = tuple[int, int, int, str]
"""(conversation, seq, offset, text) of a streamed message's delta."""


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
        self._queue: list[Queued | Run | bytes] = []
        self._live_bytes = 0
        self._direct_bytes = 0
        self._missed: dict[int, int] = {}
        self._merging: dict[tuple[int, int], Merged] = {}

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
        self._put(Queued(Weight.EVENT, frame, pos, conversation, rev))

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
            self._put(Queued(Weight.MINOR if minor else Weight.SIGNAL, frame))

    def take(self) -> list[tuple[int, bytes]]:
        """All waiting frames, each with the `pos` of its event or 0; ends lag mode with a `heads` frame."""
        frames = list(single(self._queue))
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
        parts = [wire_of(each) for each in queue]
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

    def _put(self, queued: Queued) -> None:
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
        merged = self._merging[(conversation, seq)] = Merged(conversation, seq, offset, text)
        self._queue.append(Queued(Weight.SIGNAL, b"", merged=merged))
        self._live_bytes += size

    def _lag(self) -> None:
        self.lagging = True
        self._merging.clear()
        kept: list[Queued | Run | bytes] = []
        for each in self._queue:
            if isinstance(each, bytes):
                kept.append(each)
            elif isinstance(each, Run) or each.weight is Weight.EVENT:
                self._missed[each.conversation] = each.rev
        self._queue = kept
        self._live_bytes = 0
        self._ready()


def heads_frame(heads: dict[int, int]) -> bytes:
    """`{conversation: rev}`: what has moved on, for the client to pull."""
    return encode({"op": "heads", "heads": {str(conversation): rev for conversation, rev in heads.items()}})
