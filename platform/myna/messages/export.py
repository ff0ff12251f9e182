"""A conversation as a file: everything that who exports it may see, line by line."""

from collections.abc import AsyncIterator
from typing import Any

from myna.conversations.access import Access
from myna.log.ports import Log
from myna.ports.content import Seats
from myna.rights import Principal, Verb, require
from myna.wire import encode, member_object, message_object, stamp

PAGE = 200


class Export:
    """Writes conversations out. It reads page by page, so its size does not matter."""

    def __init__(self, access: Access, log: Log, seats: Seats) -> None:
        self._access, self._log, self._seats = access, log, seats

    async def begin(self, principal: Principal, conversation: int) -> AsyncIterator[bytes]:
        """Lines of JSON: the conversation, its members, its messages from the exporter's floor on.

        Raises:
            NotFound, Forbidden: the conversation is not visible, or may not be exported; before the first line.
        """
        seat = await self._access.fresh_seat(principal, conversation)
        require(principal, Verb.EXPORT, seat)
        return self._lines(principal, conversation)

    async def _lines(self, principal: Principal, conversation: int) -> AsyncIterator[bytes]:
        seat = await self._access.fresh_seat(principal, conversation)
        place = seat.conversation
        yield _line(
            "conversation",
            {
                "id": str(place.id),
                "kind": place.kind,
                "title": place.title,
                "created_at": stamp(place.created_at),
                "from_seq": seat.floor,
                "to_seq": place.seq,
            },
        )
        after: tuple[float, int] | None = None
        while people := await self._seats.page(conversation, after=after, limit=PAGE):
            for each in people:
                yield _line("member", member_object(*each))
            after = (people[-1][0].joined_at, people[-1][0].user)
        reached = seat.floor - 1
        while True:
            # Looked up again for each page: who lost its seat meanwhile gets no further one.
            seat = await self._access.fresh_seat(principal, conversation)
            found = await self._log.messages(
                conversation,
                floor=seat.floor,
                before=place.seq + 1,
                after=reached,
                limit=PAGE,
                hides_for=seat.hides_for,
            )
            for message in found:
                yield _line("message", message_object(message))
            if len(found) < PAGE:
                return
            reached = found[-1].seq


def _line(name: str, value: dict[str, Any]) -> bytes:
    return encode({name: value}) + b"\n"
