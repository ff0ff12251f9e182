"""Inline mode: somebody asks a bot from any conversation, gets results, and sends one of them as their own message."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from myna.errors import MynaError, NotFound
from myna.rights import Principal, Verb, require
from myna.services import Services
from myna.wire import user_object
from myna_bots.host.feed import Feed
from myna_bots.host.model import Bot, NewEntry
from myna_bots.host.ports import BotLog, BotStore, StateStore

SPACE = "inline"
ANSWER_S = 10.0
"""How long a bot may think."""
KEPT_S = 3600.0
"""How long a result can be chosen."""
LOOK_S = 0.05
MAX_RESULTS = 50


class Inline:
    """Questions to bots and what they answer. The bot hears `inline.asked` and, when a result was sent, `inline.chosen`."""

    def __init__(
        self, services: Services, store: BotStore, log: BotLog, state: StateStore, feed: Feed
    ) -> None:
        self._services, self._store, self._log = services, store, log
        self._state, self._feed = state, feed

    async def offered(self, asker: Principal, conversation: int) -> list[Bot]:
        """The bots of the workspace with inline mode, for whoever may speak here."""
        seat = await self._services.access.seat(asker, conversation)
        require(asker, Verb.SEND, seat)
        return [each for each in await self._store.bots(asker.workspace) if each.settings.get("inline")]

    async def ask(
        self, asker: Principal, conversation: int, handle: str, query: str, offset: str
    ) -> dict[str, Any]:
        """The bot's answer: `id`, `results`, `next_offset`. It waits for at most `ANSWER_S`.

        Raises:
            NotFound: there is no such bot. MynaError: 504 `no_answer`; the bot did not answer in time.
        """
        seat = await self._services.access.seat(asker, conversation)
        require(asker, Verb.SEND, seat)
        bots = await self._store.bots(asker.workspace)
        bot = next((each for each in bots if (each.handle or "").lower() == handle.lower()), None)
        if bot is None:
            raise NotFound(f"There is no bot @{handle} here.", code="no_bot")
        user = await self._services.accounts.user(asker.user)
        assert user is not None
        data = {
            "user": user_object(user),
            "query": query,
            "offset": offset,
            "place": {"kind": seat.conversation.kind},
        }
        (entry,) = await self._feed.append([NewEntry(bot.user, "inline.asked", None, data, time.time())])
        key = str(entry.seq)
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until:
            answer = await self._state.get(bot.user, SPACE, key, time.time())
            if answer is not None:
                return {"id": f"{bot.user}.{key}", **answer}
            await asyncio.sleep(LOOK_S)
        raise MynaError("The bot did not answer in time.", status=504, code="no_answer", retry_ms=1000)

    async def answer(
        self, bot: int, seq: int, results: Sequence[Mapping[str, Any]], next_offset: str
    ) -> None:
        """What a bot found; `results` have an `id`, a `title`, a `text` and further `parts` of the message.

        Raises:
            NotFound: nothing was asked, or too long ago.
        """
        if await self._asked(bot, seq) is None:
            raise NotFound("There is no such question.", code="no_such_query")
        kept = {"results": [dict(each) for each in results], "next_offset": next_offset}
        await self._state.put(bot, SPACE, str(seq), kept, time.time() + KEPT_S)

    async def choose(
        self,
        asker: Principal,
        conversation: int,
        query: str,
        result: str,
        client_id: str,
        *,
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> dict[str, Any]:
        """Send a result as the asker's own message; its ack. The message's `via_bot` has `id`, `name` and `handle`.

        Raises:
            NotFound: this question or result is not there (any more), or somebody else asked.
        """
        named, _, seq = query.partition(".")
        bot = int(named) if named.isdecimal() and len(named) < 19 else 0
        asked = await self._asked(bot, int(seq) if seq.isdecimal() and len(seq) < 19 else 0)
        answer = await self._state.get(bot, SPACE, seq, time.time())
        results: list[dict[str, Any]] = [] if answer is None else answer["results"]
        found = next((each for each in results if each["id"] == result), None)
        if asked is None or asked["user"]["id"] != str(asker.user) or found is None:
            raise NotFound("There is no such result.", code="no_such_result")
        spoken_for = await self._store.bot(bot)
        if spoken_for is None or spoken_for.disabled_at is not None:
            raise NotFound("There is no such result.", code="no_such_result")
        via = {"id": named, "name": spoken_for.name, "handle": spoken_for.handle}
        ack = await self._services.sender.send(
            asker,
            conversation,
            client_id,
            {"text": found["text"]},
            reply_to,
            thread,
            parts={**found["parts"], "via_bot": via},
        )
        user = await self._services.accounts.user(asker.user)
        assert user is not None
        if not ack.duplicate:
            data = {"user": user_object(user), "result": result, "query": asked["query"]}
            entry = NewEntry(bot, "inline.chosen", None, data, time.time(), f"inline:{query}:{client_id}")
            await self._feed.append([entry])
        return {"seq": ack.seq, "duplicate": ack.duplicate}

    async def _asked(self, bot: int, seq: int) -> dict[str, Any] | None:
        """What was asked, as the bot's log has it; a bot may answer before whoever asked does anything more."""
        entry = await self._log.entry(bot, seq)
        if entry is None or entry.type != "inline.asked" or entry.at < time.time() - KEPT_S:
            return None
        return dict(entry.data)
