"""One connected device: a byte-bounded queue that never grows with the number of missed messages."""

from collections import deque
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import NamedTuple

from myna.ids import new_id
from myna.model import User
from myna.wire import encode

QUEUE_BYTES = 256 * 1024
"""Most bytes of live frames that wait for a slow reader. Overflow rule: lag mode (see `Session`)."""
DIRECT_BYTES = 1024 * 1024
"""Bytes of answers above which no further frame of this client is looked at until it has read some."""
BUSY_BYTES = QUEUE_BYTES // 2
"""Above this, minor signals are not queued any more."""


class Weight(IntEnum):
    """What may be dropped: direct answers never, events for a later pull, signals for good."""

    DIRECT = 0
    EVENT = 1
    SIGNAL = 2
    MINOR = 3


class _Queued(NamedTuple):
    weight: Weight
    frame: bytes
    pos: int = 0
    conversation: int = 0
    rev: int = 0


class Session:
    """A reader's queue. `ready` is called when frames wait; the transport then takes them with `take`.

    Lag mode: when live frames exceed the bound, the queued ones are dropped and only the newest `rev` of each
    conversation is kept; acks and pages still flow. When the transport has caught up it gets one `heads` frame, and the client
    pulls what it wants. Memory is bounded by the number of conversations, not of messages.
    """

    def __init__(
        self, user: User, *, operator: bool, ready: Callable[[], None], signals: bool = True
    ) -> None:
        self.id = new_id()
        self.user = user
        self.operator = operator
        self.conversations: set[int] = set()
        self.floors: Mapping[int, int] = {}
        """First readable `seq` of the conversations in which the session began; older messages are not replayed to it."""
        self.taken: Callable[[], None] | None = None
        """Called when the transport took frames, so that who waits for room looks again."""
        self.lagging = False
        self._signals = signals
        self._ready = ready
        self._queue: deque[_Queued] = deque()
        self._live_bytes = 0
        self._direct_bytes = 0
        self._missed: dict[int, int] = {}

    def direct(self, frame: bytes) -> None:
        """Queue an answer to this client; the client's own window bounds how many there are."""
        self._put(_Queued(Weight.DIRECT, frame))

    def first(self, frame: bytes) -> None:
        """Queue a frame before everything that waits already: the greeting, which no event may precede."""
        self._queue.appendleft(_Queued(Weight.DIRECT, frame))
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

    def signal(self, frame: bytes, *, minor: bool) -> None:
        """Queue a signal if there is room; signals may be lost."""
        full = self._live_bytes + len(frame) > (BUSY_BYTES if minor else QUEUE_BYTES)
        if self._signals and not self.lagging and not full:
            self._put(_Queued(Weight.MINOR if minor else Weight.SIGNAL, frame))

    def take(self) -> list[tuple[int, bytes]]:
        """All waiting frames, each with the `pos` of its event or 0; ends lag mode with a `heads` frame."""
        frames = [(each.pos, each.frame) for each in self._queue]
        self._queue.clear()
        self._live_bytes = self._direct_bytes = 0
        if self.taken is not None:
            self.taken()
        if self.lagging and not frames:
            self.lagging = False
            heads, self._missed = self._missed, {}
            frames.append((0, heads_frame(heads)))
        elif self.lagging:
            self._ready()
        return frames

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
        if queued.weight is Weight.DIRECT:
            self._direct_bytes += len(queued.frame)
        else:
            self._live_bytes += len(queued.frame)
        if first:
            self._ready()

    def _lag(self) -> None:
        self.lagging = True
        kept = deque(each for each in self._queue if each.weight is Weight.DIRECT)
        for each in self._queue:
            if each.weight is Weight.EVENT:
                self._missed[each.conversation] = each.rev
        self._queue = kept
        self._live_bytes = 0
        self._ready()


def heads_frame(heads: dict[int, int]) -> bytes:
    """`{conversation: rev}`: what has moved on, for the client to pull."""
    return encode({"op": "heads", "heads": {str(conversation): rev for conversation, rev in heads.items()}})
