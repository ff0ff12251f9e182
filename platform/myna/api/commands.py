"""What a client's frame does, the same over WebSocket and `POST /v1/commands`."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

from myna.api.frames import Edit, Frame, Hello, Pin, Ping, Pull, React, Read, Recall, Send, Sync, Typing
from myna.errors import Malformed
from myna.model import Ack
from myna.rights import Principal, Verb, require
from myna.services import Services
from myna.wire import ack_object

TYPING_S = 1.0
"""Typing signals of one user in one conversation that come faster are dropped."""
TYPING_CACHE = 10_000


class Commands:
    """Answers frames. Order: sends of one caller are committed in the order in which they were given here."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._typed: dict[tuple[int, int, bool], float] = {}

    async def send(self, principal: Principal, frame: Send) -> Awaitable[dict[str, Any]]:
        """Check, judge and queue a draft; awaiting the result gives the ack frame, after commit."""
        services = self._services
        write = await services.sender.judged(
            principal, int(frame.conversation), frame.client_id, frame.body, frame.reply_to, frame.thread
        )
        done = services.committer.submit(write)
        return self._acked(principal, frame, done)

    async def answer(self, principal: Principal, frame: Frame) -> dict[str, Any] | None:
        """The answer to any other frame, or None for those that have none."""
        directory = self._services.directory
        match frame:
            case Pull(before_seq=int(before)):
                page = await directory.messages(
                    principal, int(frame.conversation), before=before, limit=frame.limit
                )
                return {"op": "page", "ref": frame.ref, "conversation": frame.conversation, **page}
            case Pull():
                page = await directory.page(
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
                self._services.signals.read(principal, seat, frame.seq)
                return None
            case Typing():
                await self._typing(principal, frame)
                return None
            case Edit() | Recall() | React() | Pin():
                return {"op": "ack", "ref": frame.ref, **ack_object(await self._change(principal, frame))}
            case Hello():
                raise Malformed("hello comes once, as the first frame.")
            case Send():
                return await (await self.send(principal, frame))

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
        key = (conversation, principal.user, frame.on)
        now = time.monotonic()
        if now - self._typed.get(key, 0.0) < TYPING_S:
            return
        if len(self._typed) >= TYPING_CACHE:
            self._typed.clear()
        self._typed[key] = now
        await self._services.signals.typing(principal, seat, frame.on)

    async def _acked(self, principal: Principal, frame: Send, done: asyncio.Future[Any]) -> dict[str, Any]:
        ack = await self._services.sender.settled(principal, await done)
        return {"op": "ack", "ref": frame.ref, **ack_object(ack)}
