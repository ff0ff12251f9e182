"""Ports of the desk: tickets, held messages, and the turns that wait for an agent."""

from typing import Protocol

from myna.model.conversation import Conversation
from myna.model.moderation import Held, HeldState
from myna.model.service import TicketFilter
from myna.model.ticket import Ticket, Turn, TurnRecord


class Desk(Protocol):
    """Reads of tickets and held messages, scoped to a workspace."""

    async def ticket(self, conversation: int) -> Ticket | None:
        """The ticket of a support conversation."""
        ...

    async def tickets(
        self,
        workspace: int,
        *,
        view: str,
        operator: int,
        before: tuple[float, int] | None,
        limit: int,
        narrowed: TicketFilter = ...,
    ) -> list[tuple[Ticket, Conversation]]:
        """Tickets of a view (open, mine, queue, agent, mentions, spam, resolved), narrowed, latest change first."""
        ...

    async def counts(self, workspace: int, operator: int) -> dict[str, int]:
        """How many tickets each view has."""
        ...

    async def held(self, held: int, workspace: int) -> Held | None:
        """A held message."""
        ...

    async def held_list(self, workspace: int, state: HeldState, after: int | None, limit: int) -> list[Held]:
        """Held messages: waiting ones oldest first, decided ones newest first."""
        ...

    async def held_waiting(self, workspace: int) -> int:
        """How many wait."""
        ...

    async def held_of(self, conversation: int, sender: int) -> list[Held]:
        """What a sender has waiting in a conversation."""
        ...


class TurnQueue(Protocol):
    """Leases of turns: each turn has one worker at a time."""

    async def lease(self, now: float, lease_s: float) -> Turn | None:
        """The turn that has been due longest, leased until `now + lease_s`."""
        ...

    async def renew(self, turn: Turn, until: float) -> bool:
        """Prolong a lease; False when it was lost."""
        ...

    async def defer(self, turn: Turn, due_at: float) -> bool:
        """End a lease and queue the turn again for `due_at`; False when the lease was lost."""
        ...

    async def expired(self, now: float, limit: int) -> list[tuple[int, int, int | None]]:
        """(turn, conversation, seq of its stream) of leases that ended without an answer."""
        ...

    async def next_due(self) -> float | None:
        """When the next waiting turn may be leased; turns of a conversation in which one runs wait for its end."""
        ...

    async def records(self, conversation: int, limit: int) -> list[TurnRecord]:
        """The newest turns of a conversation with their decisions."""
        ...
