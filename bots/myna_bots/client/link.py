"""One user's connection that mends itself, and what was sent over it until its fate is known."""

import asyncio
import logging
import random
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from myna.errors import Forbidden, Malformed, MynaError, Unauthorised
from myna_bots.client.backoff import Backoff
from myna_bots.client.calls import Api
from myna_bots.client.deliveries import Settled
from myna_bots.client.errors import Closed, error_of, nack_error
from myna_bots.client.events import Events
from myna_bots.client.frames import (
    Ack,
    Bye,
    Event,
    Frame,
    Heads,
    Nack,
    Page,
    Pong,
    Ready,
    Synced,
    decode_frames,
)
from myna_bots.client.keeper import Keeper
from myna_bots.client.outbox import Entry, Sent
from myna_bots.client.ports import Connect, Http, Socket
from myna_bots.client.state import ProtocolState
from myna_bots.client.store import Store
from myna_bots.client.tokens import Tokens
from myna_bots.client.ways import Way, default_transports
from myna_bots.client.wire import encode

HELLO_S = 10.0
"""How long the server may take to greet."""
SILENT_HEARTBEATS = 2.5
"""A connection on which nothing came for so many heartbeats is given up."""
_FOR_GOOD: Mapping[int, str] = {
    4403: "This user may not connect.",
    4409: "Another connection took this device's place.",
}
_USEFUL = (Event, Ack, Page, Synced, Heads, Pong)

logger = logging.getLogger(__name__)


