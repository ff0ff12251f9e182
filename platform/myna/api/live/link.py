"""One client's connection apart from its transport: hello, heads, commands in order, answers, lag."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from myna.api.live.commands import Commands
from myna.api.live.frames import CATCH_UP, DELTA, QUIET, Frame, Hello, Pull, Send, decode_frames, nack
from myna.api.live.greeting import MAX_IN_FLIGHT, agreed, greeting, identified, missed_by
from myna.deliver.frames import SignalFrame
from myna.deliver.session import Session
from myna.errors import Busy, Malformed, MynaError
from myna.model.message import Ack
from myna.rights import Principal
from myna.services import Services
from myna.wire import ack_object, encode, signal

MAX_INBOUND = 512
"""Frames of one client that wait. Overflow rule: reading from its socket pauses, so TCP slows it down."""
logger = logging.getLogger(__name__)


class Link:
    """Answers a client. The transport feeds `received` and takes frames from the session when it is ready.

    Everything that goes wrong with one frame is answered with a nack and changes nothing; what is wrong with the connection
    as a whole goes to `close`. An idle client costs no task: one runs only while there are frames to answer.
    """

    __slots__ = (
        "_busy",
        "_close",
        "_commands",
        "_gone",
        "_hello",
        "_in_flight",
        "_inbound",
        "_pause",
        "_paused",
        "_ready",
        "_room",
        "_services",
        "_spawn",
        "_ticket",
        "principal",
        "session",
    )

    def __init__(
        self,
        services: Services,
        commands: Commands,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        ready: Callable[[], None],
        pause: Callable[[bool], None],
        close: Callable[[MynaError], None],
    ) -> None:
        self._services, self._commands, self._spawn = services, commands, spawn
        self._ready, self._pause, self._close = ready, pause, close
        self._inbound: list[bytes] = []
        self._room: asyncio.Future[None] | None = None
        self._in_flight = 0
        self._busy = False
        self._gone = False
        self._paused = False
        self._hello: Hello | None = None
        self._ticket = ""
        self.session: Session | None = None
        self.principal: Principal | None = None

    def begin(self, hello: Hello, ticket: str = "") -> None:
        """Greet a client that brought its token, or a ticket, with the request, so it says no hello."""
        self._hello, self._ticket = hello, ticket
        self._work_soon()

    def received(self, raw: bytes) -> None:
        """Take a text message of the client: a send that needs nobody's answer at once, anything else in its turn."""
        if not self._busy and self._sent_at_once(raw):
            return
        self._inbound.append(raw)
        if len(self._inbound) >= MAX_INBOUND and not self._paused:
            self._paused = True
            self._pause(True)
        self._work_soon()

    def lost(self) -> None:
        """The connection is gone: forget the session. Sends under way are committed all the same."""
        self._gone = True
        self._make_room()
        if self.session is not None:
            self._services.hub.remove(self.session)

    def _work_soon(self) -> None:
        if not self._busy and not self._gone:
            self._busy = True
            self._spawn(self._work())

    async def _work(self) -> None:
        """Answer the frames that wait, in order."""
        try:
            if self.session is None:
                await self._say_hello()
            while self._inbound and not self._gone:
                frames, self._inbound = self._inbound, []
                if self._paused:
                    self._paused = False
                    self._pause(False)
                for raw in frames:
                    if self._gone:
                        return
                    await self._handle(raw)
        except MynaError as refused:
            self._gone = True
            self._close(refused)
        except Exception:
            logger.exception("a connection failed")
            self._gone = True
            self._close(MynaError("Something went wrong here; connect again."))
        finally:
            self._busy = False

    async def _say_hello(self) -> None:
        if self._hello is not None:
            await self._greet(self._hello)
            return
        frames = decode_frames(self._inbound.pop(0))
        first = frames[0] if frames else None
        if len(frames) != 1 or first is None:
            raise Malformed("The first message must be one hello frame.")
        if isinstance(first, tuple):
            raise first[1]
        if not isinstance(first, Hello):
            raise Malformed("The first frame must be hello.")
        await self._greet(first)

    async def _greet(self, hello: Hello) -> None:
        """Check the token, subscribe, and only then read the heads, so that no event can fall between.

        An older session of the same device ends: two of them would each think that they are the device.

        Raises:
            Unauthorised, Forbidden: as `identified`. Busy: the server stops.
        """
        services, device = self._services, hello.device
        if services.draining:
            raise Busy("The server is stopping; connect again.", code="draining", retry_ms=1000)
        principal = await identified(services, hello.token, self._ticket)
        session, heads, more = await services.greeter.greet(principal, self._ready, device)
        if self._gone:
            services.hub.remove(session)
            return
        able = agreed(hello)
        session.quiet, session.deltas = QUIET in able, DELTA in able
        session.taken = self._make_room
        missed = missed_by(hello, heads, services.relay.epoch) if CATCH_UP in able else {}
        # Only now does the transport see the session, so `ready` comes before the events that arrived meanwhile.
        self.principal, self.session = principal, session
        session.first(encode(greeting(services.relay, session, heads, more, able, missed)))
        if session.deltas:
            self._snapshots(session)
        if device:
            replaced = (session.user.id, device, session.id)
            await services.relay.signal(SignalFrame(session.user.workspace, b"", replaced=replaced))
        for conversation, after in missed.items():
            await self._room_to_answer()
            await self._answer(Pull(str(conversation), after_rev=after))

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
            await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        self._room = asyncio.get_running_loop().create_future()
        try:
            await self._room
        finally:
            self._room = None

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _sent_at_once(self, raw: bytes) -> bool:
        """Whether this was a send that could be checked and queued without waiting; order is that of arrival either way."""
        if self.principal is None or self.session is None or self._gone or raw[:1] != b"{":
            return False
        if self._in_flight >= MAX_IN_FLIGHT or self.session.crowded:
            return False
        (frame,) = decode_frames(raw)
        if not isinstance(frame, Send):
            return False
        try:
            queued = self._commands.send_at_once(self.principal, frame, partial(self._settled, frame))
        except MynaError as refused:
            self._say(nack(frame.ref, refused, frame.client_id))
            return True
        except Exception:
            self._fail(frame.ref, frame.client_id)
            return True
        self._in_flight += queued
        return queued

    async def _send(self, frame: Send) -> None:
        assert self.principal is not None
        while self._in_flight >= MAX_IN_FLIGHT and not self._gone:
            await self._wait_for_room()
        try:
            await self._commands.send(self.principal, frame, partial(self._settled, frame))
        except MynaError as refused:
            self._say(nack(frame.ref, refused, frame.client_id))
        except Exception:
            self._fail(frame.ref, frame.client_id)
        else:
            self._in_flight += 1

    def _settled(self, frame: Send, outcome: object) -> None:
        self._in_flight -= 1
        if self._in_flight == MAX_IN_FLIGHT - 1:
            self._make_room()
        if isinstance(outcome, MynaError):
            self._say(nack(frame.ref, outcome, frame.client_id))
        elif isinstance(outcome, Ack) and outcome.held is None and outcome.flagged is None:
            self._say({"op": "ack", "ref": frame.ref, **ack_object(outcome)})
        else:
            self._spawn(self._tell(frame, outcome))

    async def _tell(self, frame: Send, outcome: object) -> None:
        assert self.principal is not None
        try:
            self._say(await self._commands.acked(self.principal, frame, outcome))
        except MynaError as refused:
            self._say(nack(frame.ref, refused, frame.client_id))
        except Exception:
            self._fail(frame.ref, frame.client_id)

    async def _answer(self, frame: Frame) -> None:
        assert self.principal is not None
        try:
            answer = await self._commands.answer(self.principal, frame, self.session)
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

    def _snapshots(self, session: Session) -> None:
        for (conversation, seq), text in self._services.hub.streams.items():
            if conversation in session.conversations or session.operator:
                place = {"conversation": str(conversation), "seq": seq, "text": text}
                session.signal(signal("stream_snapshot", place), minor=False)
