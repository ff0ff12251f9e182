"""A ticket that sleeps: out of the open lists until a time, or until anybody says something in it."""

import time

from myna.conversations.access import Access
from myna.errors import Conflict, Malformed
from myna.helpdesk.model import Sleep
from myna.helpdesk.ports import SleepStore
from myna.model.ticket import TicketStatus
from myna.ports.desk import Desk
from myna.rights import Principal, Verb, require

MOST_S = 366 * 86_400.0
"""How far ahead a ticket can sleep: a year, to the same day."""


class Snoozes:
    """Puts tickets to sleep and wakes them.

    Every call names who asks; raises Forbidden or NotFound as the platform does, and nothing has changed then.
    """

    def __init__(self, access: Access, desk: Desk, store: SleepStore) -> None:
        self._access, self._desk, self._store = access, desk, store

    async def snooze(self, principal: Principal, conversation: int, until: float) -> Sleep:
        """Put a ticket to sleep until a Unix time.

        Raises:
            Malformed: the time has passed, or is more than a year ahead.
            Conflict: the ticket is resolved.
        """
        seat = await self._access.fresh_seat(principal, conversation)
        require(principal, Verb.TAKE, seat)
        now = time.time()
        if not now < until <= now + MOST_S:
            raise Malformed("`until` must lie ahead, by at most a year.", code="bad_time")
        ticket = await self._desk.ticket(conversation)
        if ticket is None or ticket.status is not TicketStatus.OPEN:
            raise Conflict("Only an open ticket can be put to sleep.", code="not_open")
        sleep = Sleep(conversation, principal.workspace, until, seat.conversation.seq, principal.user)
        await self._store.put(sleep)
        return sleep

    async def wake(self, principal: Principal, conversation: int) -> None:
        """Wake a ticket now; one that is awake stays so."""
        require(principal, Verb.TAKE, await self._access.seat(principal, conversation))
        await self._store.delete(conversation)

    async def asleep(self, principal: Principal, conversation: int) -> Sleep | None:
        """Until when a ticket sleeps; None when it is awake."""
        require(principal, Verb.TAKE, await self._access.seat(principal, conversation))
        return (await self._store.asleep([conversation], time.time())).get(conversation)

    async def next_waking(self, principal: Principal) -> float | None:
        """When the next of the workspace's sleepers wakes by itself."""
        require(principal, Verb.OPERATE)
        return await self._store.next_waking(principal.workspace, time.time())
