"""What runs beside the desk: it writes down who waits how long, and gives waiting conversations to free operators."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from myna.deliver.frames import EventFrame
from myna.helpdesk.model import Stay
from myna.helpdesk.ports import HelpdeskStore
from myna.helpdesk.service import Helpdesk
from myna.model.ticket import Owner, TicketStatus
from myna.wire import decode

ASSIGN_S = 2.0
"""How often waiting conversations are looked at when no event told of one: an operator may have become free."""
BACKLOG = 10_000
"""Changes of tickets that wait to be written down. Overflow rule: the oldest is dropped; only an expectation gets vaguer."""

logger = logging.getLogger(__name__)


class QueueWatch:
    """Follows the tickets. Several processes may: what they write down is keyed by conversation and epoch."""

    def __init__(self, helpdesk: Helpdesk, store: HelpdeskStore) -> None:
        self._helpdesk, self._store = helpdesk, store
        self._changes: asyncio.Queue[tuple[int, Mapping[str, Any]]] = asyncio.Queue(BACKLOG)

    def heard(self, event: EventFrame) -> None:
        """Take note of an event; never waits."""
        if not event.support or b'"ticket.changed"' not in event.frame:
            return
        change: Mapping[str, Any] = decode(event.frame)["data"]
        if self._changes.full():
            self._changes.get_nowait()
        self._changes.put_nowait((event.workspace, change))

    async def run(self) -> None:
        """Write down and assign until cancelled."""
        while True:
            try:
                async with asyncio.timeout(ASSIGN_S):
                    workspace, change = await self._changes.get()
                await self._note(workspace, change)
            except TimeoutError:
                pass
            if self._changes.empty():
                await self._helpdesk.assign()

    async def _note(self, workspace: int, ticket: Mapping[str, Any]) -> None:
        conversation, epoch = int(ticket["conversation"]), int(ticket["epoch"])
        at = datetime.fromisoformat(ticket["changed_at"]).timestamp()
        is_open = ticket["status"] == TicketStatus.OPEN
        taken = ticket["owner"] == Owner.OPERATOR and is_open
        await self._store.left_queue(conversation, epoch, at, taken=taken)
        if ticket["owner"] == Owner.QUEUE and is_open:
            await self._store.queued(Stay(conversation, epoch, int(ticket["inbox"]), workspace, at))
