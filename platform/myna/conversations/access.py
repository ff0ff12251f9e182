"""A principal's seat in a conversation, found once and remembered until somebody joins or leaves."""

from collections.abc import Awaitable, Callable

from myna.deliver.frames import EventFrame
from myna.errors import NotFound
from myna.model.conversation import Conversation, Member
from myna.ports.conversations import Conversations
from myna.rights import Principal, Seat, sees
from myna.together import Together

CACHED_SEATS = 50_000
"""Seats that are remembered. Overflow rule: all are forgotten. The commit checks membership again in its transaction."""


SEATS_TOGETHER = 200
"""Seats in one read, when many clients begin at once."""


class Access:
    """Loads conversations only through the asker's eyes: what it may not see is not found."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._places: Together[tuple[int, int], tuple[Conversation, Member | None]] = Together(
            conversations.seats, SEATS_TOGETHER
        )
        self._seats: dict[int, dict[int, Seat]] = {}
        self._count = 0
        self.grants: Callable[[int, int], Awaitable[frozenset[str]]] = _nothing
        """What a conversation grants a bot: (conversation, bot) to scopes."""

    async def seat(self, principal: Principal, conversation: int) -> Seat:
        """The principal's seat; its conversation is as it was when the seat was found.

        Raises:
            NotFound: there is no such conversation, or it is not visible to the principal.
        """
        cached = self._seats.get(conversation, {}).get(principal.user)
        if cached is not None and principal.scopes is None:
            return cached
        return await self.fresh_seat(principal, conversation)

    def known_seat(self, principal: Principal, conversation: int) -> Seat | None:
        """The seat if it is remembered, without waiting for anything."""
        return self._seats.get(conversation, {}).get(principal.user)

    async def fresh_seat(self, principal: Principal, conversation: int) -> Seat:
        """The seat with the conversation as it is now."""
        place = await self._places.find((conversation, principal.user))
        found, member = (None, None) if place is None else place
        if found is None or not sees(principal, found, member):
            raise NotFound(f"There is no conversation {conversation} that you can see.")
        present = member if member is not None and member.to_seq is None else None
        if principal.scopes is not None:
            # Not remembered: what a bot may do here can be taken from it at any moment.
            return Seat(found, present, False, await self.grants(conversation, principal.user))
        seat = Seat(found, present, principal.operator)
        if self._count >= CACHED_SEATS:
            self._seats.clear()
            self._count = 0
        self._seats.setdefault(conversation, {})[principal.user] = seat
        self._count += 1
        return seat

    async def somewhere(self, principal: Principal, conversation: int) -> Conversation:
        """A conversation of the principal's workspace, whether it has a seat there or not: only to come in.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._conversations.find(conversation, principal.workspace)
        if found is None:
            raise NotFound(f"There is no conversation {conversation} that you can see.")
        return found

    async def fresh_member(self, conversation: int, user: int) -> Member | None:
        """A user's seat as it is now; the caller has checked that it may be seen."""
        return await self._conversations.member(conversation, user)

    def forget(self, conversation: int) -> None:
        """Look the seats of a conversation up again."""
        self._count -= len(self._seats.pop(conversation, {}))

    def heard(self, event: EventFrame) -> None:
        """Forget the seats of a conversation in which seats or rules changed."""
        if event.reseats or event.joined or event.left:
            self.forget(event.conversation)
        if event.hides:
            self.forget(event.hides)


async def _nothing(_conversation: int, _bot: int) -> frozenset[str]:
    return frozenset()
