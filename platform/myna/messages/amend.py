"""What members do to messages after they were sent: edit, recall, react, pin, and read what was done."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from myna.conversations.access import Access
from myna.errors import Malformed, NotFound, Refused
from myna.log.committer import Committer
from myna.log.ports import Log
from myna.log.writes import Edit, Pin, React, Recall
from myna.messages.compose import check_client_id, check_text
from myna.messages.send import Sender
from myna.model.message import Ack, MessageKind
from myna.model.moderation import Action
from myna.ports.content import Marks
from myna.rights import Principal, Seat, Verb, require
from myna.wire import message_object, stamp

MAX_EMOJI_CHARS = 32
REACTORS = 200
"""Most users in the answer to who reacted."""
_EMOJI = re.compile(r":[a-z0-9_+-]{1,30}:|[^\s\w\x00-\x7f][^\s\x00-\x7f]*|[0-9#*]\ufe0f?\u20e3")


class Amender:
    """Changes of messages. When one returns, it is durable and everybody hears of it as an event with a `rev`.

    Each takes a `client_id`: the same change again gives the first result, another change under it is a conflict.
    """

    def __init__(self, access: Access, sender: Sender, committer: Committer, log: Log, marks: Marks) -> None:
        self._access, self._sender, self._committer = access, sender, committer
        self._log, self._marks = log, marks

    async def edit(
        self,
        principal: Principal,
        conversation: int,
        client_id: str,
        seq: int,
        body: Mapping[str, Any],
        *,
        parts: Mapping[str, Any] | None = None,
    ) -> Ack:
        """Give an own message other words; they are judged like new ones. `parts` as in `Sender.judged`.

        Raises:
            Malformed, TooLarge: the text has the wrong shape.
            Forbidden: it is somebody else's, or too old to edit here.
            Refused: policy blocks the new words; the message stays as it was.
            Conflict: it was recalled or is still being written, or the client_id was used for another change.
        """
        check_client_id(client_id)
        text = check_text(body)
        seat = await self._seat(principal, conversation, Verb.EDIT)
        verdict = await self._sender.judge(principal, seat, text, client_id)
        if verdict is not None and verdict.action in {Action.BLOCK, Action.HOLD}:
            reasons = [each.code for each in verdict.reasons]
            raise Refused("These words are refused by the rules of this place.", extra={"reasons": reasons})
        return await self._write(
            Edit(conversation, principal.user, client_id, seq, seat.observer, {"text": text, **(parts or {})})
        )

    async def recall(self, principal: Principal, conversation: int, client_id: str, seq: int) -> Ack:
        """Take a message back for everybody: an own one, or any as a moderator. Its seq stays, its words go."""
        check_client_id(client_id)
        seat = await self._seat(principal, conversation, Verb.RECALL)
        return await self._write(Recall(conversation, principal.user, client_id, seq, seat.observer))

    async def react(
        self, principal: Principal, conversation: int, client_id: str, seq: int, emoji: str, on: bool
    ) -> Ack:
        """Put a reaction on a message or take it off."""
        check_client_id(client_id)
        if len(emoji) > MAX_EMOJI_CHARS or not _EMOJI.fullmatch(emoji):
            raise Malformed(f"{emoji[:40]!r} is no emoji; use one character or a name like ':myna:'.")
        seat = await self._seat(principal, conversation, Verb.REACT)
        return await self._write(
            React(conversation, principal.user, client_id, seq, seat.observer, emoji, on)
        )

    async def pin(self, principal: Principal, conversation: int, client_id: str, seq: int, on: bool) -> Ack:
        """Pin a message for everybody or take the pin off."""
        check_client_id(client_id)
        seat = await self._seat(principal, conversation, Verb.PIN)
        return await self._write(Pin(conversation, principal.user, client_id, seq, seat.observer, on))

    async def pins(self, principal: Principal, conversation: int) -> list[dict[str, Any]]:
        """The pinned messages that the principal may see, newest pin first."""
        seat = await self._access.fresh_seat(principal, conversation)
        found = await self._marks.pins(conversation, floor=seat.floor, hides_for=seat.hides_for)
        return [
            {"pinned_by": str(user), "pinned_at": stamp(at), "message": message_object(message)}
            for message, user, at in found
        ]

    async def versions(self, principal: Principal, conversation: int, seq: int) -> list[dict[str, Any]]:
        """What a message said before its edits, oldest first."""
        await self._visible(principal, conversation, seq)
        return [
            {"rev": rev, "body": body, "replaced_by": str(user), "replaced_at": stamp(at)}
            for rev, body, user, at in await self._marks.versions(conversation, seq)
        ]

    async def reactions(self, principal: Principal, conversation: int, seq: int) -> list[dict[str, Any]]:
        """Who reacted with what, oldest first."""
        await self._visible(principal, conversation, seq)
        return [
            {"emoji": emoji, "user": str(user), "at": stamp(at)}
            for emoji, user, at in await self._marks.reactions(conversation, seq, REACTORS)
        ]

    async def marks(self, seat: Seat, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What comes with a page of message objects: my reactions and the threads that begin there, by seq."""
        reacted = [each["seq"] for each in messages if each.get("reactions")]
        mine = await self._marks.reactions_of(seat.hides_for, seat.conversation.id, reacted)
        roots = [
            each["seq"]
            for each in messages
            if each.get("thread") is None and each["kind"] == MessageKind.TEXT
        ]
        threads = await self._marks.threads(seat.conversation.id, roots)
        return {
            "my_reactions": {str(seq): emojis for seq, emojis in mine.items()},
            "threads": {
                str(seq): {"replies": replies, "last_seq": last}
                for seq, (replies, last) in threads.items()
                if last >= seat.floor
            },
        }

    async def _visible(self, principal: Principal, conversation: int, seq: int) -> None:
        seat = await self._access.fresh_seat(principal, conversation)
        found = await self._log.messages(
            conversation,
            floor=max(seat.floor, seq),
            before=seq + 1,
            after=None,
            limit=1,
            hides_for=seat.hides_for,
        )
        if not found or found[0].seq != seq:
            raise NotFound(f"There is no message {seq} here that you can see.", code="no_such_message")

    async def _seat(self, principal: Principal, conversation: int, verb: Verb) -> Seat:
        seat = await self._access.seat(principal, conversation)
        require(principal, verb, seat)
        return seat

    async def _write(self, write: Edit | Recall | React | Pin) -> Ack:
        ack = await self._committer.write(write)
        assert isinstance(ack, Ack)
        return ack
