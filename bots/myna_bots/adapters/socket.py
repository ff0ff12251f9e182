"""WebSockets over picows."""

import asyncio
import logging
from collections import deque

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from myna_bots.client.errors import Unreachable

CONNECT_S = 10.0
"""How long connecting and the handshake may take."""
MAX_FRAME_BYTES = 32 * 1024 * 1024
"""Largest frame of the server: a page of 200 events with the longest texts stays far below."""
HIGH_WATER = 256
"""Messages that wait to be received. Overflow rule: reading pauses, so TCP slows the server down."""

_quiet = logging.getLogger("myna.client.frames")
_quiet.setLevel(logging.WARNING)


class PicowsSocket(WSListener):
    """One connection; see `myna_bots.client.ports.Socket`."""

    def __init__(self) -> None:
        super().__init__()
        self._transport: WSTransport | None = None
        self._waiting: deque[bytes] = deque()
        self._parts: list[bytes] = []
        self._arrived = asyncio.Event()
        self._ended = False
        self._paused = False
        self._close_code: int | None = None

    @property
    def close_code(self) -> int | None:
        """Why the server ended it, if it said so."""
        return self._close_code

    def send(self, payload: bytes) -> None:
        """Queue a text message; on a lost connection this does nothing."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, payload)

    async def receive(self) -> bytes | None:
        """The next text message, or None when the connection has ended and all was received."""
        while not self._waiting:
            if self._ended:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        if self._paused and len(self._waiting) <= HIGH_WATER // 2 and self._transport is not None:
            self._paused = False
            self._transport.underlying_transport.resume_reading()
        return self._waiting.popleft()

    def close(self) -> None:
        """End it now, saying goodbye."""
        if self._transport is not None:
            self._transport.send_close()
            self._transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Called by picows after the handshake."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Called by picows with each frame; fragments are put together."""
        kind = frame.msg_type
        if kind is WSMsgType.CLOSE:
            payload = frame.get_payload_as_bytes()
            if len(payload) >= 2:
                self._close_code = int.from_bytes(payload[:2], "big")
            transport.send_close()
            transport.disconnect()
        elif kind in {WSMsgType.TEXT, WSMsgType.CONTINUATION}:
            self._parts.append(frame.get_payload_as_bytes())
            if sum(len(part) for part in self._parts) > MAX_FRAME_BYTES:
                transport.disconnect()
            elif frame.fin:
                self._waiting.append(b"".join(self._parts))
                self._parts.clear()
                self._arrived.set()
                self._slow_down(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Called by picows when the connection is gone."""
        self._transport = None
        self._ended = True
        self._arrived.set()

    def _slow_down(self, transport: WSTransport) -> None:
        if not self._paused and len(self._waiting) >= HIGH_WATER:
            self._paused = True
            transport.underlying_transport.pause_reading()


async def connect(url: str) -> PicowsSocket:
    """An open socket; see `myna_bots.client.ports.Connect`."""
    try:
        async with asyncio.timeout(CONNECT_S):
            _, listener = await ws_connect(
                PicowsSocket,
                url,
                websocket_handshake_timeout=CONNECT_S,
                logger_name=_quiet,
                max_frame_size=MAX_FRAME_BYTES,
                max_redirects=0,
            )
    except (OSError, WSError, TimeoutError) as failed:
        raise Unreachable(
            f"No socket could be opened at {url}: {failed or type(failed).__name__}."
        ) from failed
    assert isinstance(listener, PicowsSocket)
    return listener
