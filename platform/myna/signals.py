"""What may be lost: typing, read receipts, the deltas of a stream. Nothing durable depends on a signal but the read cursor."""

import asyncio
import logging

from myna.deliver.frames import SignalFrame
from myna.deliver.relay import Relay
from myna.errors import MynaError
from myna.model import ConversationKind
from myna.ports import Conversations
from myna.rights import Principal, Seat
from myna.wire import signal

RECEIPT_S = 0.5
"""Read cursors are collected this long and written in one transaction."""
MAX_MARKS = 10_000
"""Cursors that may wait. Overflow rule: further ones are dropped; clients repeat the newest."""

logger = logging.getLogger(__name__)


class Signals:
    """Sends signals, and keeps read cursors: they are written soon, never fall, and survive a restart."""

    def __init__(self, relay: Relay, conversations: Conversations) -> None:
        self._relay, self._conversations = relay, conversations
        self._marks: dict[tuple[int, int], int] = {}
        self._seats: dict[tuple[int, int], Seat] = {}
        self._wake = asyncio.Event()

    async def typing(self, principal: Principal, seat: Seat, on: bool) -> None:
        """Tell the others that somebody writes; the agent does the same while it works."""
        await self.typing_as(
            principal.user, seat.conversation.id, seat.conversation.workspace, seat.conversation.kind, on
        )

    async def typing_as(
        self, user: int, conversation: int, workspace: int, kind: ConversationKind, on: bool
    ) -> None:
        """Tell the others that this user writes."""
        frame = signal("typing", {"conversation": str(conversation), "user": str(user), "on": on})
        support = kind is ConversationKind.SUPPORT
        await self._relay.signal(
            SignalFrame(workspace, frame, conversation, support, minor=True, but_user=user)
        )

    def read(self, principal: Principal, seat: Seat, seq: int) -> None:
        """Note how far a member has read; whoever only watches leaves no trace."""
        if seat.member is None or seq < 1:
            return
        key = (seat.conversation.id, principal.user)
        if key not in self._marks and len(self._marks) >= MAX_MARKS:
            return
        self._marks[key] = max(seq, self._marks.get(key, 0))
        self._seats[key] = seat
        self._wake.set()

    async def run(self) -> None:
        """Write cursors and push receipts until cancelled; what waits is written at the end."""
        try:
            while True:
                await self._wake.wait()
                await asyncio.sleep(RECEIPT_S)
                self._wake.clear()
                await self._flush()
        finally:
            await asyncio.shield(self._flush())

    async def _flush(self) -> None:
        marks, self._marks = self._marks, {}
        seats, self._seats = self._seats, {}
        if not marks:
            return
        try:
            counted = await self._conversations.mark_read(marks)
        except MynaError as failed:
            logger.warning("read cursors were not stored: %s", failed)
            return
        for (conversation, user), seq in counted.items():
            place = seats[(conversation, user)].conversation
            frame = signal("read", {"conversation": str(conversation), "user": str(user), "seq": seq})
            support = place.kind is ConversationKind.SUPPORT
            small = place.kind in {ConversationKind.SUPPORT, ConversationKind.DIRECT, ConversationKind.GROUP}
            if small:
                await self._relay.signal(
                    SignalFrame(place.workspace, frame, conversation, support, minor=True)
                )
