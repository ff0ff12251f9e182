"""Answers that bots make piece by piece: a durable, unfinished message, deltas as signals, one durable end."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myna.deliver.frames import SignalFrame
from myna.errors import Conflict, Malformed, MynaError, TooLarge
from myna.log.writes import FinishStream, Say
from myna.messages.compose import MAX_TEXT_CHARS
from myna.model.conversation import ConversationKind
from myna.model.message import Ack, Draft, Message, MessageState
from myna.rights import Principal, Seat, Verb, require
from myna.services import Services
from myna.wire import signal
from myna_bots.host.ports import StateStore

SPACE = "stream"
SILENT_S = 60.0
"""A stream of which nothing was heard for so long ends as it is, `interrupted`."""
BEAT_S = 15.0
REAP_S = 10.0
SHOWN_S = 0.1
"""Pieces that come faster are merged: readers get ten a second, the latest text wins, and nobody is refused."""
MAX_OPEN = 10_000
"""Open streams in a process. Overflow rule: no further one is opened."""


@dataclass(slots=True)
class _Open:
    bot: int
    seat: Seat
    text: str = ""
    shown: str = ""
    shown_at: float = 0.0
    beat_at: float = 0.0
    later: asyncio.Task[None] | None = None
    over: bool = False
    """It has its durable end, and is forgotten as soon as that is noted: a piece that comes meanwhile begins nothing anew."""
    parts: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Streams:
    """Open, replace or append, finish. The text so far lives in the process that opened the stream and in every hub."""

    def __init__(self, services: Services, state: StateStore) -> None:
        self._services, self._state = services, state
        self._open: dict[tuple[int, int], _Open] = {}

    async def open(
        self, principal: Principal, conversation: int, client_id: str, reply_to: int | None = None
    ) -> Ack:
        """The ack of the unfinished message; `append` and `replace` fill it, `finish` ends it.

        Raises:
            Busy, Forbidden, NotFound as for sending.
        """
        seat = await self._services.access.seat(principal, conversation)
        require(principal, Verb.SEND, seat)
        if len(self._open) >= MAX_OPEN:
            raise Conflict(
                "Too many answers are being streamed; send this one whole.", code="too_many_streams"
            )
        throttle = self._services.sender.throttle
        if throttle is not None:
            throttle(principal, conversation)
        draft = Draft(conversation, principal.user, client_id, {"text": ""}, reply_to=reply_to)
        ack = await self._services.committer.write(Say(draft, state=MessageState.STREAMING, rouse=False))
        assert isinstance(ack, Ack)
        assert ack.seq is not None
        if not ack.duplicate:
            self._open[(conversation, ack.seq)] = _Open(principal.user, seat)
        await self._beat(principal.user, conversation, ack.seq)
        return ack

    async def append(self, principal: Principal, conversation: int, seq: int, offset: int, text: str) -> None:
        """Add a piece at an offset in code points; one that overlaps what is known is cut, so a resend is harmless."""
        stream = await self._stream(principal, conversation, seq)
        if offset > len(stream.text):
            raise Conflict(
                f"There are {len(stream.text)} characters so far; send on from there.",
                code="stream_gap",
                extra={"offset": len(stream.text)},
            )
        stream.text = stream.text[:offset] + text if offset + len(text) > len(stream.text) else stream.text
        await self._changed(stream, conversation, seq)

    async def replace(self, principal: Principal, conversation: int, seq: int, text: str) -> None:
        """Show another text instead."""
        stream = await self._stream(principal, conversation, seq)
        stream.text = text
        await self._changed(stream, conversation, seq)

    async def finish(
        self, principal: Principal, conversation: int, seq: int, text: str, parts: Mapping[str, Any]
    ) -> Message:
        """The durable end; the whole text is judged like a message that was sent at once.

        Raises:
            Conflict: the stream has ended. Refused, TooLarge, Malformed: the text; the stream stays open.
        """
        checked = await self._services.sender.judged(
            principal, conversation, f"finish-{seq}", {"text": text}, parts=parts, counted=False
        )
        if not isinstance(checked, Say):
            raise Malformed("This answer must be looked at by a moderator; send it whole.", code="held")
        done = await self._services.committer.write(
            FinishStream(conversation, seq, principal.user, checked.draft.body)
        )
        assert isinstance(done, Message)
        await self._end(principal.user, conversation, seq)
        return done

    async def break_off(self, principal: Principal, conversation: int, seq: int) -> None:
        """End an own stream where it is, as `interrupted`, also when nothing was said yet.

        Raises:
            Conflict: the stream has ended.
        """
        await self._stream(principal, conversation, seq)
        await self.abort(principal.user, conversation, seq)

    async def abort(self, bot: int, conversation: int, seq: int) -> None:
        """End a stream where it is, as `interrupted`."""
        stream = self._open.get((conversation, seq))
        text = stream.text if stream else self._services.hub.streams.get((conversation, seq), "")
        write = FinishStream(conversation, seq, bot, {"text": text}, MessageState.INTERRUPTED)
        try:
            await self._services.committer.write(write)
        except Conflict:
            return
        finally:
            await self._end(bot, conversation, seq)

    def text(self, conversation: int, seq: int) -> str:
        """The text so far."""
        stream = self._open.get((conversation, seq))
        return stream.text if stream else self._services.hub.streams.get((conversation, seq), "")

    async def run(self) -> None:
        """End the streams of bots that died, until cancelled."""
        while True:
            await asyncio.sleep(REAP_S)
            await self.reap(time.time())

    async def reap(self, now: float) -> None:
        """End every stream that has been silent too long."""
        for bot, key in await self._state.expired(SPACE, now, 100):
            conversation, _, seq = key.partition(":")
            await self.abort(bot, int(conversation), int(seq))

    async def _stream(self, principal: Principal, conversation: int, seq: int) -> _Open:
        stream = self._open.get((conversation, seq))
        if stream is not None and stream.bot == principal.user:
            if stream.over:
                raise Conflict("This answer has ended.", code="no_stream")
            return stream
        seat = await self._services.access.seat(principal, conversation)
        known = await self._state.get(principal.user, SPACE, f"{conversation}:{seq}", time.time())
        if known is None:
            raise Conflict("This message is not being streamed by you.", code="no_stream")
        # Opened in another process, or before a restart: this one goes on with what its hub has heard.
        text = self._services.hub.streams.get((conversation, seq), "")
        made = _Open(principal.user, seat, text, text)
        self._open[(conversation, seq)] = made
        return made

    async def _changed(self, stream: _Open, conversation: int, seq: int) -> None:
        if len(stream.text) > MAX_TEXT_CHARS:
            stream.text = stream.text[:MAX_TEXT_CHARS]
            raise TooLarge(f"A message has at most {MAX_TEXT_CHARS} characters.")
        now = time.monotonic()
        if now - stream.beat_at > BEAT_S:
            stream.beat_at = now
            await self._beat(stream.bot, conversation, seq)
        if now - stream.shown_at >= SHOWN_S:
            await self._show(stream, conversation, seq)
        elif stream.later is None:
            stream.later = asyncio.get_running_loop().create_task(self._show_later(stream, conversation, seq))

    async def _show_later(self, stream: _Open, conversation: int, seq: int) -> None:
        await asyncio.sleep(SHOWN_S)
        stream.later = None
        if (conversation, seq) in self._open:
            await self._show(stream, conversation, seq)

    async def _show(self, stream: _Open, conversation: int, seq: int) -> None:
        stream.shown_at = time.monotonic()
        place = stream.seat.conversation
        support = place.kind is ConversationKind.SUPPORT
        if stream.text == stream.shown:
            return
        if stream.text.startswith(stream.shown):
            offset = len(stream.shown)
            piece = stream.text[offset:]
            fields = {"conversation": str(conversation), "seq": seq, "offset": offset, "text": piece}
            frame, mark = signal("delta", fields), (conversation, seq, offset, piece)
        else:
            fields = {"conversation": str(conversation), "seq": seq, "text": stream.text}
            frame, mark = signal("stream_snapshot", fields), (conversation, seq, 0, stream.text)
        stream.shown = stream.text
        await self._services.relay.signal(
            SignalFrame(place.workspace, frame, conversation, support, stream=mark)
        )

    async def _beat(self, bot: int, conversation: int, seq: int) -> None:
        until = time.time() + SILENT_S
        try:
            await self._state.put(bot, SPACE, f"{conversation}:{seq}", {"open": True}, until)
        except MynaError:
            self._forget(conversation, seq)
            raise

    async def _end(self, bot: int, conversation: int, seq: int) -> None:
        stream = self._open.get((conversation, seq))
        if stream is not None:
            stream.over = True
        try:
            await self._state.put(bot, SPACE, f"{conversation}:{seq}", None, None)
        finally:
            self._forget(conversation, seq)

    def _forget(self, conversation: int, seq: int) -> None:
        stream = self._open.pop((conversation, seq), None)
        if stream is not None and stream.later is not None:
            stream.later.cancel()
