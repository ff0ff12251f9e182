"""A client of `myna.v1`: one user's connection that mends itself, and the API beside it."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Self

from myna.errors import Busy
from myna_bots.client.errors import TimedOut
from myna_bots.client.events import Events
from myna_bots.client.link import Link
from myna_bots.client.outbox import Entry, Sent
from myna_bots.client.ports import Http
from myna_bots.client.tokens import Tokens

SEND_S = 60.0
"""How long `send` waits for its ack, over as many connections as it takes."""


class Client(Link):
    """An async context manager: connected inside, closed after.

    Everything sent is kept until its fate is known and sent again after every cut; everything that happened meanwhile is
    delivered in order, once. With a `store` this holds across restarts, too, and what is known can be read while offline;
    without one, `cursors` and `entries` of an earlier client (`cursors`, `unsent`) continue its work. Where no WebSocket gets
    through, Server-Sent Events and long poll are tried in turn.
    """

    @classmethod
    async def sign_in(cls, url: str, handle: str, password: str, *, from_now: bool = False) -> Self:
        """A client of a person, not connected yet. Raises as `Tokens.sign_in`."""
        http = default_http(url)
        try:
            return cls(url, http, await Tokens.sign_in(http, handle, password), from_now=from_now)
        except BaseException:
            await http.close()
            raise

    @classmethod
    async def visitor(cls, url: str, inbox: str, locale: str = "en") -> Self:
        """A client of a new visitor, not connected yet. Raises as `Tokens.visitor`."""
        http = default_http(url)
        try:
            return cls(url, http, await Tokens.visitor(http, inbox, locale))
        except BaseException:
            await http.close()
            raise

    def events(self) -> Events:
        """Everything that happens from now on. Open it before connecting to miss nothing; close it when done."""
        stream = Events(self._room, self._streams.remove)
        self._streams.append(stream)
        if self._failure is not None:
            stream.end(self._failure)
        return stream

    async def connected(self, timeout_s: float = 30.0) -> None:
        """Return when the server has greeted; the client connects again by itself after that.

        Raises:
            TimedOut: it has not in time. MynaError: the server will never let this user in.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._greeted.wait()
        except TimeoutError:
            raise TimedOut(f"{self._url} did not greet within {timeout_s:g} s.") from None
        if self._failure is not None:
            raise self._failure

    async def send(
        self,
        conversation: str,
        text: str,
        *,
        reply_to: int | None = None,
        files: Sequence[str] = (),
        client_id: str | None = None,
        timeout_s: float = SEND_S,
    ) -> Sent:
        """Send a message; returns when it is durable, or put aside for a moderator (`held`).

        `files` are ids that `upload` gave; with files the text may be empty. Cards, buttons and forms are for bots: see `Bot`.

        Raises:
            TimedOut: its fate is not known yet; it stays in the outbox.
            Conflict, Busy: the outbox did not take it; nothing was sent.
            MynaError: the server refused it for good, or the client has ended.
        """
        self._check_open()
        key = client_id or uuid.uuid4().hex
        await self._queue(Entry(conversation, key, text, reply_to, tuple(files)))
        settled = self._settling.get(key)
        if settled is None:
            settled = self._settling[key] = asyncio.get_running_loop().create_future()
        self._flush()
        self._wake.set()
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(settled)
        except TimeoutError:
            raise TimedOut(f"No ack came within {timeout_s:g} s; the message stays in the outbox.") from None

    async def _queue(self, entry: Entry) -> None:
        """Put a draft into the outbox, on disk first: what goes out is known after a crash, and sent again."""
        if self._keeper is None:
            self._state.put(entry)
            return
        self._state.outbox.check(entry)
        await self._keeper.store.keep(entry)
        try:
            self._state.put(entry)
        except Busy:
            await self._keeper.store.drop(entry.client_id)
            raise

    async def upload(self, name: str, content: bytes) -> str:
        """Store a file; its id, for `send`.

        Raises:
            TooLarge: the server does not take so much. MynaError: it was not stored.
        """
        return await self.api.upload(name, content)

    def typing(self, conversation: str, on: bool = True) -> None:
        """Show that I write; a signal, so it may be lost."""
        self._say({"op": "typing", "conversation": conversation, "on": on})

    def read(self, conversation: str, seq: int) -> None:
        """Tell how far I have read; to be sure that it is stored use `api.read`."""
        self._say({"op": "read", "conversation": conversation, "seq": seq})


def default_http(url: str) -> Http:
    """Requests over the adapter for httpx, loaded when first needed."""
    from myna_bots.adapters.http import HttpxHttp

    return HttpxHttp(url)
