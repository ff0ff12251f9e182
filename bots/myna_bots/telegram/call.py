"""One call of a method: who calls, with what, and what every method needs to look up."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from myna.errors import NotFound
from myna.model.conversation import Conversation, ConversationKind, Member
from myna.model.message import Ack, Message
from myna.model.workspace import User
from myna.rights import Principal, Seat
from myna.wire import message_object
from myna_bots.host.model import Bot
from myna_bots.host.platform import BotPlatform
from myna_bots.telegram import objects
from myna_bots.telegram.errors import TelegramError, bad
from myna_bots.telegram.ids import conversation_id, seq_of
from myna_bots.telegram.params import Params

MAX_TEXT, MAX_CAPTION = 4096, 1024


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as a bot names it."""

    place: Conversation
    seat: Seat
    other: User | None
    """The user of a private chat."""

    def json(self) -> dict[str, Any]:
        """`Chat`."""
        if self.other is not None:
            return objects.private_chat(objects.user(self.other))
        return objects.chat(self.place)


class Speaking(Protocol):
    """Where a message goes beside its chat."""

    async def thread(self, call: "Call", chat: Chat) -> int | None:
        """The thread that a call speaks in."""
        ...

    async def whispered(self, call: "Call", chat: Chat, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """`Message`, when it was for one member alone and is said; None when it is for everybody."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A call being answered."""

    platform: BotPlatform
    principal: Principal
    bot: Bot
    params: Params
    speaking: "Speaking"

    async def chat(self, name: str = "chat_id") -> Chat:
        """The chat that a parameter names.

        Raises:
            TelegramError: `chat not found`, or the bot is no member of it.
        """
        given = self.params.text(name)
        if given is None or given == "":
            raise bad("chat_id is empty")
        if given.startswith("@") or not given.lstrip("-").isdecimal() or len(given) > 20:
            raise bad("chat not found")
        number = int(given)
        if number > 0:
            return await self._private(number)
        return await self.place(conversation_id(number))

    async def place(self, conversation: int) -> Chat:
        """The chat of a conversation."""
        services = self.platform.services
        try:
            seat = await services.access.fresh_seat(self.principal, conversation)
        except NotFound:
            known = await self.platform.conversations.member(conversation, self.bot.user)
            if known is not None:
                raise TelegramError(403, "bot is not a member of the supergroup chat") from None
            raise bad("chat not found") from None
        if not seat.scopes:
            raise TelegramError(403, "bot was kicked from the supergroup chat")
        other: User | None = None
        if seat.conversation.kind is ConversationKind.DIRECT:
            people = await self.platform.conversations.members(conversation, 2)
            other = next((found for _, found in people if found.id != self.bot.user), None)
        return Chat(seat.conversation, seat, other)

    async def _private(self, user: int) -> Chat:
        known = await self.platform.conversations.direct_conversation(self.bot.user, user)
        if known is None:
            found = await self.platform.services.accounts.user(user)
            if found is None or found.workspace != self.bot.workspace:
                raise bad("chat not found")
            raise TelegramError(403, "bot can't initiate conversation with a user")
        return await self.place(known.id)

    async def user(self, name: str = "user_id") -> User:
        """The user that a parameter names."""
        found = await self.platform.services.accounts.user(self.params.need_integer(name))
        if found is None or found.workspace != self.bot.workspace:
            raise bad("user not found")
        return found

    async def seat_of(self, chat: Chat, user: int) -> Member | None:
        """A user's seat in a chat."""
        return await self.platform.conversations.member(chat.place.id, user)

    async def message(self, chat: Chat, seq: int, missing: str) -> Message:
        """A message of a chat, by any of its ids; one that is not there raises `missing`."""
        seq = seq_of(seq)
        found = await self.platform.message(chat.place.id, seq)
        if found is None or seq < chat.seat.floor or found.state == "recalled":
            raise bad(missing)
        return found

    async def json_of(self, found: Message, chat: Chat, *, nested: bool = True) -> dict[str, Any]:
        """`Message` of a stored message."""
        sender = await self.platform.services.accounts.user(found.sender)
        replied: Mapping[str, Any] | None = None
        if nested and found.reply_to is not None:
            answered = await self.platform.message(chat.place.id, found.reply_to)
            if answered is not None:
                replied = await self.json_of(answered, chat, nested=False)
        who = None if sender is None else objects.user(sender)
        return objects.message(message_object(found), chat.json(), who, replied)

    async def reply_to(self, chat: Chat) -> int | None:
        """The message that is answered, from `reply_parameters` or the older `reply_to_message_id`."""
        given = self.params.object("reply_parameters") or {}
        seq = given.get("message_id", self.params.integer("reply_to_message_id"))
        if seq is None or seq == 0:
            return None
        lenient = bool(given.get("allow_sending_without_reply")) or self.params.flag(
            "allow_sending_without_reply"
        )
        try:
            return (await self.message(chat, int(seq), "message to be replied not found")).seq
        except (TelegramError, ValueError, TypeError):
            if lenient:
                return None
            raise bad("message to be replied not found") from None

    async def send(
        self,
        chat: Chat,
        text: str,
        parts: Mapping[str, Any],
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> dict[str, Any]:
        """Send a message on the one road, or to one member alone when the call says so; `Message`."""
        thread = thread or await self.speaking.thread(self, chat)
        whispered = await self.speaking.whispered(self, chat, {"text": text, **parts})
        if whispered is not None:
            return whispered
        ack: Ack = await self.platform.services.sender.send(
            self.principal,
            chat.place.id,
            f"tg-{uuid.uuid4().hex}",
            {"text": text},
            reply_to,
            thread,
            parts=parts,
        )
        if ack.seq is None:
            raise bad("MESSAGE_HELD_FOR_REVIEW")
        stored = await self.platform.message(chat.place.id, ack.seq)
        assert stored is not None
        return await self.json_of(stored, chat)

    def settings(self) -> dict[str, Any]:
        """What this surface remembers of the bot."""
        return dict(self.bot.settings.get("telegram", {}))

    async def remember(self, **values: Any) -> None:
        """Keep settings; None forgets one."""
        kept = {key: each for key, each in {**self.settings(), **values}.items() if each is not None}
        await self.platform.store.change(self.bot.user, {"settings": {**self.bot.settings, "telegram": kept}})


Method = Callable[[Call], Awaitable[Any]]
METHODS: dict[str, Method] = {}
"""Methods by name in small letters."""


def method(*names: str) -> Callable[[Method], Method]:
    """Register a method under its names."""

    def register(run: Method) -> Method:
        for name in names:
            METHODS[name.lower()] = run
        return run

    return register
