"""Ports of identity beside accounts and refresh tokens."""

from typing import Protocol


class TicketStore(Protocol):
    """Socket tickets by digest; the tickets themselves are never stored."""

    async def add(self, digest: str, user: int, expires_at: float, now: float) -> None:
        """Store a new ticket, and forget those that ran out before `now`."""
        ...

    async def take(self, digest: str, now: float) -> int | None:
        """The user of a ticket, which is gone by this: of many who ask at once, in whatever process, one gets it."""
        ...
