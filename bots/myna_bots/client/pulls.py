"""Which conversations lack something, since when, and which pages are under way. Pure: it is told the time."""

from collections.abc import Iterable, Iterator

PULL_S = 15.0
"""A page that takes longer is asked for again."""
MAX_PULLS = 16
"""Pages asked for at once, one for each conversation."""


class Pulls:
    """At most one page of a conversation is under way, and at most `MAX_PULLS` in all."""

    def __init__(self) -> None:
        self._under_way: dict[str, float] = {}
        self._wanted: dict[str, float] = {}

    def want(self, conversation: str, at: float) -> None:
        """Ask for a page then."""
        self._wanted[conversation] = at

    def want_by(self, conversation: str, at: float) -> None:
        """Ask for a page then, unless a time is set already."""
        self._wanted.setdefault(conversation, at)

    def complete(self, conversation: str) -> None:
        """Nothing lacks any more."""
        self._wanted.pop(conversation, None)

    def begun(self, conversations: Iterable[str], now: float) -> None:
        """These pages are on their way."""
        self._under_way.update(dict.fromkeys(conversations, now))

    def came(self, conversation: str) -> None:
        """The page that was under way has been answered."""
        self._under_way.pop(conversation, None)

    def due_at(self, *, open_: bool) -> float | None:
        """When something is to be asked for; with `open_` not set no new page is."""
        times = [at + PULL_S for at in self._under_way.values()]
        if open_ and len(self._under_way) < MAX_PULLS:
            times += [at for key, at in self._wanted.items() if key not in self._under_way]
        return min(times, default=None)

    def expire(self, now: float) -> None:
        """Want again what takes too long."""
        for conversation, at in list(self._under_way.items()):
            if now - at >= PULL_S:
                del self._under_way[conversation]
                self._wanted[conversation] = now

    def take_due(self, now: float) -> Iterator[str]:
        """The conversations of which a page is to be asked for now; the caller says which ones `begun`."""
        for conversation, at in list(self._wanted.items()):
            if at > now or conversation in self._under_way or len(self._under_way) >= MAX_PULLS:
                continue
            del self._wanted[conversation]
            yield conversation

    def clear(self) -> None:
        """The connection is gone, and with it what was asked for."""
        self._under_way.clear()
        self._wanted.clear()
