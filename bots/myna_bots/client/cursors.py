"""One conversation's cursor: every event is applied once and in order, whatever way it came."""

from itertools import pairwise

from myna.errors import Malformed
from myna_bots.client.frames import Event, Page

PAGE = 200
"""Events asked for at once; the server's most."""
MAX_HELD = 512
"""Events ahead of a gap that are kept. Overflow rule: later ones are left to the pull that fills the gap."""


class Cursor:
    """Applies an event iff its rev follows the last one (protocol, client rule a). Pure.

    Invariant: the revs that `offer` and `fill` return are ascending, and dense but for what a page leaves out below the
    reader's floor.
    """

    def __init__(self, rev: int = 0) -> None:
        self.rev = rev
        """The last change that was applied."""
        self.head = rev
        """The newest change that was heard of."""
        self._held: dict[int, Event] = {}

    @property
    def behind(self) -> bool:
        """Whether there are changes that were not applied yet."""
        return self.rev < self.head

    def heard(self, rev: int) -> None:
        """There are changes up to this one."""
        self.head = max(self.head, rev)

    def offer(self, event: Event) -> list[Event]:
        """A pushed event: what can be applied now, in order; empty when it is old, or ahead of a gap and held."""
        self.heard(event.rev)
        if event.rev <= self.rev:
            return []
        if event.rev > self.rev + 1:
            if len(self._held) < MAX_HELD:
                self._held[event.rev] = event
            return []
        self.rev = event.rev
        return [event, *self._follow()]

    def fill(self, page: Page, limit: int = PAGE) -> list[Event]:
        """The events of a pulled page that are new, and those held ones that follow them.

        A page that was asked for with a cursor ahead of this one is ignored.

        Raises:
            Malformed: the page has gaps that no floor explains; nothing was applied.
        """
        self.heard(page.head_rev)
        if page.from_rev > self.rev:
            return []
        new = [event for event in page.events if event.rev > self.rev]
        last = new[-1].rev if new else self.rev
        whole = len(page.events) < limit
        # The server reads the head before the events, so a page that is not full holds everything up to that head.
        reached = max(last, page.head_rev) if whole else last
        if page.floor_seq <= 1 and reached - self.rev != len(new):
            raise Malformed(
                f"A page of conversation {page.conversation} has gaps between {self.rev} and {reached}."
            )
        if any(later.rev <= earlier.rev for earlier, later in pairwise(new)):
            raise Malformed(f"A page of conversation {page.conversation} is out of order.")
        self.rev = reached
        self.heard(reached)
        return [*new, *self._follow()]

    def jump(self, rev: int) -> list[Event]:
        """Skip to a snapshot, if it is ahead; gives the held events that follow it."""
        self.heard(rev)
        self.rev = max(self.rev, rev)
        return self._follow()

    def _follow(self) -> list[Event]:
        following: list[Event] = []
        while (event := self._held.pop(self.rev + 1, None)) is not None:
            self.rev = event.rev
            following.append(event)
        if self._held:
            self._held = {rev: event for rev, event in self._held.items() if rev > self.rev}
        return following
