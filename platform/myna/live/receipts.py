"""How far members have read and received: watermarks that never fall, told to few at once and counted for many."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from myna.conversations.access import Access
from myna.deliver.frames import EventFrame, SignalFrame
from myna.deliver.relay import Relay
from myna.errors import Malformed, MynaError
from myna.model.conversation import ConversationKind
from myna.ports.conversations import Conversations, Crowds
from myna.rights import Principal, Seat
from myna.wire import encode

RECEIPT_S = 1.0
"""Watermarks are collected this long, written in one transaction and told in one frame for each conversation."""
MAX_MARKS = 10_000
"""Watermarks that may wait. Overflow rule: further ones are dropped; clients repeat the newest."""
PUSHED_MEMBERS = 100
"""Up to so many members everybody hears who has read; beyond it only one's own devices do."""
COUNTED_MEMBERS = 5_000
"""Up to so many members receipts are counted when somebody asks; beyond it they are not."""
CACHED_SIZES = 20_000

logger = logging.getLogger(__name__)
Key = tuple[int, int]
"""(conversation, user)."""


class Receipts:
    """Collects `read` and `received`, keeps them, and tells them. Nothing here waits for the database but `run` and `of`."""

    def __init__(self, relay: Relay, access: Access, conversations: Conversations, crowds: Crowds) -> None:
        self._relay, self._access, self._conversations, self._crowds = relay, access, conversations, crowds
        self._read: dict[Key, int] = {}
        self._received: dict[Key, int] = {}
        self._places: dict[Key, Seat] = {}
        self._sizes: dict[int, int] = {}
        self._wake = asyncio.Event()

    def read(self, principal: Principal, seat: Seat, seq: int) -> None:
        """Note how far a member has read; whoever only watches leaves no trace."""
        self._note(self._read, principal, seat, seq)

    def received(self, principal: Principal, seat: Seat, seq: int) -> None:
        """Note how far a member's devices have received."""
        self._note(self._received, principal, seat, seq)

    async def size(self, conversation: int) -> int:
        """How many members the conversation has, counted up to just beyond `COUNTED_MEMBERS`."""
        known = self._sizes.get(conversation)
        if known is None:
            if len(self._sizes) >= CACHED_SIZES:
                self._sizes.clear()
            known = self._sizes[conversation] = await self._crowds.size(conversation, COUNTED_MEMBERS + 1)
        return known

    async def of(self, principal: Principal, conversation: int, seq: int) -> dict[str, Any]:
        """Who has read and received a message: the counts, and everybody's watermark in a small conversation.

        Raises:
            NotFound: the conversation is not visible, or the message is below the seat's floor.
        """
        seat = await self._access.fresh_seat(principal, conversation)
        if not seat.floor <= seq <= seat.conversation.seq:
            raise Malformed(f"seq must be that of a message you can read, {seat.floor} to the newest.")
        members = await self.size(conversation)
        if members > COUNTED_MEMBERS:
            return {"seq": seq, "members": None, "read": None, "received": None, "watermarks": None}
        read, received = await self._crowds.reached(conversation, seq)
        marks = (
            await self._crowds.watermarks(conversation, PUSHED_MEMBERS) if members <= PUSHED_MEMBERS else None
        )
        shown = [
            {"user": str(user), "read_seq": up_to, "received_seq": got} for user, up_to, got in marks or ()
        ]
        return {
            "seq": seq,
            "members": members,
            "read": read,
            "received": received,
            "watermarks": None if marks is None else shown,
        }

    def heard(self, event: EventFrame) -> None:
        """Count again where somebody joined or left."""
        if event.joined or event.left:
            self._sizes.pop(event.conversation, None)

    async def run(self) -> None:
        """Write and tell watermarks until cancelled; what waits is written at the end."""
        try:
            while True:
                await self._wake.wait()
                await asyncio.sleep(RECEIPT_S)
                self._wake.clear()
                await self._flush()
        finally:
            await asyncio.shield(self._flush())

    def _note(self, marks: dict[Key, int], principal: Principal, seat: Seat, seq: int) -> None:
        if seat.member is None or seq < 1:
            return
        key = (seat.conversation.id, principal.user)
        if key not in marks and len(marks) >= MAX_MARKS:
            return
        marks[key] = max(seq, marks.get(key, 0))
        self._places[key] = seat
        self._wake.set()

    async def _flush(self) -> None:
        read, self._read = self._read, {}
        received, self._received = self._received, {}
        places, self._places = self._places, {}
        try:
            counted = await self._conversations.mark_read(read)
            got = await self._crowds.mark_received(received)
            await self._tell([("read", *each) for each in counted.items()], places)
            await self._tell([("received", *each) for each in got.items()], places)
        except MynaError as failed:
            logger.warning("receipts were not stored: %s", failed)

    async def _tell(self, marks: Iterable[tuple[str, Key, int]], places: Mapping[Key, Seat]) -> None:
        public: dict[int, list[dict[str, Any]]] = {}
        for op, (conversation, user), seq in marks:
            frame = {"op": op, "conversation": str(conversation), "user": str(user), "seq": seq}
            if await self.size(conversation) <= PUSHED_MEMBERS:
                public.setdefault(conversation, []).append(frame)
            else:
                place = places[(conversation, user)].conversation
                await self._relay.signal(
                    SignalFrame(place.workspace, encode(frame), users=(user,), minor=True)
                )
        whole = {seat.conversation.id: seat.conversation for seat in places.values()}
        for conversation, frames in public.items():
            place = whole[conversation]
            support = place.kind is ConversationKind.SUPPORT
            frame_bytes = encode(frames if len(frames) > 1 else frames[0])
            await self._relay.signal(
                SignalFrame(place.workspace, frame_bytes, conversation, support, minor=True)
            )
