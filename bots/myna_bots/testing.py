"""A whole Myna in the test's own process, to test bots against: no network, no keys, nothing to start.

```python
from myna_bots.testing import Room, room  # the pytest fixture

async def test_the_bot_answers(room: Room) -> None:
    await room.start(router)
    await room.ann.says("/order 7")
    assert "on its way" in (await room.expect()).text
```
"""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from myna.ids import new_id
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.services import Services
from myna_bots.adapters.asgi import AsgiHttp
from myna_bots.client.problems import checked
from myna_bots.client.wire import Message, decoded
from myna_bots.host.platform import BotPlatform
from myna_bots.sdk.bot import Bot
from myna_bots.sdk.router import Router

EXPECT_S = 10.0
"""How long `expect` waits; a bot that does not answer fails its test after that."""
ALL = [
    "messages:read:all",
    "messages:write",
    "members:read",
    "files",
    "knowledge:read",
    "conversations:assign",
]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the room."""

    room: "Room"
    id: str
    name: str
    _token: str = field(repr=False)

    async def says(self, text: str, *, reply_to: int | None = None) -> int:
        """Say something; its seq."""
        body: dict[str, Any] = {"body": {"text": text}} | ({} if reply_to is None else {"reply_to": reply_to})
        path = f"/v1/conversations/{self.room.conversation}/messages"
        got = await self.call("POST", path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
        return int(got["seq"])

    async def clicks(self, message: Message, action: str, value: str | None = None) -> None:
        """Click the button with this action; without a value, the first one that has it."""
        buttons = [each for row in message.body.get("buttons", []) for each in row]
        fits = [each for each in buttons if each.get("action") == action]
        chosen = fits[0].get("value", "") if value is None and fits else value or ""
        await self._interact(message, "actions", {"action": action, "value": chosen})

    async def fills(self, message: Message, **values: Any) -> None:
        """Fill in the message's form and send it; a wrong value raises Malformed with `extra["fields"]`."""
        await self._interact(message, "forms", {"values": values})

    async def stops(self, message: Message) -> None:
        """Press Stop while the message is being written."""
        await self._interact(message, "stop", {})

    async def _interact(self, message: Message, what: str, asked: Mapping[str, Any]) -> None:
        path = f"/v1/conversations/{message.conversation}/messages/{message.seq}/{what}"
        await self.call("POST", path, json=asked, headers={"Idempotency-Key": uuid.uuid4().hex})

    async def call(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        """Any call of the API as this person."""
        headers = {"Authorization": f"Bearer {self._token}"} | given.pop("headers", {})
        body = checked(await self.room.http.request(method, path, headers=headers, **given))
        return decoded(body, dict[str, Any]) if body else {}


@dataclass(slots=True)
class Room:
    """A group with Ann, Bob and a bot. Messages are read in order: `expect` gives the bot's next one in `conversation`, which a
    test may change."""

    services: Services
    bots: BotPlatform
    http: AsgiHttp
    workspace: int
    ann: Person = field(init=False)
    bob: Person = field(init=False)
    conversation: str = ""
    bot_id: str = ""
    token: str = ""
    _read: dict[str, int] = field(default_factory=dict[str, int])
    _running: asyncio.Task[None] | None = None

    async def start(
        self, *routers: Router, translations: Mapping[str, Mapping[str, str]] | None = None
    ) -> Bot:
        """Run a bot with these handlers until the test ends, or `stop`."""
        bot = Bot("http://myna", self.token, http=AsgiHttp(self.http.app)).include(*routers)
        for language, texts in (translations or {}).items():
            bot.translate(language, texts)
        self._running = asyncio.get_running_loop().create_task(bot.serve())
        return bot

    async def stop(self) -> None:
        """End the bot as a crash would: at once, wherever it is."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    async def expect(self, text: str | None = None, *, timeout_s: float = EXPECT_S) -> Message:
        """The bot's next finished message; with `text`, the next one that contains it.

        Raises:
            AssertionError: none came in time; it says what came instead.
        """
        seen: list[str] = []
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    message = await self._next()
                    if text is None or text in message.text:
                        return message
                    seen.append(message.text)
        except TimeoutError:
            crashed = self._running is not None and self._running.done() and self._running.exception()
            raise AssertionError(
                f"The bot did not say {text!r} within {timeout_s:g} s; it said {seen}."
                + (f" It had ended: {crashed!r}." if crashed else "")
            ) from None

    async def silent(self, for_s: float = 0.5) -> None:
        """Nothing more comes from the bot for a moment, after it dealt with all its events.

        Raises:
            AssertionError: something came.
        """
        await self.settled()
        try:
            message = await self.expect(timeout_s=for_s)
        except AssertionError:
            return
        raise AssertionError(f"The bot said {message.text!r}.")

    async def settled(self) -> None:
        """Return when the bot has confirmed every event so far."""
        from myna_bots.host.model import View

        async with asyncio.timeout(EXPECT_S):
            while True:
                fed = self.bots.feed.idle_at(self.services.relay.pos)
                bot = await self.bots.store.bot(int(self.bot_id))
                if fed and bot and await self.bots.log.cursor(bot.user, View.LOG) >= bot.seq:
                    return
                await asyncio.sleep(0.02)

    async def person(self, name: str, locale: str = "en") -> Person:
        """Somebody of the workspace, not yet in the room."""
        user = User(
            new_id(),
            self.workspace,
            UserKind.HUMAN,
            name.title(),
            f"{name}_{new_id()}",
            locale,
            WorkspaceRole.ADMIN,
        )
        await self.services.accounts.add_user(user)
        return Person(self, str(user.id), name.title(), self.services.tokens.access(user))

    async def teach(self, question: str, answer: str) -> None:
        """Put a question with its answer into the public knowledge base `Help`; it is found when this returns."""
        from myna_knowledge.model import FaqEntry, SourceDraft, SourceKind

        base = await self.bots.library.create_base(self.workspace, "Help")
        await self.bots.library.add(base.id, SourceDraft(SourceKind.FAQ, faq=FaqEntry(question, answer)))
        await self.bots.library.drain()

    async def messages(self) -> list[Message]:
        """Everything in the room."""
        path = f"/v1/conversations/{self.conversation}/messages"
        got = await self.ann.call("GET", path, query={"limit": "200"})
        return decoded(_json(got["messages"]), list[Message])

    async def _next(self) -> Message:
        while True:
            place = self.conversation
            path, read = f"/v1/conversations/{place}/messages", self._read.get(place, 0)
            got = await self.ann.call("GET", path, query={"after_seq": str(read), "limit": "1"})
            found = decoded(_json(got["messages"]), list[Message])
            if found and found[0].state != "streaming":
                self._read[place] = found[0].seq
                if found[0].sender == self.bot_id and found[0].kind == "text":
                    return found[0]
                continue
            if found and found[0].sender != self.bot_id:
                self._read[place] = found[0].seq
                continue
            await asyncio.sleep(0.02)


def _json(value: Any) -> bytes:
    from myna_bots.client.wire import encode

    return encode(value)


@asynccontextmanager
async def open_room(**settings: Any) -> AsyncGenerator[Room, None]:
    """A room on a server of its own. `settings` are fields of `myna.settings.Settings`."""
    from myna.settings import Settings
    from myna.wiring.server import build_app

    with tempfile.TemporaryDirectory(prefix="myna-room-") as folder:
        given: dict[str, Any] = {"agents": False, "moderation": False, "embedder": "none:", **settings}
        started: list[Any] = []
        app, _ = build_app(Settings(data=str(Path(folder) / "data"), **given), started.append)
        async with app.router.lifespan_context(app):
            services, bots = cast(Services, app.state.services), cast(BotPlatform, app.state.bots)
            made = Room(services, bots, AsgiHttp(app), started[0].workspace.id)
            try:
                await _furnish(made)
                yield made
            finally:
                await made.stop()
                await made.http.close()


async def _furnish(room: Room) -> None:
    room.ann, room.bob = await room.person("ann"), await room.person("bob")
    group = {"kind": "group", "title": "Room", "members": [room.bob.id]}
    room.conversation = (await room.ann.call("POST", "/v1/conversations", json=group))["id"]
    asked = {"name": "Bot", "handle": "bot", "scopes": ALL}
    made = await room.ann.call("POST", "/v1/bots", json=asked)
    room.bot_id, room.token = made["bot"]["id"], made["token"]["key"]
    path = f"/v1/bots/{room.bot_id}/installations/{room.conversation}"
    await room.ann.call("PUT", path, json={"scopes": ALL})


try:
    import pytest
except ImportError:  # the rest works without pytest
    pass
else:

    @pytest.fixture
    async def room() -> AsyncIterator[Room]:
        """A room with Ann, Bob and a bot; needs pytest-asyncio in auto mode."""
        async with open_room() as made:
            yield made
