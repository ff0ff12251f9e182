"""Which conversations no bot hears, so that what is said there passes the feed without a question to the database."""

from collections import deque

from myna.deliver.frames import EventFrame

CONVERSATIONS = 50_000
"""Conversations that are remembered. Overflow rule: all are forgotten, and found out again when something is said there."""
AHEAD = 2_000
"""Events that are kept while the feed reads. Overflow rule: all are dropped; the feed reads them from the log."""


class Silence:
    """Follows the announced events. What is remembered of a conversation ends when somebody joins it."""

    def __init__(self) -> None:
        self._silent: set[int] = set()
        self._ahead: deque[tuple[int, int]] = deque()
        self._joined = 0

    def heard(self, event: EventFrame) -> None:
        """The next announced event; they come in commit order."""
        if event.reseats or event.joined:
            self._silent.discard(event.conversation)
            self._joined += 1
        if len(self._ahead) >= AHEAD:
            self._ahead.clear()
        self._ahead.append((event.pos, event.conversation))

    def passed(self, seen: int) -> int:
        """Up to where nothing is for a bot, if everything up to `seen` was dealt with."""
        ahead = self._ahead
        while ahead and ahead[0][0] <= seen:
            ahead.popleft()
        while ahead and ahead[0][0] == seen + 1 and ahead[0][1] in self._silent:
            seen = ahead.popleft()[0]
        return seen

    @property
    def moment(self) -> int:
        """Changes whenever somebody joins a conversation; take it before asking the database."""
        return self._joined

    def learn(self, silent: set[int], moment: int) -> None:
        """Conversations in which no bot had a seat when the database was asked at a moment."""
        if moment != self._joined:
            return  # one of them may have got a bot since
        if len(self._silent) + len(silent) > CONVERSATIONS:
            self._silent.clear()
        self._silent |= silent
