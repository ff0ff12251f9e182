"""What the client needs of the outside world: requests and sockets."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

SILENT_S = 45.0
"""A stream of which nothing comes for so long is given up: the server shows three signs of life in that time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Http(Protocol):
    """Requests to one server."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Reply:
        """The answer, whatever its status. The body is `json`, or `content` as it is.

        Raises:
            Unreachable: there was none in time; whether the server did what was asked is unknown.
        """
        ...

    async def close(self) -> None:
        """End all connections."""
        ...


@runtime_checkable
class StreamingHttp(Http, Protocol):
    """Requests, and answers that go on."""

    def lines(
        self, path: str, headers: Mapping[str, str], json: Any = None
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The lines of an answer to a GET, or to a POST of `json`, as they come, without their ends.

        Raises:
            MynaError: the server refused. Unreachable: there was no answer in time, or nothing more came for
            `SILENT_S` seconds.
        """
        ...


class Socket(Protocol):
    """An open WebSocket. Text messages only."""

    def send(self, payload: bytes) -> None:
        """Queue a text message; on a lost connection this does nothing."""
        ...

    async def receive(self) -> bytes | None:
        """The next text message, or None when the connection has ended."""
        ...

    @property
    def close_code(self) -> int | None:
        """Why the server ended it (RFC 6455, section 7.4), if it said so."""
        ...

    def close(self) -> None:
        """End it now; `receive` then gives None."""
        ...


class Connect(Protocol):
    """Opens sockets."""

    async def __call__(self, url: str) -> Socket:
        """An open socket.

        Raises:
            Unreachable: it could not be opened in time.
        """
        ...
