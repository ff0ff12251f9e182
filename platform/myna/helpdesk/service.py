"""The verbs of the service desk."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from myna.conversations.access import Access
from myna.errors import Conflict, Malformed, NotFound
from myna.helpdesk.checks import checked, checked_name
from myna.helpdesk.clocks import clocks
from myna.helpdesk.hours import check_hours, is_open, next_opening
from myna.helpdesk.model import (
    Clock,
    Hours,
    InboxDesk,
    Item,
    ItemKind,
    OperatorState,
    Team,
)
from myna.helpdesk.ports import HelpdeskStore
from myna.helpdesk.queue import choose, expected_wait_s
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.ports import Log
from myna.log.support import claimed_notice
from myna.log.writes import MoveTicket
from myna.model.ticket import Owner, Ticket
from myna.model.workspace import UserKind
from myna.ports.accounts import Accounts
from myna.ports.desk import Desk
from myna.rights import Principal, Verb, require
from myna.wire import user_object

MAX_CAPACITY = 100


class Helpdesk:
    """Teams, availability, macros, labels, promises, and the queue's order.

    Every call names who asks; raises Forbidden or NotFound as the platform does, Malformed with what is wrong; nothing was
    stored then.
    """

    def __init__(
        self,
        access: Access,
        accounts: Accounts,
        desk: Desk,
        log: Log,
        store: HelpdeskStore,
        committer: Committer,
    ) -> None:
        self._access, self._accounts, self._desk, self._log = access, accounts, desk, log
        self._store, self._committer = store, committer

    async def teams(self, principal: Principal) -> list[Team]:
        """All teams."""
        require(principal, Verb.OPERATE)
        return await self._store.teams(principal.workspace)

    async def put_team(
        self, principal: Principal, name: str, members: Sequence[int], team: int | None = None
    ) -> Team:
        """A new team, or the team `team` with this name and these members."""
        require(principal, Verb.ADMINISTER)
        if team is not None and team not in {
            each.id for each in await self._store.teams(principal.workspace)
        }:
            raise NotFound(f"There is no team {team}.")
        found = await self._accounts.users(list(members), principal.workspace)
        people = sorted(user.id for user in found if user.kind is UserKind.HUMAN)
        if len(people) != len(set(members)):
            raise NotFound("Some of these people do not exist here.")
        made = Team(team or new_id(), principal.workspace, checked_name(name), tuple(people))
        await self._store.put_team(made)
        return made

    async def delete_team(self, principal: Principal, team: int) -> None:
        """Delete a team."""
        require(principal, Verb.ADMINISTER)
        if not await self._store.delete_team(principal.workspace, team):
            raise NotFound(f"There is no team {team}.")

    async def operators(self, principal: Principal) -> list[tuple[OperatorState, int]]:
        """Who is available, each with the number of conversations owned now."""
        require(principal, Verb.OPERATE)
        load = await self._store.load(principal.workspace)
        return [(each, load.get(each.user, 0)) for each in await self._store.operators(principal.workspace)]

    async def available(self, principal: Principal, on: bool, capacity: int) -> OperatorState:
        """Say whether the asker takes conversations, and how many at once."""
        require(principal, Verb.OPERATE)
        if not 1 <= capacity <= MAX_CAPACITY:
            raise Malformed(f"capacity is {capacity}; use 1 to {MAX_CAPACITY}.")
        state = OperatorState(principal.user, principal.workspace, on, capacity)
        await self._store.put_operator(state)
        return state

    async def staffing(self, principal: Principal, inbox: int) -> InboxDesk:
        """How an inbox is staffed."""
        require(principal, Verb.OPERATE)
        await self._inbox(principal, inbox)
        return await self._store.inbox(inbox, principal.workspace) or InboxDesk(inbox, principal.workspace)

    async def staff(self, principal: Principal, desk: InboxDesk) -> InboxDesk:
        """Set how an inbox is staffed."""
        require(principal, Verb.ADMINISTER)
        await self._inbox(principal, desk.inbox)
        check_hours(desk.hours)
        if desk.team is not None and desk.team not in {
            t.id for t in await self._store.teams(principal.workspace)
        }:
            raise NotFound(f"There is no team {desk.team}.")
        await self._store.put_inbox(desk)
        return desk

    async def items(self, principal: Principal, kind: ItemKind) -> list[Item]:
        """Macros or labels."""
        require(principal, Verb.OPERATE)
        return await self._store.items(principal.workspace, kind)

    async def item(self, principal: Principal, kind: ItemKind, item: int) -> Item:
        """One of them."""
        found = next((each for each in await self.items(principal, kind) if each.id == item), None)
        if found is None:
            raise NotFound(f"There is no {kind} {item}.")
        return found

    async def put_item(
        self,
        principal: Principal,
        kind: ItemKind,
        name: str,
        body: Mapping[str, Any],
        item: int | None = None,
    ) -> Item:
        """A new macro or label, or another content for `item`."""
        require(principal, Verb.OPERATE)
        if item is not None:
            await self.item(principal, kind, item)
        made = Item(item or new_id(), principal.workspace, kind, checked_name(name), checked(kind, body))
        await self._store.put_item(made)
        return made

    async def delete_item(self, principal: Principal, item: int) -> None:
        """Delete a macro or a label."""
        require(principal, Verb.OPERATE)
        if not await self._store.delete_item(principal.workspace, item):
            raise NotFound(f"There is nothing with the id {item}.")

    async def set_label(self, principal: Principal, conversation: int, label: int, on: bool) -> list[int]:
        """Put a label on a conversation or take it off; the labels that it has then."""
        require(principal, Verb.TAKE, await self._access.seat(principal, conversation))
        await self.item(principal, ItemKind.LABEL, label)
        await self._store.set_label(conversation, label, on)
        return (await self._store.labels_of([conversation])).get(conversation, [])

    async def labels(self, principal: Principal, conversations: Sequence[int]) -> dict[int, list[int]]:
        """The labels of conversations."""
        require(principal, Verb.OPERATE)
        return await self._store.labels_of(conversations)

    async def expectation(self, principal: Principal, conversation: int) -> dict[str, Any]:
        """What a customer may expect now: whether people are there, when next, the place in the queue and the wait."""
        await self._access.seat(principal, conversation)
        return await self.outlook(conversation)

    async def outlook(self, conversation: int) -> dict[str, Any]:
        """The same for whoever may speak for the desk: an agent that hands over."""
        ticket = await self._ticket(conversation)
        desk = await self._staffed(ticket)
        now = time.time()
        opens = is_open(desk.hours, now)
        queue = [
            each.conversation
            for each in await self._store.waiting(ticket.workspace, 1000)
            if each.inbox == ticket.inbox
        ]
        ahead = queue.index(conversation) if conversation in queue else len(queue)
        free = await self._free(desk)
        stays = await self._store.stays(ticket.workspace, ticket.inbox, 50)
        wait = expected_wait_s(stays, ahead, free) if opens else None
        return {
            "open": opens,
            "timezone": desk.hours.timezone,
            "opens_at": None if opens else next_opening(desk.hours, now),
            "ahead": ahead,
            "wait_s": None if wait is None else round(wait),
            "people": free,
        }

    async def calendar(self, conversation: int) -> tuple[Ticket, Hours] | None:
        """The ticket of a conversation and the opening hours of its inbox; None outside of support."""
        ticket = await self._desk.ticket(conversation)
        return None if ticket is None else (ticket, (await self._staffed(ticket)).hours)

    async def hours(self, inbox: int, workspace: int) -> tuple[bool, float | None]:
        """Whether people answer in an inbox now, and when they do next; None when they do now or nobody knows."""
        desk = await self._store.inbox(inbox, workspace) or InboxDesk(inbox, workspace)
        now = time.time()
        opens = is_open(desk.hours, now)
        return opens, None if opens else next_opening(desk.hours, now)

    async def clocks(self, principal: Principal, conversation: int) -> list[Clock]:
        """The promises on a conversation, by its inbox."""
        require(principal, Verb.TAKE, await self._access.seat(principal, conversation))
        ticket = await self._ticket(conversation)
        desk = await self._staffed(ticket)
        messages = await self._log.messages(conversation, floor=1, before=None, after=None, limit=200)
        return clocks(ticket, messages, desk.hours, desk.promise, time.time())

    async def assign(self, limit: int = 100) -> int:
        """Give waiting conversations to free operators, longest waiting first; how many were given.

        Any number of processes may do this at once: the ticket's epoch lets only one of them through.
        """
        given = 0
        for ticket in await self._store.waiting(None, limit):
            operators = await self._store.operators(ticket.workspace)
            load = await self._store.load(ticket.workspace)
            # Last of all: who came after it was said that nobody is to be assigned must not be.
            desk = await self._staffed(ticket)
            if not desk.assign or not is_open(desk.hours, time.time()):
                continue
            chosen = choose(operators, load, await self._members(desk))
            if chosen is not None and await self._give(ticket, chosen.user):
                given += 1
        return given

    async def _give(self, ticket: Ticket, operator: int) -> bool:
        user = await self._accounts.user(operator)
        if user is None:
            return False
        data = user_object(user)
        move = MoveTicket(
            ticket.conversation,
            operator,
            Owner.OPERATOR,
            owner_user=operator,
            owner_data=data,
            reason="assigned",
            expected_epoch=ticket.epoch,
            notice=claimed_notice(data),
        )
        try:
            await self._committer.write(move)
        except Conflict:
            return False
        return True

    async def _free(self, desk: InboxDesk) -> int:
        load = await self._store.load(desk.workspace)
        team = await self._members(desk)
        return sum(
            max(0, each.capacity - load.get(each.user, 0))
            for each in await self._store.operators(desk.workspace)
            if each.available and (team is None or each.user in team)
        )

    async def _members(self, desk: InboxDesk) -> tuple[int, ...] | None:
        teams = {each.id: each for each in await self._store.teams(desk.workspace)}
        return teams[desk.team].members if desk.team in teams else None

    async def _staffed(self, ticket: Ticket) -> InboxDesk:
        return await self._store.inbox(ticket.inbox, ticket.workspace) or InboxDesk(
            ticket.inbox, ticket.workspace
        )

    async def _ticket(self, conversation: int) -> Ticket:
        ticket = await self._desk.ticket(conversation)
        if ticket is None:
            raise NotFound(f"Conversation {conversation} has no ticket.")
        return ticket

    async def _inbox(self, principal: Principal, inbox: int) -> None:
        if inbox not in {each.id for each in await self._accounts.inboxes(principal.workspace)}:
            raise NotFound(f"There is no inbox {inbox}.")
