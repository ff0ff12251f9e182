"""Clients that fell silent: one look at all sockets in place of a task and a timer for each, which cost a tenth of a socket."""

import asyncio

from picows import WSListener, WSTransport

SILENT_S = 60.0
"""A client that sent nothing for so long is asked for a pong (RFC 6455, section 5.5.2)."""
PONG_S = 20.0
"""How long it has for that; then it is taken for gone."""


class Watched(WSListener):
    """A listener of a socket that is dropped when its client is gone without a word.

    Obligations: call `begin` when the socket is open, `heard` for each frame, and let somebody call `look` now and then.
    """

    __slots__ = ("_asked", "_heard_at", "_transport")

    def __init__(self) -> None:
        super().__init__()
        self._transport: WSTransport | None = None
        self._heard_at = 0.0
        self._asked = False

    def begin(self, transport: WSTransport) -> None:
        """The socket is open."""
        self._transport = transport
        self.heard()

    def heard(self) -> None:
        """The client sent something."""
        self._heard_at = asyncio.get_running_loop().time()
        self._asked = False

    def look(self, now: float) -> None:
        """Ask a silent client for a pong, and drop it when none came; `now` is the loop's time in seconds."""
        if self._transport is None or now - self._heard_at <= SILENT_S:
            return
        if not self._asked:
            self._asked = True
            self._transport.send_ping()
        elif now - self._heard_at > SILENT_S + PONG_S:
            self._transport.disconnect(False)
