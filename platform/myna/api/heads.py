"""HTTP heads within bounds: uvicorn's parser takes them of any size and waits for them for ever, which slow loris lives on."""

import asyncio
from collections import Counter
from functools import lru_cache
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from myna.api.door import Answered, refusal
from myna.api.edge import head_of
from myna.api.problems import problem
from myna.errors import MynaError
from myna.limits.addresses import place_of
from myna.services import Services

HEAD_S = 10.0
"""How long a client may take for the head of a request."""
MAX_HEAD_BYTES = 64 * 1024
MAX_OPEN = 1_000
"""Connections of one address at once that are no sockets. Proxies are not counted: they bound their clients by themselves."""

_open: Counter[str] = Counter()
_ANSWERED: Any = Answered()


@lru_cache
def proxies(trusted: str) -> Any:
    """The addresses whose word on where a request comes from is taken, as uvicorn reads them."""
    return ProxyHeadersMiddleware(_no_app, trusted).trusted_hosts


async def _no_app(*_: Any) -> None:
    """Stands where uvicorn's layer about proxies wants an application: only its list of proxies is used."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol that hangs up on heads that are too long or too slow, and on too many connections of one address."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._late: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._place = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._wait()
        address = self.client[0] if self.client else ""
        if address not in proxies(str(self.config.forwarded_allow_ips)):
            self._place = place_of(address)
            _open[self._place] += 1
            if _open[self._place] > MAX_OPEN:
                transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._leave()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """It is a socket from now on, which other bounds hold for."""
        self._leave()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """Take what came, and count what of it is head."""
        super().data_received(data)
        if self._late is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._hang_up(
                    MynaError("The head of this request is too long.", status=431, code="head_too_long")
                )

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """It is whole."""
        self._arrived()
        if not self._refused():
            super().on_headers_complete()

    def _refused(self) -> bool:
        """Answer at once whom the door refuses. A connection on which an answer is still being written is left to the edge, and
        so are sockets."""
        services: Services | None = getattr(getattr(self.config.app, "state", None), "services", None)
        cycle: Any = self.cycle  # None until the first request, whatever its type says
        busy = cycle is not None and not cycle.response_complete
        parser: Any = self.parser  # there while a request is read, whatever its type says
        if services is None or busy or parser.should_upgrade():
            return False
        sends = any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
        last = sends or not parser.should_keep_alive()
        answer = refusal(services, self._from(), self.url, last=last)
        if answer is None:
            return False
        self.cycle = _ANSWERED
        self.transport.write(answer)
        if last:
            self.transport.close()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        return True

    def _from(self) -> str:
        """Where the request comes from, as uvicorn's layer about proxies finds it later."""
        peer = self.client[0] if self.client else ""
        trusted = proxies(str(self.config.forwarded_allow_ips))
        if peer not in trusted:
            return peer
        told = b", ".join(value for name, value in self.headers if name == b"x-forwarded-for")
        host: str = trusted.get_trusted_client_address(told.decode("latin-1"))[0] if told else ""
        return host or peer

    def _leave(self) -> None:
        self._arrived()
        place, self._place = self._place, ""
        if place:
            _open[place] -= 1
            if _open[place] <= 0:
                del _open[place]

    def _wait(self) -> None:
        if self._late is None:
            self._head_bytes = 0
            self._late = self.loop.call_later(HEAD_S, self._too_late)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        self._hang_up(MynaError("The head of this request came too slowly.", status=408, code="too_slow"))

    def _hang_up(self, refused: MynaError) -> None:
        self._arrived()
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle  # None until the first request, whatever its type says
        if cycle is None or cycle.response_complete:
            body = bytes(problem(refused.status, refused.code, refused.message).body)
            self.transport.write(head_of(refused, body))
        self.transport.close()
