"""Conversations as a principal may see them: lists, heads and histories."""

import asyncio
from collections.abc import Sequence
from typing import Any

from myna.conversations.access import Access
from myna.conversations.shown import conversation_object, head_object
from myna.log.ports import Log
from myna.model.conversation import Conversation, ConversationKind, Member
from myna.model.service import TicketFilter
from myna.model.ticket import Ticket
from myna.model.workspace import User
from myna.ports.accounts import Accounts
from myna.ports.content import Personal
from myna.ports.conversations import Conversations, Crowds
from myna.ports.desk import Desk
from myna.rights import Principal, Seat, Verb, require
from myna.wire import event_object, message_object, ticket_object

SHOWN_MEMBERS = 200
"""Members that come with a conversation; larger groups are paged."""
PAGE = 200
"""Most messages, events or conversations in one answer."""
WIDE = TicketFilter()
SNAPSHOT_REVS = 2_000
"""A gap longer than this is answered with the newest state instead of every event."""


class Directory:
    """Reads conversations through a seat, so nothing below a member's floor and nothing foreign is ever shown."""

    def __init__(
        self,
        access: Access,
        accounts: Accounts,
        conversations: Conversations,
        desk: Desk,
        log: Log,
        personal: Personal,
        crowds: Crowds,
    ) -> None:
        self._access, self._accounts, self._conversations = access, accounts, conversations
        self._desk, self._log, self._personal, self._crowds = desk, log, personal, crowds

    async def one(self, principal: Principal, conversation: int) -> dict[str, Any]:
        """A conversation with members, ticket and last message."""
        seat = await self._access.fresh_seat(principal, conversation)
        shown = await self._shown(principal, [(seat.conversation, seat.member)], members=True)
        return shown[0]

    async def mine(
        self, principal: Principal, before_pos: int | None, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """The principal's conversations, latest change first, and where the next page begins."""
        limit = min(limit, PAGE)
        found = await self._conversations.newest(principal.user, before_pos=before_pos, limit=limit)
        shown = await self._shown(principal, list(found), members=len(found) <= PAGE)
        return shown, found[-1][0].last_pos if len(found) == limit else None

    async def tickets(
        self,
        principal: Principal,
        view: str,
        before: tuple[float, int] | None,
        limit: int,
        narrowed: TicketFilter = WIDE,
    ) -> tuple[list[dict[str, Any]], dict[str, int], tuple[float, int] | None]:
        """Tickets of a view with their conversations, the counts of all views, and where the next page begins."""
        require(principal, Verb.OPERATE)
        limit = min(limit, PAGE)
        found = await self._desk.tickets(
            principal.workspace,
            view=view,
            operator=principal.user,
            before=before,
            limit=limit,
            narrowed=narrowed,
        )
        places = [(conversation, None) for _, conversation in found]
        shown = await self._shown(
            principal, places, members=True, tickets={t.conversation: t for t, _ in found}
        )
        made = [
            {**ticket_object(ticket), "conversation_detail": detail}
            for (ticket, _), detail in zip(found, shown, strict=True)
        ]
        counts = await self._desk.counts(principal.workspace, principal.user)
        last = found[-1][1] if len(found) == limit else None
        return made, counts, (last.changed_at, last.id) if last is not None else None

    async def messages(
        self,
        principal: Principal,
        conversation: int,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
        thread: int | None = None,
    ) -> dict[str, Any]:
        """A page of messages in ascending order, never below the floor of the principal's seat."""
        seat = await self._access.fresh_seat(principal, conversation)
        require(principal, Verb.READ, seat)
        limit = max(1, min(limit, PAGE))
        found = await self._log.messages(
            conversation,
            floor=seat.floor,
            before=before,
            after=after,
            limit=limit,
            hides_for=seat.hides_for,
            thread=thread,
        )
        return {
            "messages": [message_object(each) for each in found],
            "floor_seq": seat.floor,
            "head_seq": seat.conversation.seq,
        }

    async def page(
        self, principal: Principal, conversation: int, after_rev: int, limit: int
    ) -> dict[str, Any]:
        """Events after a cursor, or an explicit snapshot of the newest messages when the gap is too long."""
        seat = await self._access.fresh_seat(principal, conversation)
        require(principal, Verb.READ, seat)
        head = seat.conversation.rev
        page: dict[str, Any] = {
            "conversation": str(conversation),
            "from_rev": after_rev,
            "head_rev": head,
            "floor_seq": seat.floor,
        }
        if head - after_rev > SNAPSHOT_REVS:
            newest = await self._log.messages(
                conversation,
                floor=seat.floor,
                before=None,
                after=None,
                limit=PAGE,
                hides_for=seat.hides_for,
            )
            return {
                **page,
                "events": [],
                "snapshot": {"rev": head, "messages": [message_object(m) for m in newest]},
            }
        events = await self._log.events(
            conversation,
            after_rev=after_rev,
            floor=seat.floor,
            limit=max(1, min(limit, PAGE)),
            hides_for=seat.hides_for,
        )
        return {**page, "events": [event_object(each) for each in events]}

    async def heads(
        self, principal: Principal, after_pos: int, limit: int
    ) -> tuple[list[dict[str, Any]], int, bool]:
        """What moved since a cursor: the heads of my conversations, the new cursor, and whether there is more."""
        limit = max(1, min(limit, PAGE))
        support_of = principal.workspace if principal.operator else None
        found = await self._conversations.changed(
            principal.user, support_of=support_of, after_pos=after_pos, limit=limit
        )
        heads = [head_object(conversation, member) for conversation, member in found]
        more = len(found) == limit
        return heads, found[-1][0].last_pos if found else after_pos, more

    async def newest_heads(self, principal: Principal, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """The heads of the conversations that changed last, for a session that begins."""
        found = await self._conversations.changed(
            principal.user,
            support_of=principal.workspace if principal.operator else None,
            after_pos=0,
            limit=limit,
            newest_first=True,
        )
        return [head_object(conversation, member) for conversation, member in found], len(found) == limit

    async def seats_of(self, principal: Principal) -> dict[int, int]:
        """Every conversation in which the user has a seat with the first readable message, to subscribe a session."""
        seats: dict[int, int] = {}
        pos = 0
        while True:
            found = await self._conversations.changed(
                principal.user, support_of=None, after_pos=pos, limit=1000
            )
            seats.update(
                (conversation.id, Seat(conversation, member, False).floor)
                for conversation, member in found
                if member is not None
            )
            if len(found) < 1000:
                return seats
            pos = found[-1][0].last_pos

    async def seat(self, principal: Principal, conversation: int) -> Seat:
        """The principal's seat."""
        return await self._access.seat(principal, conversation)

    async def users(self, principal: Principal, wanted: Sequence[int]) -> list[User]:
        """Users by id: operators see their workspace, others those of the conversations that they share."""
        found = await self._accounts.users(list(wanted)[:PAGE], principal.workspace)
        if principal.operator:
            return found
        shared = {principal.user, *await self._crowds.acquainted(principal.user, [user.id for user in found])}
        return [user for user in found if user.id in shared]

    async def _shown(
        self,
        principal: Principal,
        places: Sequence[tuple[Conversation, Member | None]],
        *,
        members: bool,
        tickets: dict[int, Ticket] | None = None,
    ) -> list[dict[str, Any]]:
        # A bot may be somewhere without reading there, so a list of places shows it no messages.
        shown = [] if principal.scopes is not None else [place.id for place, _ in places]
        everywhere = [place.id for place, _ in places]
        known = [seat for _, seat in places if seat is not None]
        # None of these needs another's answer, and waiting for each in turn was a third of the time.
        last, present, calls, found, unread = await asyncio.gather(
            self._conversations.last_messages(shown),
            self._conversations.members_of(everywhere if members else [], SHOWN_MEMBERS),
            self._personal.mention_counts(principal.user, everywhere),
            self._accounts.inboxes(principal.workspace),
            self._conversations.unread(known),
        )
        inboxes = {inbox.id: inbox for inbox in found}
        everybody = [present.get(place.id, []) for place, _ in places]
        seats = [
            seat or next((member for member, user in people if user.id == principal.user), None)
            for (_, seat), people in zip(places, everybody, strict=True)
        ]
        if len(known) < len(places):
            unread = await self._conversations.unread([seat for seat in seats if seat is not None])
        made: list[dict[str, Any]] = []
        for (place, _), people, mine in zip(places, everybody, seats, strict=True):
            ticket = (tickets or {}).get(place.id)
            if ticket is None and place.kind is ConversationKind.SUPPORT:
                ticket = await self._desk.ticket(place.id)
            inbox = inboxes.get(place.inbox) if place.inbox is not None else None
            made.append(
                conversation_object(place, people, ticket, inbox, mine, last.get(place.id), unread, calls)
            )
        return made
