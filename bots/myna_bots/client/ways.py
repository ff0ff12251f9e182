"""Which transport to connect over."""

from collections.abc import Sequence

from myna_bots.client.fallback import over_events, over_polls
from myna_bots.client.ports import Connect, Http, StreamingHttp

PATIENCE = 2
"""Attempts over one transport that never came up before the next one is tried: perhaps a proxy lets it not through."""
PATIENCE_PROVEN = 6
"""The same for one that has worked before: a server that restarts looks just like such a proxy."""


class Way:
    """Goes through the transports, best first. Pure: it is told how each attempt went."""

    def __init__(self, transports: Sequence[Connect]) -> None:
        self._transports = transports
        self._choice = 0
        self._failures = 0
        self._proven: int | None = None

    @property
    def connect(self) -> Connect:
        """The transport to try now."""
        return self._transports[self._choice]

    def went(self, came_up: bool) -> None:
        """A connection is over; `came_up` says whether the server had greeted on it."""
        if came_up:
            self._proven, self._failures = self._choice, 0
            if self._choice:
                # A makeshift: look once whether the best one works again.
                self._choice, self._failures = 0, PATIENCE - 1
            return
        self._failures += 1
        if self._failures >= (PATIENCE_PROVEN if self._proven == self._choice else PATIENCE):
            self._choice, self._failures = (self._choice + 1) % len(self._transports), 0


def default_transports(http: Http) -> list[Connect]:
    """WebSocket, then Server-Sent Events, then long poll; each is loaded here, when a client is made."""
    from myna_bots.adapters.socket import connect

    streams = [over_events(http)] if isinstance(http, StreamingHttp) else []
    return [connect, *streams, over_polls(http)]
