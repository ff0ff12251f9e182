"""Turns of agents: leased durably, streamed as signals, ended in the log. One answer, even when two workers race."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myna.deliver.frames import EventFrame, SignalFrame
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.errors import MynaError, StaleTurn
from myna.log.committer import Committer
from myna.log.support import turn_client_id
from myna.log.writes import CloseTurn, Interrupt, MoveTicket, Say, TurnGuard
from myna.model.conversation import ConversationKind
from myna.model.message import Ack, Draft, Message, MessageState
from myna.model.ticket import Owner, Turn, TurnDecision, TurnRecord
from myna.model.workspace import User
from myna.ports.desk import TurnQueue
from myna.wire import signal, user_object

LEASE_S = 20.0
"""How long a worker may be silent before its turn goes to another one; it renews the lease long before."""
DELTA_S = 0.04
"""Deltas are merged to one per this time."""
REAP_S = 5.0
"""How often ended leases are looked for."""
POLL_S = 2.0
"""How often a worker looks for turns that another process queued, when no event told it."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Stream:
    conversation: int
    seq: int
    text: str = ""
    sent_chars: int = 0
    sent_at: float = field(default_factory=lambda: 0.0)
    ended: bool = False
    """Whether somebody else ended it: a person took over or stopped it."""


class Turns:
    """What a worker needs to answer: a lease, a stream, and one way to end the turn.

    Every call on a turn raises `StaleTurn` when the lease was lost or the conversation has another owner; nothing is
    stored then, and the worker must drop the turn without a word.
    """

    def __init__(self, queue: TurnQueue, committer: Committer, relay: Relay, hub: Hub) -> None:
        self._queue, self._committer, self._relay, self._hub = queue, committer, relay, hub
        self._streams: dict[int, _Stream] = {}
        self._wake, self._looking = asyncio.Event(), asyncio.Lock()
        relay.listeners.append(self._heard)

    async def lease(self, worker: str, wait_s: float) -> Turn | None:
        """The next due turn, or None when none came within `wait_s` seconds. `worker` is named in the log only.

        One worker of a process looks at a time, and the next one as soon as that one has found something: every event would
        send all of them to the database otherwise, while the first answers.
        """
        until = time.time() + wait_s
        try:
            async with asyncio.timeout(wait_s):
                await self._looking.acquire()
        except TimeoutError:
            return None
        try:
            turn = await self._found(until)
        finally:
            self._looking.release()
        if turn is not None:
            logger.debug("%s answers turn %d, attempt %d", worker, turn.id, turn.attempt)
        return turn

    async def _found(self, until: float) -> Turn | None:
        while True:
            # Before the look: what is queued during it must not be slept over.
            self._wake.clear()
            now = time.time()
            due = await self._queue.next_due()
            if due is not None and due <= now:
                turn = await self._queue.lease(now, LEASE_S)
                if turn is not None:
                    return turn
            if now >= until:
                return None
            pause = min(until - now, POLL_S if due is None else max(0.01, min(due - now, POLL_S)))
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def renew(self, turn: Turn) -> None:
        """Keep the lease; call it every few seconds while working."""
        if not await self._queue.renew(turn, time.time() + LEASE_S):
            self._streams.pop(turn.id, None)
            raise StaleTurn("The lease of this turn was lost.")

    async def typing(self, turn: Turn, on: bool) -> None:
        """Show that the agent is at work."""
        frame = signal("typing", {"conversation": str(turn.conversation), "user": str(turn.agent), "on": on})
        support = turn.conversation_kind is ConversationKind.SUPPORT
        await self._relay.signal(SignalFrame(turn.workspace, frame, turn.conversation, support, minor=True))

    async def open_stream(self, turn: Turn, body: Mapping[str, Any] | None = None) -> int:
        """Put the unfinished message into the log and return its seq; `delta` fills it."""
        draft = Draft(
            turn.conversation,
            turn.agent,
            turn_client_id(turn.id, turn.attempt),
            {"text": "", **(body or {})},
            thread=turn.thread,
        )
        ack = await self._committer.write(Say(draft, state=MessageState.STREAMING, guard=_guard(turn)))
        assert isinstance(ack, Ack)
        assert ack.seq is not None
        self._streams[turn.id] = _Stream(turn.conversation, ack.seq)
        return ack.seq

    async def delta(self, turn: Turn, piece: str) -> None:
        """Add a piece of text; readers see it within `DELTA_S`, and the whole of it when the turn ends."""
        stream = self._streams.get(turn.id)
        if stream is None:
            raise StaleTurn("This turn has no open stream.")
        if stream.ended:
            del self._streams[turn.id]
            raise StaleTurn("Somebody ended this answer.")
        stream.text += piece
        if time.monotonic() - stream.sent_at >= DELTA_S:
            await self._flush(turn, stream)

    async def finish(self, turn: Turn, body: Mapping[str, Any], decision: TurnDecision) -> None:
        """End the turn with its final message, streamed before or not."""
        await self._close(turn, decision, body, None)

    async def hand_off(
        self,
        turn: Turn,
        reason: str,
        summary: str | None,
        body: Mapping[str, Any] | None,
        decision: TurnDecision,
    ) -> None:
        """End the turn and put the conversation into the queue: message, state, summary and notice in one transaction."""
        move = MoveTicket(
            turn.conversation,
            turn.agent,
            Owner.QUEUE,
            reason=reason,
            summary=summary,
            notice={
                "code": "handoff.queued",
                "text": "A person will answer here soon.",
                "data": {"reason": reason},
            },
        )
        await self._close(turn, decision, body, move)

    async def pass_on(
        self, turn: Turn, agent: User, decision: TurnDecision, notice: Mapping[str, Any]
    ) -> None:
        """End the turn and let another agent answer the same message, in one transaction."""
        move = MoveTicket(
            turn.conversation,
            turn.agent,
            Owner.AGENT,
            reason="passed_on",
            notice=notice,
            agent=agent.id,
            agent_data=user_object(agent),
        )
        await self._close(turn, decision, None, move)

    async def skip(self, turn: Turn, decision: TurnDecision) -> None:
        """End the turn in silence; the reason is kept."""
        await self._close(turn, decision, None, None)

    async def defer(self, turn: Turn, due_at: float) -> None:
        """Give the turn back, to be looked at again at `due_at` (unix seconds) with whatever was said until then."""
        if not await self._queue.defer(turn, due_at):
            raise StaleTurn("The lease of this turn was lost.")

    async def records(self, conversation: int, limit: int) -> list[TurnRecord]:
        """The newest turns of a conversation, with why the agent did what it did."""
        return await self._queue.records(conversation, limit)

    async def run(self) -> None:
        """Give turns of dead workers to living ones, until cancelled."""
        while True:
            await asyncio.sleep(REAP_S)
            try:
                for turn, conversation, seq in await self._queue.expired(time.time(), 100):
                    partial = self._hub.streams.get((conversation, seq or 0), "")
                    await self._committer.write(Interrupt(turn, conversation, partial))
            except MynaError as failed:
                logger.warning("ended leases could not be looked after: %s", failed)

    async def _close(
        self, turn: Turn, decision: TurnDecision, body: Mapping[str, Any] | None, move: MoveTicket | None
    ) -> None:
        stream = self._streams.pop(turn.id, None)
        partial = "" if stream is None else stream.text
        if stream is not None and body is not None:
            final = str(body.get("text", ""))
            if final.startswith(stream.text):
                stream.text = final
                await self._flush(turn, stream)
            else:
                await self._replace(turn, stream, final)
        seq = None if stream is None else stream.seq
        closing = CloseTurn(
            _guard(turn),
            turn.conversation,
            turn.agent,
            decision,
            body,
            seq,
            move,
            partial,
            thread=turn.thread,
        )
        done = await self._committer.write(closing)
        # A turn that ends in silence is no event, and the next one of its conversation may begin.
        self._wake.set()
        assert done is None or isinstance(done, Message)

    async def _replace(self, turn: Turn, stream: _Stream, text: str) -> None:
        """Show other text than was streamed, when a guard took something back."""
        fields = {"conversation": str(turn.conversation), "seq": stream.seq, "text": text}
        support = turn.conversation_kind is ConversationKind.SUPPORT
        place = (turn.conversation, stream.seq, 0, text)
        await self._relay.signal(
            SignalFrame(
                turn.workspace, signal("stream_snapshot", fields), turn.conversation, support, stream=place
            )
        )

    async def _flush(self, turn: Turn, stream: _Stream) -> None:
        piece = stream.text[stream.sent_chars :]
        if not piece:
            return
        offset = stream.sent_chars
        stream.sent_chars = len(stream.text)
        stream.sent_at = time.monotonic()
        frame = signal(
            "delta",
            {"conversation": str(turn.conversation), "seq": stream.seq, "offset": offset, "text": piece},
        )
        support = turn.conversation_kind is ConversationKind.SUPPORT
        place = (turn.conversation, stream.seq, offset, piece)
        await self._relay.signal(SignalFrame(turn.workspace, frame, turn.conversation, support, stream=place))

    def _heard(self, event: EventFrame) -> None:
        self._wake.set()
        if event.finished:
            for stream in self._streams.values():
                if (stream.conversation, stream.seq) == (event.conversation, event.seq):
                    stream.ended = True


def _guard(turn: Turn) -> TurnGuard:
    return TurnGuard(turn.id, turn.attempt, turn.epoch)
