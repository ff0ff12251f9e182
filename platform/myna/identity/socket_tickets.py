"""Tickets for connections that cannot carry a header: a browser's WebSocket and EventSource have only their address.

An address ends up in logs and histories, so a long-lived token never stands in it; a ticket is worth nothing once it was used,
nor after 30 s.
"""

import hashlib
import secrets
import time

from myna.errors import Forbidden, Unauthorised
from myna.identity.tokens import Tokens
from myna.ports.accounts import Accounts
from myna.ports.identity import TicketStore
from myna.rights import Principal, principal_of

TICKET_S = 30
MAX_CHARS = 64
"""Longest ticket that is looked at; an issued one has 43 characters."""


class SocketTickets:
    """Issues tickets and takes them back, each once."""

    def __init__(self, store: TicketStore, accounts: Accounts, tokens: Tokens) -> None:
        self._store, self._accounts, self._tokens = store, accounts, tokens

    async def issue(self, principal: Principal) -> str:
        """A ticket for one connection of the asker within `TICKET_S`.

        Raises:
            Forbidden: bots listen elsewhere, with their keys.
        """
        if principal.scopes is not None:
            raise Forbidden("Bots listen at /v1/bot/socket, where they hear what they may hear.")
        ticket, now = secrets.token_urlsafe(32), time.time()
        await self._store.add(_digest(ticket), principal.user, principal.sign_in, now + TICKET_S, now)
        return ticket

    async def redeem(self, ticket: str) -> Principal:
        """Who the ticket was issued to, with the role that the user has now; the ticket is used up by this.

        Raises:
            Unauthorised: it is unknown, was used before, or is too old; ask for another one. Or its sign-in has ended.
        """
        taken = None
        if 0 < len(ticket) <= MAX_CHARS:
            taken = await self._store.take(_digest(ticket), time.time())
        found = await self._accounts.user(taken[0]) if taken is not None else None
        if taken is None or found is None:
            raise Unauthorised(
                "This ticket was used, is older than 30 s, or never was one; ask for another.",
                code="ticket_invalid",
            )
        return self._tokens.going_on(principal_of(found, taken[1]))


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
