"""A bot's calls, typed. Each raises the server's error (`myna.errors`), or Unreachable when there was no answer in time."""

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import quote

from myna.errors import Busy, MynaError, TooMany
from myna_bots.client.backoff import Backoff
from myna_bots.client.errors import Unreachable
from myna_bots.client.ports import Http, StreamingHttp
from myna_bots.client.problems import checked
from myna_bots.client.wire import decoded

ATTEMPTS = 6
"""How often a call is made that failed for a while in some other way than `AWAY`."""
AWAY = (Unreachable, TooMany, Busy)
"""The server is away, or asks for patience. What a bot has begun to handle waits for it, however long: an event that was given
up would be lost."""

logger = logging.getLogger("myna.bot")


class BotCalls:
    """The API as one bot. Calls that change something carry a key, so that making them again is harmless."""

    def __init__(self, http: Http, token: str) -> None:
        self._http, self._token = http, token

    async def me(self) -> dict[str, Any]:
        """Who I am, my scopes and my cursor."""
        return await self.call("GET", "/v1/bot")

    async def updates(self, cursor: int | None, wait_s: float, limit: int = 100) -> list[dict[str, Any]]:
        """My next events; a cursor confirms everything up to it."""
        query = {"wait": f"{wait_s:g}", "limit": str(limit)}
        if cursor is not None:
            query["cursor"] = str(cursor)
        got = await self.call("GET", "/v1/bot/updates", query=query, attempts=1)
        return list(got["events"])

    async def confirm(self, cursor: int) -> None:
        """Everything up to here is dealt with."""
        await self.call("POST", "/v1/bot/cursor", json={"cursor": cursor})

    async def say(
        self, conversation: str, key: str, text: str, parts: Mapping[str, Any], reply_to: int | None = None
    ) -> dict[str, Any]:
        """Send a message; the ack. The same key again gives the first one."""
        asked = {"text": text, **parts} | ({} if reply_to is None else {"reply_to": reply_to})
        path = f"/v1/bot/conversations/{conversation}/messages"
        return await self.call("POST", path, json=asked, headers={"Idempotency-Key": key})

    async def open_stream(self, conversation: str, key: str, reply_to: int | None) -> dict[str, Any]:
        """Begin an answer in pieces; the ack."""
        asked: dict[str, Any] = {} if reply_to is None else {"reply_to": reply_to}
        path = f"/v1/bot/conversations/{conversation}/streams"
        return await self.call("POST", path, json=asked, headers={"Idempotency-Key": key})

    async def delta(self, conversation: str, seq: int, offset: int, text: str) -> None:
        """Add a piece."""
        path = f"/v1/bot/conversations/{conversation}/streams/{seq}/deltas"
        await self.call("POST", path, json={"offset": offset, "text": text})

    async def finish(
        self, conversation: str, seq: int, text: str, parts: Mapping[str, Any]
    ) -> dict[str, Any]:
        """End an answer in pieces."""
        path = f"/v1/bot/conversations/{conversation}/streams/{seq}/finish"
        return await self.call("POST", path, json={"text": text, **parts})

    async def break_off(self, conversation: str, seq: int) -> None:
        """End an answer in pieces where it is, as one that was interrupted."""
        await self.call("DELETE", f"/v1/bot/conversations/{conversation}/streams/{seq}")

    async def answer_click(self, seq: int, text: str | None, alert: bool, url: str | None) -> None:
        """Show something to whoever clicked."""
        await self.call(
            "POST", f"/v1/bot/clicks/{seq}/answer", json={"text": text, "alert": alert, "url": url}
        )

    async def recall(self, space: str, key: str) -> Any:
        """A remembered value, or None."""
        return (await self.call("GET", f"/v1/bot/state/{quote(space)}/{quote(key, safe='')}"))["value"]

    async def remember(self, space: str, key: str, value: Any, ttl_s: float | None = None) -> None:
        """Remember a value; None forgets it."""
        asked = {"value": value, "ttl_s": ttl_s}
        await self.call("PUT", f"/v1/bot/state/{quote(space)}/{quote(key, safe='')}", json=asked)

    async def history(self, conversation: str, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """The newest messages, oldest first; needs the scope `messages:read:all`."""
        query = {"limit": str(limit)} | ({} if before is None else {"before_seq": str(before)})
        got = await self.call("GET", f"/v1/conversations/{conversation}/messages", query=query)
        return list(got["messages"])

    async def search(self, text: str, k: int) -> list[dict[str, Any]]:
        """Passages of the public knowledge bases; needs the scope `knowledge:read`."""
        return list((await self.call("GET", "/v1/bot/knowledge", query={"q": text, "k": str(k)}))["passages"])

    async def hand_off(self, conversation: str, reason: str) -> dict[str, Any]:
        """Ask for a person; needs the scope `conversations:assign`."""
        return await self.call("POST", f"/v1/conversations/{conversation}/hand-off", json={"reason": reason})

    async def publish_commands(self, commands: list[dict[str, str]], inline: str | None = None) -> None:
        """Say which commands there are, for completion and help, and what can be asked for in inline mode."""
        asked = {"commands": commands} | ({} if inline is None else {"inline": inline})
        await self.call("PUT", "/v1/bot/commands", json=asked)

    async def answer_inline(self, seq: int, results: list[dict[str, Any]], next_offset: str) -> None:
        """What was found for whoever asked; it can be chosen for an hour."""
        asked = {"results": results, "next_offset": next_offset}
        await self.call("POST", f"/v1/bot/inline/{seq}/answer", json=asked)

    async def stream(self, path: str, asked: Mapping[str, Any]) -> AsyncGenerator[str, None]:
        """The data of the events with which a POST is answered, as they come.

        Raises:
            MynaError: the server refused, or the stream broke.
        """
        if not isinstance(self._http, StreamingHttp):
            raise Unreachable("This connection gives whole answers only.")
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        async with self._http.lines(path, headers, dict(asked)) as lines:
            async for line in lines:
                if line.startswith("data:"):
                    yield line.removeprefix("data:").strip()

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        attempts: int | None = None,
    ) -> dict[str, Any]:
        """One call; temporary failures are waited out, as long as the server asks for, at most `attempts` of them."""
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        backoff = Backoff(0.2, 10.0)
        for attempt in itertools.count(1):
            try:
                reply = await self._http.request(method, path, json=json, query=query, headers=sent)
                body = checked(reply)
                return decoded(body, dict[str, Any]) if body else {}
            except MynaError as failed:
                patient = attempts is None and isinstance(failed, AWAY)
                if not failed.temporary or (attempt >= (attempts or ATTEMPTS) and not patient):
                    raise
                if attempt == ATTEMPTS:
                    logger.warning("%s It is tried until it works.", failed.message)
                await asyncio.sleep(backoff.next_s((failed.retry_ms or 0) / 1000))
        raise AssertionError("only a reply or an error ends the attempts")
