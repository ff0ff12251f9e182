"""Connections where no WebSocket gets through: Server-Sent Events or long poll for what comes, `POST /v1/commands` for what goes.

Each is a `myna_bots.client.ports.Socket`, so the client does not know the difference. The server's greeting does not exist on
these transports; it is made here of `GET /v1/me` and the place where listening began, and the client syncs for the heads.
Listening begins before the heads are read, so nothing falls between.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Coroutine, Mapping
from typing import Any

from myna.errors import MynaError, Unauthorised
from myna_bots.client.errors import Unreachable, error_of
from myna_bots.client.ports import Connect, Http, StreamingHttp
from myna_bots.client.problems import checked
from myna_bots.client.wire import Object, decoded, encode

POLL_S = 10
"""How long a poll waits; shorter than a request may take."""
HEARTBEAT_S = 15
"""The server's comments in a stream come so often, and a poll returns sooner."""
MAX_BATCH, MAX_BYTES = 64, 60 * 1024
"""Frames in one request and their bytes: the server's bounds."""
NOW = 2**53 - 1
"""A position that the log never reaches: the server answers with its own."""

logger = logging.getLogger(__name__)


class _Polled(Object, frozen=True):
    events: list[dict[str, Any]]
    pos: int
    resync: bool = False


class _Position(Object, frozen=True):
    epoch: str
    pos: int = 0


class CommandSocket(ABC):
    """What both have in common. `hello` starts it, so nothing is asked before there is a token."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._headers: dict[str, str] = {}
        self._outgoing: list[bytes] = []
        self._waiting: deque[bytes] = deque()
        self._arrived, self._leaving = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = False
        self._close_code: int | None = None

    @property
    def close_code(self) -> int | None:
        """4000 + the status that ended it, as a WebSocket would close."""
        return self._close_code

    def send(self, payload: bytes) -> None:
        """Queue a frame; on a lost connection this does nothing. Frames go out in order, one request at a time."""
        if self._ended:
            return
        if self._tasks:
            self._outgoing.append(payload)
            self._leaving.set()
            return
        hello = decoded(payload, dict[str, Any])
        self._headers = {"Authorization": f"Bearer {hello['token']}"}
        for work in (self._listen(), self._speak()):
            self._tasks.append(asyncio.create_task(self._until_it_ends(work), name=type(self).__name__))

    async def receive(self) -> bytes | None:
        """The next frame, or None when the connection has ended and all was received."""
        while not self._waiting:
            if self._ended:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """End it now."""
        self._ended = True
        for task in self._tasks:
            task.cancel()
        self._arrived.set()

    @abstractmethod
    async def _listen(self) -> None:
        """Take in what comes, until it ends."""

    async def _until_it_ends(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except MynaError as failed:
            if isinstance(failed, Unauthorised):
                self._take({"op": "nack", "ref": None, "code": 401, "error": failed.code})
            elif failed.retry_ms:
                self._take({"op": "bye", "code": failed.status, "retry_ms": failed.retry_ms})
            if not isinstance(failed, Unreachable):
                self._close_code = 4000 + failed.status
            logger.info("the connection ends: %s", failed.message)
        # What was not answered stays in the outbox and goes out again over the next connection.
        self.close()

    async def _speak(self) -> None:
        while True:
            await self._leaving.wait()
            batch, size = list[bytes](), 0
            while self._outgoing and len(batch) < MAX_BATCH:
                size += len(self._outgoing[0]) + 1
                if batch and size > MAX_BYTES:
                    break
                batch.append(self._outgoing.pop(0))
            if not self._outgoing:
                self._leaving.clear()
            asked = [decoded(each, dict[str, Any]) for each in batch]
            for frame in decoded(await self._ask("POST", "/v1/commands", json=asked), list[dict[str, Any]]):
                self._take(frame)

    async def _ask(self, method: str, path: str, *, json: Any = None, **query: object) -> bytes:
        given = {key: str(value) for key, value in query.items()}
        return checked(await self._http.request(method, path, json=json, query=given, headers=self._headers))

    async def _greet(self, epoch: str, pos: int) -> None:
        """What a `ready` says; with `more` and no heads, so that the client syncs."""
        user = decoded(await self._ask("GET", "/v1/me"), dict[str, Any])["user"]
        self._take(
            {
                "op": "ready",
                "session": "",
                "epoch": epoch,
                "pos": pos,
                "user": user,
                "heads": {},
                "heartbeat_s": HEARTBEAT_S,
                "more": True,
            }
        )

    def _take(self, frame: Mapping[str, Any]) -> None:
        self._waiting.append(encode(frame))
        self._arrived.set()

    def _alive(self) -> None:
        """A sign of life that says nothing."""
        self._take({"op": "alive"})


class PollSocket(CommandSocket):
    """Long poll: works through every proxy. Brings events, but no signals such as typing."""

    async def _listen(self) -> None:
        pos = await self._begin()
        while True:
            polled = decoded(await self._ask("GET", "/v1/poll", pos=pos, wait=POLL_S), _Polled)
            pos = polled.pos
            if polled.resync:
                # Away for longer than the server's memory reaches, or another log: begin anew.
                pos = await self._begin()
            for event in polled.events:
                self._take(event)
            if not polled.events:
                self._alive()

    async def _begin(self) -> int:
        pos = decoded(await self._ask("GET", "/v1/poll", pos=NOW, wait=0), _Polled).pos
        epoch = decoded(await self._ask("GET", "/v1/sync", pos=pos, limit=1), _Position).epoch
        await self._greet(epoch, pos)
        return pos


class EventsSocket(CommandSocket):
    """Server-Sent Events, read as https://html.spec.whatwg.org/multipage/server-sent-events.html says."""

    def __init__(self, http: StreamingHttp) -> None:
        super().__init__(http)
        self._streams = http

    async def _listen(self) -> None:
        kind, last_id = "", ""
        data: list[str] = []
        async with self._streams.lines("/v1/events", self._headers) as lines:
            async for line in lines:
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if not line:
                    await self._dispatch(kind, "\n".join(data), last_id)
                    kind, data = "", []
                elif not field:
                    self._alive()
                elif field == "event":
                    kind = value
                elif field == "id":
                    last_id = value
                elif field == "data":
                    data.append(value)

    async def _dispatch(self, kind: str, data: str, last_id: str) -> None:
        if not data:
            return
        frame = decoded(data.encode(), dict[str, Any])
        if kind == "resync":
            # What a stream without a cursor begins with: from here on everything is pushed.
            await self._greet(last_id.partition(".")[0], int(frame["pos"]))
        elif kind == "bye":
            self._take(frame)
            raise error_of(int(frame["code"]), str(frame["reason"]), "The server said goodbye.")
        else:
            self._take(frame)


def over_events(http: StreamingHttp) -> Connect:
    """Opens event streams; see `myna_bots.client.ports.Connect`."""

    async def connect(url: str) -> EventsSocket:
        return EventsSocket(http)

    return connect


def over_polls(http: Http) -> Connect:
    """Opens long polls; see `myna_bots.client.ports.Connect`."""

    async def connect(url: str) -> PollSocket:
        return PollSocket(http)

    return connect
