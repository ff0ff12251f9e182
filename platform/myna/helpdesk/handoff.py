"""Who answers the customer: agent, queue or operator. Each move is one transaction and adds one to the ticket's epoch."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from myna.conversations.access import Access
from myna.deliver.hub import Hub
from myna.errors import Conflict, Malformed, MynaError
from myna.log.committer import Committer
from myna.log.support import QUEUED_NOTICE, claimed_notice
from myna.log.writes import MoveTicket, Rouse, Stop
from myna.model.ticket import Owner, Ticket, TicketStatus
from myna.model.workspace import WorkspaceRole
from myna.ports.accounts import Accounts
from myna.ports.desk import Desk
from myna.rights import Principal, Verb, require
from myna.wire import user_object

REASON_CHARS = 64
MAX_PEOPLE = 1000
OPERATING = frozenset({WorkspaceRole.OWNER, WorkspaceRole.ADMIN, WorkspaceRole.OPERATOR})
"""Roles that answer customers."""


LEAVING_PAGE = 100
FORETELL_S = 3.0
"""How long the desk may think about what to promise; a hand-off waits no longer and promises nothing then."""
ASKED = "asked_for_human"
EXPECTED = "handoff.expected"
"""Code of the notice that says what to expect."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Foretold:
    """What is said with a hand-off."""

    summary: str | None = None
    """For the operator."""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """For the notice: `expected`, the sentence on waiting or opening hours."""
    offers: tuple[Mapping[str, Any], ...] = ()
    """Buttons under the notice."""
    text: str = ""
    """The whole notice in the customer's language, where there is something to expect."""


Foretell = Callable[[int, str, str | None], Awaitable[Foretold]]
"""What a hand-off says: by conversation, reason and the language of the customer's page."""