class Link:
    """An async context manager: connected inside, closed after."""

    def __init__(
        self,
        url: str,
        http: Http,
        tokens: Tokens,
        *,
        connect: Connect | None = None,
        transports: Sequence[Connect] = (),
        store: Store | None = None,
        device: str = "",
        cursors: Mapping[str, int] | None = None,
        entries: Iterable[Entry] = (),
        from_now: bool = False,
    ) -> None:
        self.api = Api(http, tokens)
        self._url, self._http, self._tokens, self._device = url, http, tokens, device
        self._way = Way(transports or ([connect] if connect is not None else default_transports(http)))
        self._keeper = None if store is None else Keeper(store, self._room, self._store_failed)
        self._state = ProtocolState(entries, cursors, from_now=from_now)
        self._backoff = Backoff()
        self._streams: list[Events] = []
        self._settling: dict[str, asyncio.Future[Sent]] = {}
        self._wake = asyncio.Event()
        self._greeted = asyncio.Event()
        self._closing = asyncio.Event()
        self._socket: Socket | None = None
        self._runner: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._came_up = False
        self._failure: MynaError | None = None
        self._heard_at = 0.0
        self._heartbeat_s = 25.0
        self._retry_s = 0.0
        self._token_refused = False

    @property
    def user(self) -> str:
        """My user id."""
        return self._tokens.session.user.id

    @property
    def cursors(self) -> dict[str, int]:
        """How far each conversation was applied."""
        return self._state.cursors

    @property
    def unsent(self) -> list[Entry]:
        """Drafts whose fate is not known yet, in order."""
        return self._state.outbox.pending()

    async def __aenter__(self) -> Self:
        if self._keeper is not None:
            kept = await self._keeper.store.load(self.user)
            self._state.resume(kept.epoch, kept.cursors, kept.entries)
            self._keeping = asyncio.create_task(self._keeper.run(), name=f"myna store {self.user}")
        self._runner = asyncio.create_task(self._run(), name=f"myna client {self.user}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._hang_up()
        if self._runner is not None:
            await self._runner
        if self._keeper is not None and self._keeping is not None:
            self._keeper.end()
            await self._keeping
            await self._keeper.store.close()
        await self._http.close()

    async def _run(self) -> None:
        try:
            while not self._closing.is_set():
                await self._connection()
                wait_s = self._backoff.next_s(self._retry_s)
                self._retry_s = 0.0
                try:
                    async with asyncio.timeout(wait_s):
                        await self._closing.wait()
                except TimeoutError:
                    continue
        except MynaError as failed:
            self._failure = failed
        finally:
            self._end()

    async def _connection(self) -> None:
        """One connection from hello to its end. Raises only what ends the client for good."""
        try:
            token = await self._tokens.access()
            self._socket = await self._way.connect(_socket_url(self._url))
        except (Unauthorised, Forbidden):
            raise
        except MynaError as failed:
            self._way.went(False)
            logger.info("%s", failed.message)
            self._retry_s = (failed.retry_ms or 0) / 1000
            return
        code: int | None = None
        self._came_up = False
        try:
            if not self._closing.is_set():
                self._say(self._state.hello(token, self._device))
                code = await self._talk(self._socket)
        finally:
            self._socket.close()
            self._socket = None
            self._state.lost()
        if not self._token_refused:
            self._way.went(self._came_up)
        if code is not None and code in _FOR_GOOD:
            raise error_of(code - 4000, "connection_refused", _FOR_GOOD[code])
        if self._token_refused or code == 4401:
            await self._renew(token)

    async def _renew(self, token: str) -> None:
        self._token_refused = False
        try:
            await self._tokens.renew(token)
        except (Unauthorised, Forbidden):
            raise
        except MynaError as failed:
            logger.info("the token was not renewed: %s", failed.message)

    async def _talk(self, socket: Socket) -> int | None:
        loop = asyncio.get_running_loop()
        self._heard_at, self._heartbeat_s = loop.time(), HELLO_S / SILENT_HEARTBEATS
        async with asyncio.TaskGroup() as group:
            clock = group.create_task(self._keep_time(socket))
            try:
                while (raw := await socket.receive()) is not None:
                    self._heard_at = loop.time()
                    for frame in decode_frames(raw):
                        self._receive(frame)
                    self._flush()
                    self._wake.set()
            except Malformed as broken:
                logger.warning("the connection ends: %s", broken.message)
            clock.cancel()
        return socket.close_code

    async def _keep_time(self, socket: Socket) -> None:
        """Ping, run what is due in the state, and give up a silent connection."""
        loop = asyncio.get_running_loop()
        ping_at = loop.time() + self._ping_s()
        while True:
            silent_at = self._heard_at + self._heartbeat_s * SILENT_HEARTBEATS
            due = self._state.due_at()
            until = min(ping_at, silent_at, due if due is not None else ping_at)
            try:
                async with asyncio.timeout_at(until):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            now = loop.time()
            if now >= self._heard_at + self._heartbeat_s * SILENT_HEARTBEATS:
                socket.close()
                return
            if now >= ping_at:
                ping_at = now + self._ping_s()
                if self._state.ready:
                    self._say({"op": "ping", "n": int(now)})
            self._state.tick(now)
            self._flush()

    def _ping_s(self) -> float:
        return self._heartbeat_s * random.uniform(0.8, 1.2)  # noqa: S311 - jitter

    def _receive(self, frame: Frame) -> None:
        if isinstance(frame, Ready):
            self._heartbeat_s = frame.heartbeat_s
            self._came_up = True
            self._greeted.set()
        elif isinstance(frame, Bye):
            self._retry_s = frame.retry_ms / 1000
        elif isinstance(frame, Nack):
            if frame.code == 401:
                self._token_refused = True
                self._hang_up()
            if frame.ref is None:
                logger.info("the server refused: %s", nack_error(frame).message)
        elif isinstance(frame, _USEFUL) and self._state.ready:
            self._backoff.reset()
        self._state.received(frame, asyncio.get_running_loop().time())

    def _flush(self) -> None:
        for frame in self._state.take_frames():
            self._say(frame)
        deliveries, moved = self._state.take_deliveries(), self._state.take_moved()
        for delivery in deliveries:
            if isinstance(delivery, Settled):
                self._settle(delivery)
            for stream in self._streams:
                stream.put(delivery)
        if self._keeper is not None:
            self._keeper.put(deliveries, moved)
        if any(each.full for each in self._readers):
            self._state.full = True

    @property
    def _readers(self) -> list[Events | Keeper]:
        return [*self._streams, *([] if self._keeper is None else [self._keeper])]

    def _room(self) -> None:
        if self._state.full and all(each.roomy for each in self._readers):
            self._state.room(asyncio.get_running_loop().time())
            self._wake.set()

    def _settle(self, settled: Settled) -> None:
        waiting = self._settling.pop(settled.client_id, None)
        if waiting is None or waiting.done():
            return
        if isinstance(settled.outcome, Sent):
            waiting.set_result(settled.outcome)
        else:
            _fail(waiting, settled.outcome)

    def _say(self, frame: dict[str, object]) -> None:
        if self._socket is not None:
            self._socket.send(encode(frame))

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _store_failed(self, failure: MynaError) -> None:
        """What cannot be kept must not be acknowledged to anybody: the client ends, and says why."""
        self._failure = failure
        self._closing.set()
        self._hang_up()

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closing.is_set():
            raise Closed("The client is closed.")

    def _end(self) -> None:
        for waiting in self._settling.values():
            if not waiting.done():
                _fail(waiting, self._failure or Closed("The client was closed before the ack came."))
        self._settling.clear()
        self._greeted.set()
        for stream in self._streams:
            stream.end(self._failure)


def _fail(waiting: asyncio.Future[Sent], failure: MynaError) -> None:
    waiting.set_exception(failure)
    # Retrieved here, since nobody may wait for it any more: `send` may have timed out.
    waiting.exception()


def _socket_url(url: str) -> str:
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, "/v1/socket", "", ""))
