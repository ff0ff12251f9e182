"""The sockets of a process: one listener for each client, and what they share.

All frames that are queued for a socket in one turn of the event loop leave in one write.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl
from weakref import WeakSet

from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponseWithListener,
)

from myna.api.live.commands import Commands
from myna.api.live.frames import MAX_FRAME_BYTES, Hello, nack
from myna.api.live.link import Link
from myna.api.live.refusal import refusal
from myna.api.live.watched import Watched
from myna.deliver.queued import Farewell
from myna.deliver.session import Session
from myna.errors import Busy, Malformed, MynaError, TooMany
from myna.intrusion.shield import Blocked
from myna.limits.addresses import place_of
from myna.services import Services
from myna.wire import encode

PATH = b"/v1/socket"
HELLO_S = 5.0
"""How long a client may take to say hello."""
STUCK_S = 30.0
"""A reader that takes nothing for so long is closed with 4499."""
MAX_PARTS = 1_024
"""Fragments of one message: without a bound, empty ones could be sent for ever."""
HIGH_WATER_BYTES = 128 * 1024
"""Bytes in the socket's own buffer above which frames stay in the session's bounded queue."""

logger = logging.getLogger(__name__)


class SocketListener(Watched):
    """One socket: frames in go to the link, frames out are taken from its session."""

    __slots__ = (
        "_blocked_bytes",
        "_blocked_since",
        "_hello",
        "_late",
        "_link",
        "_parts",
        "_parts_bytes",
        "_scheduled",
        "_server",
        "_ticket",
        "_write",
    )

    def __init__(self, server: "SocketServer", hello: Hello | None, ticket: str) -> None:
        super().__init__()
        self._server = server
        self._hello, self._ticket = hello, ticket
        self._write: Callable[[bytes], None] = _nowhere
        self._scheduled = False
        self._blocked_since: float | None = None
        self._blocked_bytes = 0
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._late: asyncio.TimerHandle | None = None
        self._link = Link(
            server.services,
            server.commands,
            spawn=server.spawn,
            ready=self._schedule,
            pause=self._pause,
            close=self._close,
        )

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Start answering."""
        self.begin(transport)
        # Nobody looks at them again, and they are a tenth of an idle connection's memory.
        transport.request.headers.clear()
        transport.response.headers.clear()
        self._write = transport.underlying_transport.write
        transport.underlying_transport.set_write_buffer_limits(HIGH_WATER_BYTES)
        self._server.listeners.add(self)
        self._late = asyncio.get_running_loop().call_later(HELLO_S, self._hello_is_late)
        if self._hello is not None:
            self._link.begin(self._hello, self._ticket)
            self._hello, self._ticket = None, ""

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Forget the client; what it sent before is still committed."""
        self._server.listeners.discard(self)
        self._link.lost()
        self._transport = None
        self._greeted()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; continuation frames are put together, within the frame limit."""
        self.heard()
        kind = frame.msg_type
        if kind is WSMsgType.TEXT or kind is WSMsgType.CONTINUATION:
            payload = frame.get_payload_as_bytes()
            if frame.fin and not self._parts and kind is WSMsgType.TEXT:
                self._link.received(payload)
                return
            self._collect(kind, payload, bool(frame.fin))
        elif kind is WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif kind is WSMsgType.BINARY:
            self._close(MynaError("This socket speaks text frames.", status=400, code="malformed"))

    def pause_writing(self) -> None:
        """The client reads too slowly: frames wait in the session's queue from now on."""
        self._blocked_since = asyncio.get_running_loop().time()
        self._blocked_bytes = 0

    def resume_writing(self) -> None:
        """The client has caught up with what was written."""
        self._blocked_since = None
        self._schedule()

    def farewell(self, farewell: Farewell) -> None:
        """Say goodbye and close; the client connects again elsewhere or later, or not at all."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, farewell.frame)
            self._transport.send_close(_code(farewell.status), farewell.reason.encode())
            self._transport.disconnect()

    def stuck(self, now: float) -> bool:
        """Whether the client has taken nothing for too long; asked again and again, it sees whether something drains."""
        if self._blocked_since is None or self._transport is None:
            return False
        waiting = self._transport.underlying_transport.get_write_buffer_size()
        if waiting < self._blocked_bytes:
            self._blocked_since = now
        self._blocked_bytes = waiting
        return now - self._blocked_since > STUCK_S

    def greeted_late(self) -> None:
        """The server stops: end a connection that has not said hello yet."""
        if self._link.session is None:
            self.farewell(Farewell(503, "draining", 1000))

    def drop(self) -> None:
        """Close a stuck connection."""
        if self._transport is not None:
            self._transport.send_close(_code(499), b"too slow")
            self._transport.disconnect(False)

    def _hello_is_late(self) -> None:
        self._late = None
        if self._link.session is None:
            self._close(MynaError("hello came too late.", status=425, code="hello_too_late"))

    def _greeted(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _collect(self, kind: WSMsgType, payload: bytes, last: bool) -> None:
        if (kind is WSMsgType.TEXT) == bool(self._parts):
            self._close(Malformed("A continuation frame is missing or out of place."))
            return
        self._parts.append(payload)
        self._parts_bytes += len(payload)
        if self._parts_bytes > MAX_FRAME_BYTES or len(self._parts) > MAX_PARTS:
            self._close(
                MynaError(f"A message has at most {MAX_FRAME_BYTES} bytes.", status=413, code="too_large")
            )
        elif last:
            whole, self._parts, self._parts_bytes = b"".join(self._parts), [], 0
            self._link.received(whole)

    def _close(self, failed: MynaError) -> None:
        if self._transport is None:
            return
        self._transport.send(WSMsgType.TEXT, encode(nack(None, failed)))
        self._transport.send_close(_code(failed.status), failed.code.encode()[:120])
        self._transport.disconnect()

    def _pause(self, on: bool) -> None:
        if self._transport is not None:
            under = self._transport.underlying_transport
            if on:
                under.pause_reading()
            else:
                under.resume_reading()

    def _schedule(self) -> None:
        if not self._scheduled and self._transport is not None:
            self._scheduled = True
            self._server.flush_soon(self)

    def flush(self) -> None:
        """Write everything that waits, in one piece."""
        self._scheduled = False
        session: Session | None = self._link.session
        if session is None or self._transport is None:
            return
        if self._late is not None:
            self._greeted()
        if self._blocked_since is None:
            waiting = session.take_wire()
            if waiting:
                self._write(waiting)
        if session.ended is not None:
            self.farewell(session.ended)


def _brought(header: str, query: bytes) -> tuple[Hello | None, str]:
    """The hello of a client that brought a token in the header or a ticket in the address, and that ticket."""
    if header.startswith("Bearer "):
        return Hello(header[7:]), ""
    asked = dict(parse_qsl(query.decode("latin-1"), max_num_fields=8)) if query.count(b"&") < 8 else {}
    ticket = asked.get("ticket", "")
    return (Hello(device=asked.get("device", "")[:64]), ticket) if ticket else (None, "")


def _nowhere(_: bytes) -> None:
    """Where frames go before there is a connection."""


def _code(status: int) -> Any:
    """The close code of a status: 4000 + status, in the range for applications (RFC 6455, section 7.4.2)."""
    return 4000 + status


class SocketServer:
    """What all sockets of a process share. `spawn` runs a client's task and must outlive it."""

    def __init__(
        self, services: Services, commands: Commands, spawn: Callable[[Any], asyncio.Task[None]]
    ) -> None:
        self.services, self.commands, self.spawn = services, commands, spawn
        self.listeners: set[SocketListener] = set()
        self.others: dict[bytes, Callable[[WSUpgradeRequest], Watched]] = {}
        """Sockets of other surfaces, by path."""
        self._waiting: list[SocketListener] = []
        self._foreign: WeakSet[Watched] = WeakSet()

    def flush_soon(self, listener: SocketListener) -> None:
        """Flush a socket at the end of this turn of the event loop, together with all others that have something by then."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(listener)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for listener in waiting:
            try:
                listener.flush()
            except Exception:
                logger.exception("a connection could not be written to")

    async def run(self) -> None:
        """Close connections that take nothing, or whose clients are gone, until cancelled."""
        while True:
            await asyncio.sleep(5)
            now = asyncio.get_running_loop().time()
            for listener in list(self.listeners):
                if listener.stuck(now):
                    listener.drop()
                listener.look(now)
            for other in list(self._foreign):
                other.look(now)

    def drain(self) -> None:
        """Take in nobody any more and say goodbye to everybody, with jittered times to come back."""
        if not self.services.draining:
            self.services.draining.append(True)
        self.services.hub.drain()
        for listener in list(self.listeners):
            listener.greeted_late()

    def accept(
        self, request: WSUpgradeRequest, address: str = ""
    ) -> WSListener | WSUpgradeResponseWithListener | None:
        """A listener for an upgrade request, an answer 503 when too many come at once or the server stops, or None: 404."""
        path, _, query = request.path.partition(b"?")
        if (other := self.others.get(path)) is not None:
            listener = other(request)
            self._foreign.add(listener)
            return listener
        if path != PATH:
            return None
        try:
            self.services.admit()
            self.services.intrusion.shield.pass_or_refuse(place_of(address))
            self.services.limits.use("connect_address", place_of(address))
        except (Busy, TooMany, Blocked) as crowded:
            return WSUpgradeResponseWithListener(refusal(crowded), None)
        return SocketListener(self, *_brought(request.headers.get("Authorization", ""), query))
