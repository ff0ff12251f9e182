"""What a client's frame does, the same over WebSocket and `POST /v1/commands`."""

import time
from typing import Any

import msgspec

from myna.api.live.frames import (
    Edit,
    Frame,
    Hello,
    Pin,
    Ping,
    Pull,
    React,
    Read,
    Recall,
    Received,
    Send,
    Sync,
    Typing,
    Watch,
)
from myna.conversations.directory import SNAPSHOT_REVS
from myna.deliver.session import Session
from myna.errors import Malformed
from myna.live.receipts import PUSHED_MEMBERS
from myna.log.committer import Settle
from myna.log.writes import Hold, Say
from myna.model.message import Ack
from myna.rights import Principal, Verb, require
from myna.services import Services
from myna.wire import ack_object

TYPING_S = 3.0
"""Typing signals of one user in one conversation that come faster are dropped, as are those to more than 100 members."""
TYPING_CACHE = 10_000


class Commands:
    """Answers frames. Order: sends of one caller are committed in the order in which they were given here."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._typed: dict[tuple[int, int, bool], float] = {}

    def send_at_once(self, principal: Principal, frame: Send, settle: Settle) -> bool:
        """Check, judge and queue a draft for which nobody has to be waited for; False when somebody has: then use `send`."""
        if frame.thread is not None:
            return False
        return self._services.sender.at_once(
            principal,
            int(frame.conversation),
            frame.client_id,
            frame.body,
            frame.reply_to,
            frame.age_ms,
            settle,
        )

    async def send(self, principal: Principal, frame: Send, settle: Settle) -> None:
        """Check, judge and queue a draft; `settle` is called with its outcome, after commit."""
        self._services.committer.submit_then(await self._judged(principal, frame), settle)

    async def _judged(self, principal: Principal, frame: Send) -> Say | Hold:
        return await self._services.sender.judged(
            principal,
            int(frame.conversation),
            frame.client_id,
            frame.body,
            frame.reply_to,
            frame.thread,
            age_ms=frame.age_ms,
        )

    async def acked(self, principal: Principal, frame: Send, outcome: object) -> dict[str, Any]:
        """The ack of a commit's outcome; moderators hear of a message that was put aside."""
        ack = await self._services.sender.settled(principal, outcome)
        return {"op": "ack", "ref": frame.ref, **ack_object(ack)}

    async def answer(
        self, principal: Principal, frame: Frame, session: Session | None = None
    ) -> dict[str, Any] | None:
        """The answer to any other frame, or None for those that have none."""
        directory = self._services.directory
        match frame:
            case Pull(before_seq=int(before)):
                page = await directory.messages(
                    principal, int(frame.conversation), before=before, limit=frame.limit
                )
                return {"op": "page", "ref": frame.ref, "conversation": frame.conversation, **page}
            case Pull():
                page = await self._recent(principal, frame) or await directory.page(
                    principal, int(frame.conversation), frame.after_rev or 0, frame.limit
                )
                return {"op": "page", "ref": frame.ref, **page}
            case Sync():
                heads, pos, more = await directory.heads(principal, frame.pos, frame.limit)
                return {"op": "synced", "ref": frame.ref, "conversations": heads, "pos": pos, "more": more}
            case Ping():
                return {"op": "pong", "n": frame.n}
            case Read():
                seat = await directory.seat(principal, int(frame.conversation))
                self._services.receipts.read(principal, seat, frame.seq)
                return None
            case Received():
                seat = await directory.seat(principal, int(frame.conversation))
                self._services.receipts.received(principal, seat, frame.seq)
                return None
            case Watch():
                await self._watch(principal, frame, session)
                return None
            case Typing():
                await self._typing(principal, frame)
                return None
            case Edit() | Recall() | React() | Pin():
                return {"op": "ack", "ref": frame.ref, **ack_object(await self._change(principal, frame))}
            case Hello():
                raise Malformed("hello comes once, as the first frame.")
            case Send():
                write = await self._judged(principal, frame)
                return await self.acked(principal, frame, await self._services.committer.submit(write))

    async def _recent(self, principal: Principal, frame: Pull) -> dict[str, Any] | None:
        """A page from memory, when the newest events there reach back to the cursor: the very bytes that were pushed.

        With nothing after the cursor, the log is asked: the client heard of more, so this process may be behind its bus.
        """
        conversation, after = int(frame.conversation), frame.after_rev or 0
        found = self._services.relay.tail.page(conversation, after, frame.limit)
        if found is None or not found[0] or found[1] - after > SNAPSHOT_REVS:
            return None
        seat = await self._services.access.seat(principal, conversation)
        events, head = found
        return {
            "conversation": frame.conversation,
            "from_rev": after,
            "head_rev": head,
            "floor_seq": seat.floor,
            "events": [msgspec.Raw(each.frame) for each in events if each.seq == 0 or each.seq >= seat.floor],
        }

    async def _watch(self, principal: Principal, frame: Watch, session: Session | None) -> None:
        if session is None:
            raise Malformed("watch needs a socket; without one ask GET /v1/presence.", code="needs_socket")
        add, remove = [int(each) for each in frame.add], [int(each) for each in frame.remove]
        status = await self._services.presence.watch(principal, session, add, remove)
        if status is not None:
            session.signal(status, minor=False)

    async def _change(self, principal: Principal, frame: Edit | Recall | React | Pin) -> Ack:
        amender, place = self._services.amender, int(frame.conversation)
        match frame:
            case Edit():
                return await amender.edit(principal, place, frame.client_id, frame.seq, frame.body)
            case Recall():
                return await amender.recall(principal, place, frame.client_id, frame.seq)
            case React():
                return await amender.react(
                    principal, place, frame.client_id, frame.seq, frame.emoji, frame.on
                )
            case Pin():
                return await amender.pin(principal, place, frame.client_id, frame.seq, frame.on)

    async def _typing(self, principal: Principal, frame: Typing) -> None:
        conversation = int(frame.conversation)
        seat = await self._services.directory.seat(principal, conversation)
        require(principal, Verb.SEND, seat)
        if await self._services.receipts.size(conversation) > PUSHED_MEMBERS:
            return
        key = (conversation, principal.user, frame.on)
        now = time.monotonic()
        if now - self._typed.get(key, 0.0) < TYPING_S:
            return
        if len(self._typed) >= TYPING_CACHE:
            self._typed.clear()
        self._typed[key] = now
        await self._services.signals.typing(principal, seat, frame.on)
