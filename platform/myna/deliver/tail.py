"""The newest events in memory: who reconnects is served from here, so that a storm of them reads nothing from the database."""

from collections import deque
from itertools import islice

from myna.deliver.frames import EventFrame


class Tail:
    """The last `size` events in commit order, and the same ones by conversation.

    An event that rewrites an earlier message (an edit, a recall), or by which a user hides some for itself, withdraws what is
    here of that conversation: the old words must not come out of memory when the database has others. Readers see a gap
    there and pull it from the log.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._events: deque[EventFrame] = deque()
        self._places: dict[int, deque[EventFrame]] = {}
        self._withdrawn: set[int] = set()

    def __len__(self) -> int:
        return len(self._events)

    def append(self, event: EventFrame) -> None:
        """Take the next event; the oldest one leaves when there are too many."""
        if event.rewrites:
            self._withdraw(event.conversation)
        if event.hides:
            self._withdraw(event.hides)
        self._places.setdefault(event.conversation, deque()).append(event)
        self._events.append(event)
        if len(self._events) > self._size:
            self._drop(self._events.popleft())

    def since(self, pos: int) -> list[EventFrame] | None:
        """Events after `pos` in commit order, or None when the tail does not reach back to it."""
        if not self._events or pos < self._events[0].pos - 1:
            return None
        # Dense in pos, so the place of the first one is known.
        first = max(0, pos + 1 - self._events[0].pos)
        return [each for each in islice(self._events, first, None) if each.pos not in self._withdrawn]

    def page(self, conversation: int, after_rev: int, limit: int) -> tuple[list[EventFrame], int] | None:
        """The next events of a conversation and its newest `rev`, or None when the tail does not hold all of them."""
        place = self._places.get(conversation)
        if place is None or not place[0].rev <= after_rev + 1 <= place[-1].rev + 1:
            return None
        first = after_rev + 1 - place[0].rev
        return list(islice(place, first, first + limit)), place[-1].rev

    def clear(self) -> None:
        """Forget everything."""
        self._events.clear()
        self._places.clear()
        self._withdrawn.clear()

    def _withdraw(self, conversation: int) -> None:
        self._withdrawn.update(each.pos for each in self._places.pop(conversation, ()))

    def _drop(self, event: EventFrame) -> None:
        if event.pos in self._withdrawn:
            self._withdrawn.discard(event.pos)
            return
        place = self._places[event.conversation]
        place.popleft()
        if not place:
            del self._places[event.conversation]
