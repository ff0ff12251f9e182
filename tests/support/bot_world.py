"""A whole server in this process, on one database, with people who talk to it over HTTP."""

import asyncio
import atexit
import contextlib
import itertools
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
from fastapi import FastAPI

from myna.errors import TooMany
from myna.ids import new_id
from myna.model.workspace import User, UserKind, WorkspaceRole
from myna.services import Services
from myna.settings import Settings
from myna.wiring.server import build_app
from myna_bots.host.platform import BotPlatform
from support.migrating import migrated_file

_numbers = itertools.count(1)
_read: list[Path] = []
"""The data folder of a demo whose help centre has been read, once for this process."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token: a person, a visitor or a bot."""

    http: httpx.AsyncClient
    id: str
    token: str

    async def ask(self, method: str, path: str, expected: int = 200, **content: Any) -> Any:
        """The answer's JSON, when its status is the expected one."""
        headers = {"Authorization": f"Bearer {self.token}"} | content.pop("headers", {})
        answer = await self.http.request(method, path, headers=headers, **content)
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def says(self, conversation: str, text: str, reply_to: int | None = None) -> int:
        """Send a message; its seq."""
        body: dict[str, Any] = {"body": {"text": text}}
        if reply_to is not None:
            body["reply_to"] = reply_to
        key = {"Idempotency-Key": uuid.uuid4().hex}
        path = f"/v1/conversations/{conversation}/messages"
        return int((await self.ask("POST", path, 201, json=body, headers=key))["seq"])


@dataclass(slots=True)
class World:
    """The running application."""

    app: FastAPI
    http: httpx.AsyncClient
    workspace: int = 0
    url: str = ""
    """Where it listens, when a test serves it on a port."""
    people: dict[str, Caller] = field(default_factory=dict)

    @property
    def services(self) -> Services:
        return cast(Services, self.app.state.services)

    @property
    def bots(self) -> BotPlatform:
        return cast(BotPlatform, self.app.state.bots)

    async def person(self, name: str, role: WorkspaceRole | None = WorkspaceRole.DEVELOPER) -> Caller:
        """A member of the workspace."""
        user = User(
            new_id(), self.workspace, UserKind.HUMAN, name.title(), f"{name}{next(_numbers)}", role=role
        )
        await self.services.accounts.add_user(user)
        made = Caller(self.http, str(user.id), self.services.tokens.access(user))
        self.people[name] = made
        return made

    async def group(self, owner: Caller, *members: str) -> str:
        """A group with its owner and members."""
        asked = {"kind": "group", "title": "Shop", "members": list(members)}
        return str((await owner.ask("POST", "/v1/conversations", 201, json=asked))["id"])

    async def bot(self, maker: Caller, handle: str = "", **given: Any) -> Caller:
        """A bot with its first key."""
        asked = {"name": "Bot", "handle": handle or f"bot_{next(_numbers)}", **given}
        made = await maker.ask("POST", "/v1/bots", 201, json=asked)
        return Caller(self.http, made["bot"]["id"], made["token"]["key"])

    async def used_up(self, bot: Caller, conversation: str) -> None:
        """Take all that a bot may send into a conversation now, at once: a slow machine would give it back meanwhile."""
        principal = await self.services.tokens.principal(bot.token)
        throttle = self.services.sender.throttle
        assert throttle is not None
        with contextlib.suppress(TooMany):
            for _ in range(100):
                throttle(principal, int(conversation))

    async def installed(self, owner: Caller, conversation: str, handle: str = "", **given: Any) -> Caller:
        """A bot with a seat in a conversation."""
        wanted = {name: given[name] for name in ("privacy", "scopes") if name in given}
        bot = await self.bot(owner, handle, **given)
        await owner.ask("PUT", f"/v1/bots/{bot.id}/installations/{conversation}", json=wanted)
        return bot


async def updates(bot: Caller, cursor: int | None = None, wait: float = 5.0) -> list[dict[str, Any]]:
    """The bot's next events."""
    query = {"wait": wait} | ({} if cursor is None else {"cursor": cursor})
    return list((await bot.ask("GET", "/v1/bot/updates", params=query))["events"])


async def until(bot: Caller, type_: str) -> dict[str, Any]:
    """The bot's next event of a type; the ones before it are confirmed."""
    cursor: int | None = None
    async with asyncio.timeout(60):
        while True:
            for event in await updates(bot, cursor):
                cursor = event["seq"]
                if event["type"] == type_:
                    await bot.ask("POST", "/v1/bot/cursor", json={"cursor": cursor})
                    return event


@asynccontextmanager
async def world(folder: Path, database_url: str = "", **given: Any) -> AsyncIterator[World]:
    """A server without agents and filter; `given` are further settings."""
    given = {"agents": False, "moderation": False, "private_webhooks": True} | given
    settings = Settings(data=str(folder / "data"), database=database_url, **given)
    if not database_url and not settings.data_dir.exists():
        settings.data_dir.mkdir(parents=True)
        shutil.copy(migrated_file(), settings.data_dir / "myna.db")
    started: list[Any] = []
    app, _ = build_app(settings, started.append)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://myna") as http:
            yield World(app, http, started[0].workspace.id)


@asynccontextmanager
async def demo_read(folder: Path, **more: Any) -> AsyncIterator[World]:
    """A server with the demo, whose help centre has been read by its words; without agents and filter. `more` are settings."""
    given: dict[str, Any] = {"demo": True, "embedder": "none:"}
    if not _read:
        first = Path(tempfile.mkdtemp(prefix="myna-demo-"))
        atexit.register(shutil.rmtree, first, ignore_errors=True)
        async with world(first, **given) as made:
            await made.bots.library.drain()
        _read.append(first / "data")
    shutil.copytree(_read[0], folder / "data")
    async with world(folder, **{**given, **more}) as made:
        await made.bots.library.drain()
        yield made