class Handoff:
    """The moves of a support conversation. `epoch`, when given, refuses a move that somebody else was faster to make.

    Every call returns the ticket after the move. Raises NotFound, Forbidden, or Conflict (`epoch_moved`); nothing is stored then.
    """

    def __init__(
        self, access: Access, accounts: Accounts, committer: Committer, hub: Hub, turn_delay_s: float
    ) -> None:
        self._access, self._accounts = access, accounts
        self._committer, self._hub, self._turn_delay_s = committer, hub, turn_delay_s
        self.foretell: Foretell | None = None
        """Says what a customer who asks for a person may expect, by conversation."""

    async def hand_off(
        self, principal: Principal, conversation: int, reason: str | None = None, lang: str | None = None
    ) -> Ticket:
        """Into the queue, for any operator to take.

        Who asks for a person is told what to expect, in `lang` if they have written nothing.
        """
        if reason is not None and (len(reason) > REASON_CHARS or not reason.isprintable()):
            raise Malformed(f"reason must be a code of at most {REASON_CHARS} printable characters.")
        await self._require(principal, conversation, Verb.HAND_OFF)
        reason = reason or ASKED
        told = await self._foretold(conversation, reason, lang)
        # Clients say what they know by its code; this one is in nobody's tables, so they show the text.
        notice = {"code": EXPECTED, "text": told.text} if told.text else QUEUED_NOTICE
        offers = {"offers": [dict(each) for each in told.offers]} if told.offers else {}
        move = MoveTicket(
            conversation,
            principal.user,
            Owner.QUEUE,
            reason=reason,
            summary=told.summary,
            notice={**notice, "data": {"reason": reason, **told.data}, **offers},
            partial=self._hub.streamed(conversation),
        )
        return await self._move(move)

    async def claim(self, principal: Principal, conversation: int, epoch: int | None = None) -> Ticket:
        """To this operator; whatever the agent was saying ends."""
        await self._require(principal, conversation, Verb.TAKE)
        data = await self._operator(principal)
        move = MoveTicket(
            conversation,
            principal.user,
            Owner.OPERATOR,
            owner_user=principal.user,
            owner_data=data,
            reason="operator_took_over",
            expected_epoch=epoch,
            notice=claimed_notice(data),
            partial=self._hub.streamed(conversation),
        )
        return await self._move(move)

    async def assign(
        self, principal: Principal, conversation: int, user: int, epoch: int | None = None
    ) -> Ticket:
        """To a colleague who answers customers. Raises Malformed when there is no such colleague."""
        await self._require(principal, conversation, Verb.TAKE)
        people = await self._accounts.humans(principal.workspace, MAX_PEOPLE)
        found = next((each for each in people if each.id == user and each.role in OPERATING), None)
        if found is None:
            raise Malformed(f"There is no operator {user} here to give it to.")
        data = user_object(found)
        move = MoveTicket(
            conversation,
            principal.user,
            Owner.OPERATOR,
            owner_user=user,
            owner_data=data,
            reason="assigned",
            expected_epoch=epoch,
            notice=claimed_notice(data),
            partial=self._hub.streamed(conversation),
        )
        return await self._move(move)

    async def release(
        self, principal: Principal, conversation: int, to: Owner, epoch: int | None = None
    ) -> Ticket:
        """Back to the agent or the queue. The agent answers at once what the customer asked last."""
        if to is Owner.OPERATOR:
            raise Malformed("Release to 'agent' or 'queue'; an operator claims for themselves.")
        await self._require(principal, conversation, Verb.TAKE)
        notice = {"code": "handoff.released", "text": "The automated agent answers again."}
        move = MoveTicket(
            conversation,
            principal.user,
            to,
            reason="released",
            expected_epoch=epoch,
            notice=notice if to is Owner.AGENT else QUEUED_NOTICE,
            partial=self._hub.streamed(conversation),
            turn_delay_s=0.0,
        )
        return await self._move(move)

    async def resolve(self, principal: Principal, conversation: int, epoch: int | None = None) -> Ticket:
        """Done. The customer's next message opens it again, with the agent."""
        await self._require(principal, conversation, Verb.TAKE)
        move = MoveTicket(
            conversation,
            principal.user,
            Owner.QUEUE,
            status=TicketStatus.RESOLVED,
            reason="resolved",
            expected_epoch=epoch,
            notice={"code": "ticket.resolved", "text": "This conversation was marked as resolved."},
            partial=self._hub.streamed(conversation),
        )
        return await self._move(move)

    async def stop(self, principal: Principal, conversation: int) -> None:
        """End whatever an agent is saying here, at its provider too; what was shown stays, as interrupted."""
        await self._require(principal, conversation, Verb.SEND)
        await self._committer.write(Stop(conversation, self._hub.streamed(conversation)))

    async def rouse(self, conversation: int) -> None:
        """Let the agent take a turn at once, if the conversation is its own."""
        await self._committer.write(Rouse(conversation))

    async def _foretold(self, conversation: int, reason: str, lang: str | None) -> Foretold:
        """Nothing where nobody can say, or where the customer knows: who left a message is not asked to leave one."""
        if self.foretell is None or reason != ASKED:
            return Foretold()
        try:
            async with asyncio.timeout(FORETELL_S):
                return await self.foretell(conversation, reason, lang)
        except (MynaError, TimeoutError) as failed:
            logger.warning("conversation %d is handed off without an outlook: %s", conversation, failed)
            return Foretold()

    async def _require(self, principal: Principal, conversation: int, verb: Verb) -> None:
        require(principal, verb, await self._access.seat(principal, conversation))

    async def _move(self, move: MoveTicket) -> Ticket:
        moved = await self._committer.write(move)
        assert isinstance(moved, Ticket)
        return moved

    async def _operator(self, principal: Principal) -> Mapping[str, Any]:
        user = await self._accounts.user(principal.user)
        return {} if user is None else user_object(user)


class Leaving:
    """What an operator who left owned goes back to the queue, where the others see it."""

    def __init__(self, desk: Desk, handoff: Handoff) -> None:
        self._desk, self._handoff = desk, handoff

    async def left(self, by: Principal, operator: int) -> None:
        """Release every conversation of the operator; one that somebody takes meanwhile stays theirs."""
        while True:
            mine = await self._desk.tickets(
                by.workspace, view="mine", operator=operator, before=None, limit=LEAVING_PAGE
            )
            released = 0
            for ticket, _ in mine:
                with suppress(Conflict):
                    await self._handoff.release(by, ticket.conversation, Owner.QUEUE, ticket.epoch)
                    released += 1
            if len(mine) < LEAVING_PAGE or not released:
                return
