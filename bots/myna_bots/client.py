"""A client of `myna.v1`: one user's connection that mends itself, and the API beside it."""

import asyncio
import logging
import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from myna.errors import Busy, Forbidden, Malformed, MynaError, Unauthorised
from myna_bots.backoff import Backoff
from myna_bots.calls import Api
from myna_bots.deliveries import Settled
from myna_bots.errors import Closed, TimedOut, error_of, nack_error
from myna_bots.events import Events
from myna_bots.frames import Ack, Bye, Event, Frame, Heads, Nack, Page, Pong, Ready, Synced, decode_frames
from myna_bots.keeper import Keeper
from myna_bots.outbox import Entry, Sent
from myna_bots.ports import Connect, Http, Socket
from myna_bots.state import ProtocolState
from myna_bots.store import Store
from myna_bots.tokens import Tokens
from myna_bots.ways import Way, default_transports
from myna_bots.wire import encode

HELLO_S = 10.0
"""How long the server may take to greet."""
SEND_S = 60.0
"""How long `send` waits for its ack, over as many connections as it takes."""
SILENT_HEARTBEATS = 2.5
"""A connection on which nothing came for so many heartbeats is given up."""
_FOR_GOOD: Mapping[int, str] = {
    4403: "This user may not connect.",
    4409: "Another connection took this device's place.",
}
_USEFUL = (Event, Ack, Page, Synced, Heads, Pong)

logger = logging.getLogger(__name__)


class Client:
    """An async context manager: connected inside, closed after.

    Everything sent is kept until its fate is known and sent again after every cut; everything that happened meanwhile is
    delivered in order, once. With a `store` this holds across restarts, too, and what is known can be read while offline;
    without one, `cursors` and `entries` of an earlier client (`cursors`, `unsent`) continue its work. Where no WebSocket gets
    through, Server-Sent Events and long poll are tried in turn.
    """

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

    @classmethod
    async def sign_in(cls, url: str, handle: str, password: str, *, from_now: bool = False) -> Self:
        """A client of a person, not connected yet. Raises as `Tokens.sign_in`."""
        http = default_http(url)
        try:
            return cls(url, http, await Tokens.sign_in(http, handle, password), from_now=from_now)
        except BaseException:
            await http.close()
            raise

    @classmethod
    async def visitor(cls, url: str, inbox: str, locale: str = "en") -> Self:
        """A client of a new visitor, not connected yet. Raises as `Tokens.visitor`."""
        http = default_http(url)
        try:
            return cls(url, http, await Tokens.visitor(http, inbox, locale))
        except BaseException:
            await http.close()
            raise

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

    def events(self) -> Events:
        """Everything that happens from now on. Open it before connecting to miss nothing; close it when done."""
        stream = Events(self._room, self._streams.remove)
        self._streams.append(stream)
        if self._failure is not None:
            stream.end(self._failure)
        return stream

    async def connected(self, timeout_s: float = 30.0) -> None:
        """Return when the server has greeted; the client connects again by itself after that.

        Raises:
            TimedOut: it has not in time. MynaError: the server will never let this user in.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._greeted.wait()
        except TimeoutError:
            raise TimedOut(f"{self._url} did not greet within {timeout_s:g} s.") from None
        if self._failure is not None:
            raise self._failure

    async def send(
        self,
        conversation: str,
        text: str,
        *,
        reply_to: int | None = None,
        client_id: str | None = None,
        timeout_s: float = SEND_S,
    ) -> Sent:
        """Send a message; returns when it is durable, or put aside for a moderator (`held`).

        Raises:
            TimedOut: its fate is not known yet; it stays in the outbox.
            Conflict, Busy: the outbox did not take it; nothing was sent.
            MynaError: the server refused it for good, or the client has ended.
        """
        self._check_open()
        key = client_id or uuid.uuid4().hex
        await self._queue(Entry(conversation, key, text, reply_to))
        settled = self._settling.get(key)
        if settled is None:
            settled = self._settling[key] = asyncio.get_running_loop().create_future()
        self._flush()
        self._wake.set()
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(settled)
        except TimeoutError:
            raise TimedOut(f"No ack came within {timeout_s:g} s; the message stays in the outbox.") from None

    async def _queue(self, entry: Entry) -> None:
        """Put a draft into the outbox, on disk first: what goes out is known after a crash, and sent again."""
        if self._keeper is None:
            self._state.send(entry.conversation, entry.client_id, entry.text, entry.reply_to)
            return
        self._state.outbox.check(entry)
        await self._keeper.store.keep(entry)
        try:
            self._state.send(entry.conversation, entry.client_id, entry.text, entry.reply_to)
        except Busy:
            await self._keeper.store.drop(entry.client_id)
            raise

    def typing(self, conversation: str, on: bool = True) -> None:
        """Show that I write; a signal, so it may be lost."""
        self._say({"op": "typing", "conversation": conversation, "on": on})

    def read(self, conversation: str, seq: int) -> None:
        """Tell how far I have read; to be sure that it is stored use `api.read`."""
        self._say({"op": "read", "conversation": conversation, "seq": seq})

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


def default_http(url: str) -> Http:
    """Requests over the adapter for httpx, loaded when first needed."""
    from myna_bots.adapters.http import HttpxHttp

    return HttpxHttp(url)


def _socket_url(url: str) -> str:
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, "/v1/socket", "", ""))
