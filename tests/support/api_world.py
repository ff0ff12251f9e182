"""The whole core with its HTTP routes on one database, in this process: no browser, no network."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from myna.adapters.sql.database import Database
from myna.api.app import attach, create_app
from myna.api.live.commands import Commands
from myna.api.live.frames import decode_frames
from myna.api.principal import principal
from myna.log.writes import OpenConversation, Write
from myna.model.conversation import ConversationKind, MemberRole
from myna.ports.moderator import Moderator
from myna.rights import Principal
from myna.services import Services
from myna.settings import Settings
from myna.wire import encode
from myna.wiring.core import build_core
from support.planning import ANN, BOB, EVE, GROUP, OPA, OTTO, VIC, WORKSPACE
from support.stores import ELSEWHERE, PEOPLE, stores

ZOE = 99
WHO = {each.id: Principal(each.id, each.workspace, each.kind, each.role) for each in PEOPLE}
__all__ = [
    "ANN",
    "BOB",
    "CHANNEL",
    "ELSEWHERE",
    "EVE",
    "GROUP",
    "OPA",
    "OTTO",
    "VIC",
    "ZOE",
    "World",
    "world",
]
CHANNEL = 104


@dataclass(slots=True)
class World:
    """Requests come from whoever `who` is."""

    services: Services
    database: Database
    commands: Commands
    http: httpx.AsyncClient
    application: FastAPI
    who: int = ANN
    headers: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, who: int, method: str, path: str, status: int = 200, **content: Any) -> Any:
        """The JSON of an answer, which must have this status."""
        self.who = who
        answer = await self.http.request(method, path, **content)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
        return answer.json() if answer.content else None

    async def say(self, who: int, conversation: int, client_id: str, said: str = "hello", **more: Any) -> Any:
        """The ack of a message sent over HTTP."""
        body = more.pop("body", None) or {"text": said}
        return await self.ask(
            who,
            "POST",
            f"/conversations/{conversation}/messages",
            more.pop("status", 201),
            json={"body": body, **more},
            headers={"Idempotency-Key": client_id},
        )

    async def messages(self, who: int, conversation: int, **query: Any) -> Any:
        """The newest messages as this user sees them."""
        return await self.ask(who, "GET", f"/conversations/{conversation}/messages", params=query)

    async def events(self, who: int, conversation: int, after_rev: int = 0) -> list[dict[str, Any]]:
        """Events after a cursor as this user sees them."""
        path = f"/conversations/{conversation}/events"
        found = await self.ask(who, "GET", path, params={"after_rev": after_rev})
        return list(found["events"])

    async def frame(self, who: int, frame: dict[str, Any]) -> Any:
        """The answer to a socket frame; raises what is wrong with it."""
        (decoded,) = decode_frames(encode(frame))
        if isinstance(decoded, tuple):
            raise decoded[1]
        return await self.commands.answer(WHO[who], decoded)

    async def write(self, write: Write) -> Any:
        """A write straight into the committer."""
        return await self.services.committer.write(write)


@contextlib.asynccontextmanager
async def world(
    url: str, folder: Path, *, moderator: Moderator | None = None, **settings: Any
) -> AsyncIterator[World]:
    """A shop with people, its three conversations and a channel of ann (owner), bob and eve."""
    async with stores(url):
        pass
    made = Settings(data=str(folder / "data"), database=url, moderation=False, **settings)
    made.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(url)
    core = build_core(made, database, moderator)
    async with core.running() as services:
        app = create_app(lambda _: contextlib.nullcontext(), [])
        commands = attach(app, services)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://myna/v1") as http:
            found = World(services, database, commands, http, app)
            app.dependency_overrides[principal] = lambda: WHO[found.who]
            await found.write(
                OpenConversation(
                    CHANNEL,
                    WORKSPACE,
                    ConversationKind.CHANNEL,
                    "News",
                    ((ANN, MemberRole.OWNER), (BOB, MemberRole.MEMBER), (EVE, MemberRole.MEMBER)),
                )
            )
            yield found
