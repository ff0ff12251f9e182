"""A bot's log over a WebSocket: `GET /v1/bot/socket`, with the key as bearer token or in `hello`.

Frames of the bot: `{"op": "hello", "token": …, "cursor": …}` first, `{"op": "ack", "cursor": …}`, `{"op": "ping"}`. Frames of
the server: `ready`, `event` (as in `GET /v1/bot/updates`), `pong`, `nack`, `bye`. At most `WINDOW` events are under way without
an ack; the log waits meanwhile, so a slow bot costs no memory here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from picows import WSFrame, WSMsgType, WSTransport, WSUpgradeRequest

from myna.api.live.frames import nack
from myna.api.live.watched import Watched
from myna.errors import Forbidden, Malformed, MynaError, TooLarge
from myna.rights import Principal
from myna.wire import encode
from myna_bots.api.updates import POLL_S, reached
from myna_bots.host.envelope import bot_object, envelope
from myna_bots.host.model import View
from myna_bots.host.platform import BotPlatform

PATH = b"/v1/bot/socket"
HELLO_S = 5.0
WINDOW = 100
"""Events under way without an ack."""
PAGE = 50
MAX_WAITING = 256
"""Frames of a bot that wait. Overflow rule: the connection ends with `too_many`."""
RECHECK_S = 10.0
"""How often a connected bot's key is looked at again: a revoked one ends the connection."""

logger = logging.getLogger(__name__)


class _Frame(msgspec.Struct):
    op: str
    token: str = ""
    cursor: int | None = None


_decoder = msgspec.json.Decoder(_Frame)


class BotSocket(Watched):
    """One bot's connection."""

    def __init__(self, bots: BotPlatform, token: str, spawn: Callable[[Any], asyncio.Task[None]]) -> None:
        super().__init__()
        self._bots, self._token, self._spawn = bots, token, spawn
        self._frames: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._acked = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Start."""
        self.begin(transport)
        self._task = self._spawn(self._run())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The bot is gone; what it did not confirm comes again."""
        self._transport = None
        if self._task is not None:
            self._task.cancel()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Queue a frame of the bot."""
        self.heard()
        if frame.msg_type is WSMsgType.CLOSE:
            transport.send_close()
            transport.disconnect()
        elif frame.msg_type is WSMsgType.TEXT and frame.fin and len(self._frames) < MAX_WAITING:
            self._frames.append(frame.get_payload_as_bytes())
            self._arrived.set()
        elif frame.msg_type is not WSMsgType.PONG:
            self._end(
                TooLarge("This socket takes whole text frames, and not so many at once.", code="too_many")
            )

    async def _run(self) -> None:
        try:
            principal = await self._greet()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._push(principal))
                group.create_task(self._obey(principal))
                group.create_task(self._watch())
        except* MynaError as refused:
            self._end(_first(refused))
        except* Exception:
            logger.exception("a bot's connection failed")
            self._end(MynaError("Something went wrong here; connect again."))

    async def _greet(self) -> Principal:
        cursor: int | None = None
        token = self._token
        if not token:
            try:
                async with asyncio.timeout(HELLO_S):
                    first = await self._next()
            except TimeoutError:
                raise MynaError("hello came too late.", status=425, code="hello_too_late") from None
            if first.op != "hello":
                raise Malformed("The first frame must be hello.")
            token, cursor = first.token, first.cursor
        self._token = token
        principal = await self._bots.services.tokens.principal(token)
        if principal.scopes is None:
            raise Forbidden("This socket is for bots; people connect to /v1/socket.", code="not_a_bot")
        self._acked = await reached(self._bots, principal, cursor)
        bot = await self._bots.store.bot(principal.user)
        assert bot is not None
        self._say({"op": "ready", "bot": bot_object(bot), "cursor": self._acked, "window": WINDOW})
        return principal

    async def _push(self, principal: Principal) -> None:
        sent = self._acked
        bots = self._bots
        while not bots.services.draining:
            found = []
            if sent - self._acked < WINDOW:
                found = await bots.log.entries(principal.user, sent, PAGE)
            for entry in found:
                sent = entry.seq
                self._say({"op": "event", **envelope(entry)})
            if not found:
                await bots.readers.wait(principal.user, POLL_S)
        self._say({"op": "bye", "code": 503, "retry_ms": 1000, "reason": "draining"})

    async def _obey(self, principal: Principal) -> None:
        while True:
            frame = await self._next()
            if frame.op == "ack" and frame.cursor is not None and frame.cursor >= 0:
                self._acked = await self._bots.log.confirm(principal.user, View.LOG, frame.cursor)
                self._bots.readers.wake(principal.user)
            elif frame.op == "ping":
                self._say({"op": "pong"})
            else:
                self._say(nack(None, Malformed(f"There is no frame {frame.op[:40]!r} of this shape.")))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            await self._bots.services.tokens.principal(self._token)

    async def _next(self) -> _Frame:
        while not self._frames:
            self._arrived.clear()
            await self._arrived.wait()
        try:
            return _decoder.decode(self._frames.popleft())
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise Malformed(f"This is not a frame: {wrong}.") from wrong

    def _say(self, frame: dict[str, Any]) -> None:
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, encode(frame))

    def _end(self, failed: MynaError) -> None:
        self._say(nack(None, failed))
        if self._transport is not None:
            code: Any = 4000 + failed.status
            self._transport.send_close(code, failed.code.encode()[:120])
            self._transport.disconnect()


def _first(group: BaseExceptionGroup[MynaError]) -> MynaError:
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, MynaError)
    return found


def accepting(
    bots: BotPlatform, spawn: Callable[[Any], asyncio.Task[None]]
) -> Callable[[WSUpgradeRequest], Watched]:
    """What makes a listener of an upgrade request for `PATH`."""

    def accept(request: WSUpgradeRequest) -> Watched:
        header = request.headers.get("Authorization", "")
        return BotSocket(bots, header[7:].strip() if header.lower().startswith("bearer ") else "", spawn)

    return accept
