"""What waits for a device: frames with their weight, runs of events, pieces put together, and the last word."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from myna.deliver.frames import EventFrame
from myna.wire import encode, text_frame


class Weight(IntEnum):
    """What may be dropped: events for a later pull, signals for good. Direct answers have no weight and never are."""

    EVENT = 1
    SIGNAL = 2
    MINOR = 3


class Queued(NamedTuple):
    """A frame as it waits, and how it may be dropped."""

    weight: Weight
    frame: bytes
    pos: int = 0
    conversation: int = 0
    rev: int = 0
    merged: "Merged | None" = None


@dataclass(slots=True)
class Merged:
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


def single(queue: Iterable[Queued | Run | bytes]) -> Iterator[tuple[int, bytes]]:
    """Everything that waits as single frames, in order, each with its place in the log (0 for answers)."""
    for each in queue:
        if isinstance(each, bytes):
            yield 0, each
        elif isinstance(each, Run):
            for event in each.events:
                yield event.pos, event.frame
        else:
            yield each.pos, each.frame if each.merged is None else each.merged.frame()


def wire_of(queued: Queued | Run | bytes) -> bytes:
    """The bytes of what waits, framed for the socket."""
    if isinstance(queued, bytes):
        return text_frame(queued)
    if isinstance(queued, Run):
        return queued.wire
    return text_frame(queued.frame if queued.merged is None else queued.merged.frame())
