"""Clicks on buttons, forms that were sent, and answers that were stopped: what members do with a bot's messages."""

import time
from collections.abc import Mapping
from typing import Any

from myna.deliver.frames import SignalFrame
from myna.errors import Conflict, NotFound
from myna.rights import Principal, Verb, require
from myna.services import Services
from myna.wire import signal, user_object
from myna_bots.host.feed import Feed
from myna_bots.host.model import NewEntry
from myna_bots.host.ports import BotStore, StateStore

SPACE = "click"
ANSWER_S = 3600.0
"""How long a bot may answer a click."""


class Interactions:
    """Puts what members do into the bot's log. When a call returns, the bot will hear of it, once."""

    def __init__(self, services: Services, store: BotStore, state: StateStore, feed: Feed) -> None:
        self._services, self._store, self._state, self._feed = services, store, state, feed

    async def message(self, principal: Principal, conversation: int, seq: int) -> dict[str, Any]:
        """A bot's message as the principal sees it.

        Raises:
            NotFound: there is none, or it is not a bot's.
        """
        seat = await self._services.access.seat(principal, conversation)
        require(principal, Verb.READ, seat)
        page = await self._services.directory.messages(principal, conversation, after=seq - 1, limit=1)
        found: list[dict[str, Any]] = page["messages"]
        if not found or found[0]["seq"] != seq:
            raise NotFound(f"There is no message {seq} that you can see.")
        bot = await self._store.bot(int(found[0]["sender"]))
        if bot is None or bot.disabled_at is not None:
            raise NotFound("No bot listens to this message.", code="no_bot")
        return found[0]

    async def put(
        self,
        principal: Principal,
        message: Mapping[str, Any],
        type_: str,
        data: Mapping[str, Any],
        key: str,
    ) -> str:
        """Tell the message's bot; the event's id. The same key again changes nothing."""
        user = await self._services.accounts.user(principal.user)
        assert user is not None
        bot, conversation = int(message["sender"]), int(message["conversation"])
        seat = await self._services.access.seat(principal, conversation)
        place = seat.conversation
        entry = NewEntry(
            bot,
            type_,
            conversation,
            {
                "user": user_object(user),
                "message": dict(message),
                "place": {"id": str(place.id), "kind": place.kind.value, "title": place.title},
                **data,
            },
            time.time(),
            f"{type_}:{principal.user}:{key}",
        )
        stored = await self._feed.append([entry])
        if not stored:
            return ""
        return f"{bot}.{stored[0].seq}"

    async def answer(
        self, bot: Principal, seq: int, *, text: str | None, alert: bool, url: str | None
    ) -> None:
        """Show something to whoever clicked.

        Raises:
            NotFound: there was no such click. Conflict: it was answered, or too long ago.
        """
        click = await self._feed.entry(bot.user, seq)
        if click is None or click.type != "action.clicked" or time.time() - click.at > ANSWER_S:
            raise NotFound("There is no click that could be answered.", code="no_such_click")
        if await self._state.get(bot.user, SPACE, str(seq), time.time()) is not None:
            raise Conflict("This click was answered before.", code="already_answered")
        await self._state.put(bot.user, SPACE, str(seq), {"answered": True}, time.time() + ANSWER_S)
        frame = signal(
            "action_answer",
            {
                "conversation": str(click.conversation),
                "seq": click.data["message"]["seq"],
                "text": text,
                "alert": alert,
                "url": url,
            },
        )
        await self._services.relay.signal(
            SignalFrame(bot.workspace, frame, users=(int(click.data["user"]["id"]),))
        )
