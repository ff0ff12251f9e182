"""From HTTP to a WebSocket: what uvicorn hands over, and what is answered instead.

uvicorn hands an upgrade request to the class given as `ws=`. It lets picows do the handshake and framing.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

from picows import (
    WSListener,
    WSUpgradeRequest,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSAutoPingStrategy, WSProtocol  # type: ignore[attr-defined]  # not exported: version pinned, tested

from myna.api.heads import proxies
from myna.api.live.frames import MAX_FRAME_BYTES
from myna.api.live.socket import HELLO_S, SocketServer
from myna.api.live.watched import PONG_S, SILENT_S

READ_BUFFER_BYTES = 1024
"""First size of picows' read buffer, which grows with what comes: its default of 16 KiB is most of an idle socket's memory."""
_quiet = logging.getLogger("myna.socket.frames")
_quiet.setLevel(logging.WARNING)


def protocol_class(server: Callable[[], SocketServer]) -> type[asyncio.Protocol]:
    """The class for uvicorn's `ws=`; `server` is asked when a client comes."""

    class SocketProtocol(asyncio.Protocol):
        """Takes an upgraded connection over from uvicorn and hands it to picows."""

        def __init__(self, config: Any, server_state: Any, app_state: Any) -> None:
            self._state = server_state
            self._trusted = proxies(str(config.forwarded_allow_ips))
            self._peer = ""
            self._inner: Any
            self._transport: Any = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = transport
            peer: Any = transport.get_extra_info("peername")
            self._peer = str((peer or ("",))[0])
            make = cast(Callable[..., Any], WSProtocol)
            self._inner = make(
                None,
                None,
                False,
                self._accept,
                _quiet,
                True,
                HELLO_S,
                False,  # silence is looked for by `SocketServer.run`
                SILENT_S,
                PONG_S,
                WSAutoPingStrategy.PING_WHEN_IDLE,
                True,
                MAX_FRAME_BYTES,
                None,
                READ_BUFFER_BYTES,
            )
            self._inner.connection_made(transport)
            asyncio.get_running_loop().call_soon(self._hand_over)

        def _accept(self, request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener | None:
            address, told = self._peer, ",".join(request.headers.getall("X-Forwarded-For", []))
            if told and address in self._trusted:
                # As uvicorn does for requests: what a proxy says, if it is one of ours.
                address = self._trusted.get_trusted_client_address(told)[0] or address
            return server().accept(request, address)

        def data_received(self, data: bytes) -> None:
            view = memoryview(data)
            while view:
                buffer = self._inner.get_buffer(len(view))
                count = min(len(buffer), len(view))
                buffer[:count] = view[:count]
                self._inner.buffer_updated(count)
                view = view[count:]

        def connection_lost(self, exc: Exception | None) -> None:
            self._inner.connection_lost(exc)

        def _hand_over(self) -> None:
            if not self._transport.is_closing():
                self._transport.set_protocol(self._inner)

    return SocketProtocol
