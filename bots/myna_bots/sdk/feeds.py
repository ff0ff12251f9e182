"""Where a bot's events come from: a WebSocket that mends itself, or long polling."""

import asyncio
import logging
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from myna.errors import Forbidden, Malformed, MynaError, Unauthorised
from myna_bots.client.backoff import Backoff
from myna_bots.client.errors import Unreachable
from myna_bots.client.ports import Connect, Socket
from myna_bots.client.wire import decoded, encode
from myna_bots.sdk.calls import BotCalls

WAIT_S = 10.0
"""How long one poll waits; shorter than a request may take."""
SILENT_S = 60.0
"""A socket on which nothing came for so long is asked for a pong, and given up without one."""

logger = logging.getLogger("myna.bot")


class Feed(Protocol):
    """Events after a cursor, again and again, until they are confirmed."""

    async def next(self, cursor: int) -> list[dict[str, Any]]:
        """The next events; perhaps some that were given before.

        Raises:
            Unauthorised, Forbidden: for good.
        """
        ...

    async def confirm(self, cursor: int) -> None:
        """Everything up to here was dealt with."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class PollFeed:
    """Long polling."""

    def __init__(self, calls: BotCalls) -> None:
        self._calls = calls
        self._backoff = Backoff()
        self._given = 0

    async def next(self, cursor: int) -> list[dict[str, Any]]:
        """The next events, when there are some; see `Feed`. Those given before are asked for again only after a failure."""
        try:
            found = await self._calls.updates(cursor, 0.0 if self._given > cursor else WAIT_S)
        except (Unauthorised, Forbidden):
            raise
        except MynaError as failed:
            logger.info("%s", failed.message)
            await asyncio.sleep(self._backoff.next_s((failed.retry_ms or 0) / 1000))
            return []
        self._backoff.reset()
        fresh = [each for each in found if each["seq"] > self._given]
        self._given = max([self._given, *(each["seq"] for each in found)])
        if not fresh and found:
            await asyncio.sleep(0.05)
        return fresh

    async def confirm(self, cursor: int) -> None:
        """See `Feed`."""
        await self._calls.confirm(cursor)

    async def close(self) -> None:
        """Nothing is open."""


class SocketFeed:
    """The WebSocket `/v1/bot/socket`."""

    def __init__(self, url: str, token: str, connect: Connect | None) -> None:
        parts = urlsplit(url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        self._url = urlunsplit((scheme, parts.netloc, "/v1/bot/socket", "", ""))
        self._token, self._connect = token, connect
        self._socket: Socket | None = None
        self._backoff = Backoff()

    async def next(self, cursor: int) -> list[dict[str, Any]]:
        """The next event; see `Feed`."""
        try:
            if self._socket is None:
                self._socket = await self._open(cursor)
            frame = await self._receive(self._socket)
        except (Unauthorised, Forbidden):
            raise
        except MynaError as failed:
            logger.info("%s", failed.message)
            self._hang_up()
            await asyncio.sleep(self._backoff.next_s((failed.retry_ms or 0) / 1000))
            return []
        if frame.get("op") != "event":
            return []
        self._backoff.reset()
        return [frame]

    async def confirm(self, cursor: int) -> None:
        """See `Feed`; on a lost connection the next one begins with the cursor."""
        if self._socket is not None:
            self._socket.send(encode({"op": "ack", "cursor": cursor}))

    async def close(self) -> None:
        """Hang up."""
        self._hang_up()

    async def _open(self, cursor: int) -> Socket:
        connect = self._connect or _default()
        socket = await connect(self._url)
        socket.send(encode({"op": "hello", "token": self._token, "cursor": cursor}))
        return socket

    async def _receive(self, socket: Socket) -> dict[str, Any]:
        for _ in range(2):
            try:
                async with asyncio.timeout(SILENT_S / 2):
                    raw = await socket.receive()
                break
            except TimeoutError:
                socket.send(encode({"op": "ping"}))
        else:
            raise Unreachable("The server fell silent.")
        if raw is None:
            raise Unreachable("The connection was lost.")
        frame = decoded(raw, dict[str, Any])
        if frame.get("op") == "nack":
            raise _nack(frame)
        if frame.get("op") == "bye":
            raise Unreachable("The server stops.", retry_ms=frame.get("retry_ms"))
        return frame

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _nack(frame: dict[str, Any]) -> MynaError:
    from myna_bots.client.errors import error_of

    status = int(frame.get("code", 500))
    if status == Malformed.status:
        return Unreachable(str(frame.get("detail", "")))
    return error_of(status, str(frame.get("error", "")), str(frame.get("detail", "")))


def _default() -> Connect:
    from myna_bots.adapters.socket import connect

    return connect
