"""One client's connection apart from its transport: hello, heads, commands in order, answers, lag."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from myna.api.commands import Commands
from myna.api.frames import Frame, Hello, Send, decode_frames, nack
from myna.deliver.session import Session
from myna.errors import Busy, Forbidden, Malformed, MynaError, Unauthorised
from myna.rights import Principal
from myna.services import Services
from myna.wire import encode, signal, user_object

MAX_INBOUND = 512
"""Frames of one client that wait. Overflow rule: reading from its socket pauses, so TCP slows it down."""
MAX_IN_FLIGHT = 256
"""Sends of one client that wait for their commit; further frames wait behind them."""
HEADS = 200
"""Heads in `ready`; the client syncs for more."""
HEARTBEAT_S = 25

logger = logging.getLogger(__name__)


class Link:
    """Runs a client. The transport feeds `received`, starts `run`, and takes frames from the session when it is ready.

    Everything that goes wrong with one frame is answered with a nack and changes nothing; `run` ends with the close code
    that the transport should use.
    """

    def __init__(
        self,
        services: Services,
        commands: Commands,
        *,
        ready: Callable[[], None],
        pause: Callable[[bool], None],
    ) -> None:
        self._services, self._commands = services, commands
        self._ready, self._pause = ready, pause
        self._inbound: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._gone = False
        self._paused = False
        self.session: Session | None = None
        self.principal: Principal | None = None

    def received(self, raw: bytes) -> None:
        """Queue a text message of the client."""
        self._inbound.append(raw)
        self._arrived.set()
        if len(self._inbound) >= MAX_INBOUND and not self._paused:
            self._paused = True
            self._pause(True)

    def lost(self) -> None:
        """The connection is gone: forget the session. Sends under way are committed all the same."""
        self._gone = True
        self._arrived.set()
        if self.session is not None:
            self._services.hub.remove(self.session)

    async def greet(self, token: str | None) -> None:
        """Check the token, subscribe, and only then read the heads, so that no event can fall between.

        Raises:
            Unauthorised: the token is missing or wrong. Busy: the server stops.
        """
        services = self._services
        if services.draining:
            raise Busy("The server is stopping; connect again.", code="draining", retry_ms=1000)
        if not token:
            raise Unauthorised("hello needs an access token.")
        self.principal = await services.tokens.principal(token)
        if self.principal.scopes is not None:
            raise Forbidden("Bots listen at /v1/bot/socket, where they hear what they may hear.")
        user = await services.accounts.user(self.principal.user)
        if user is None:
            raise Unauthorised("This user does not exist any more.", code="token_invalid")
        session = Session(user, operator=self.principal.operator, ready=self._ready)
        session.taken = self._arrived.set
        services.hub.add(session, ())
        try:
            session.floors = await services.directory.seats_of(self.principal)
            services.hub.add(session, session.floors)
            welcome = encode(await self._welcome(session, self.principal))
        except BaseException:
            services.hub.remove(session)
            raise
        if self._gone:
            services.hub.remove(session)
            return
        # Only now does the transport see the session, so `ready` comes before the events that arrived meanwhile.
        self.session = session
        session.first(welcome)
        self._snapshots(session)

    async def run(self, greeting: Hello | None = None) -> None:
        """Answer frames in order until the connection is gone."""
        while not self._gone:
            if not self._inbound:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            raw = self._inbound.popleft()
            if self._paused and len(self._inbound) < MAX_INBOUND // 2:
                self._paused = False
                self._pause(False)
            await self._handle(raw)

    async def next_frame(self) -> Frame:
        """The first frame, for the greeting.

        Raises:
            Malformed: it is not one well-formed frame.
        """
        while not self._inbound:
            self._arrived.clear()
            await self._arrived.wait()
            if self._gone:
                raise Malformed("The connection is gone.")
        frames = decode_frames(self._inbound.popleft())
        first = frames[0] if frames else None
        if len(frames) != 1 or first is None:
            raise Malformed("The first message must be one hello frame.")
        if isinstance(first, tuple):
            raise first[1]
        return first

    async def _handle(self, raw: bytes) -> None:
        try:
            frames = decode_frames(raw)
        except MynaError as wrong:
            self._say(nack(None, wrong))
            return
        for frame in frames:
            await self._room_to_answer()
            if isinstance(frame, tuple):
                self._say(nack(frame[0], frame[1]))
            elif isinstance(frame, Send):
                await self._send(frame)
            else:
                await self._answer(frame)

    async def _room_to_answer(self) -> None:
        """A client that asks and does not read waits here, and with it its socket: answers are bounded like events."""
        while self.session is not None and self.session.crowded and not self._gone:
            self._arrived.clear()
            await self._arrived.wait()

    async def _send(self, frame: Send) -> None:
        assert self.principal is not None
        await self._room.acquire()
        try:
            acked = await self._commands.send(self.principal, frame)
        except MynaError as refused:
            self._room.release()
            self._say(nack(frame.ref, refused, frame.client_id))
            return
        except Exception:
            self._room.release()
            self._fail(frame.ref, frame.client_id)
            return
        task = asyncio.get_running_loop().create_task(self._settle(frame, acked))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _settle(self, frame: Send, acked: Awaitable[dict[str, Any]]) -> None:
        try:
            self._say(await acked)
        except MynaError as refused:
            self._say(nack(frame.ref, refused, frame.client_id))
        except Exception:
            self._fail(frame.ref, frame.client_id)
        finally:
            self._room.release()

    async def _answer(self, frame: Frame) -> None:
        assert self.principal is not None
        try:
            answer = await self._commands.answer(self.principal, frame)
        except MynaError as refused:
            self._say(nack(frame.ref, refused))
            return
        except Exception:
            self._fail(frame.ref, None)
            return
        if answer is not None:
            self._say(answer)

    def _fail(self, ref: Any, client_id: str | None) -> None:
        logger.exception("a frame could not be answered")
        failed = MynaError("Something went wrong here; try again with the same client_id.")
        failed.temporary = True
        self._say(nack(ref, failed, client_id))

    def _say(self, frame: dict[str, Any]) -> None:
        if self.session is not None and not self._gone:
            self.session.direct(encode(frame))

    async def _welcome(self, session: Session, principal: Principal) -> dict[str, Any]:
        relay = self._services.relay
        heads, more = await self._newest_heads(principal)
        return {
            "op": "ready",
            "session": str(session.id),
            "epoch": str(relay.epoch),
            "pos": relay.pos,
            "heartbeat_s": HEARTBEAT_S,
            "limits": {"frame_bytes": 65536, "text_chars": 10000, "page": 200, "in_flight": MAX_IN_FLIGHT},
            "user": user_object(session.user),
            "heads": heads,
            "more": more,
        }

    async def _newest_heads(self, principal: Principal) -> tuple[dict[str, list[int]], bool]:
        found, more = await self._services.directory.newest_heads(principal, HEADS)
        heads = {
            each["conversation"]: [each["rev"], each["seq"], each["read_seq"], each["from_seq"]]
            for each in found
        }
        return heads, more

    def _snapshots(self, session: Session) -> None:
        for (conversation, seq), text in self._services.hub.streams.items():
            if conversation in session.conversations or session.operator:
                place = {"conversation": str(conversation), "seq": seq, "text": text}
                session.signal(signal("stream_snapshot", place), minor=False)
