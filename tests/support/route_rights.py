"""Every HTTP route asked by every kind of asker, with well-formed requests about things that exist."""

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from myna.ids import new_id
from myna.model.workspace import User, UserKind, Workspace, WorkspaceRole
from myna.rights import role_verbs
from myna.settings import Settings
from myna.wiring.server import build_app
from support.wellformed import example_of

NOBODY, VISITOR, MEMBER, FOREIGN = "nobody", "visitor", "member", "foreign owner"
CUSTOM = WorkspaceRole.CUSTOM.value
"""Somebody with a role of the workspace's own that holds what operators hold."""
ROLES = tuple(role.value for role in WorkspaceRole)
ASKERS = (NOBODY, *ROLES, MEMBER, VISITOR, FOREIGN)
ENDLESS = frozenset({"GET /v1/events", "GET /v1/poll"})
"""Routes that keep the connection; that they need a token is tested with their own tests."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route with the request that is sent to it."""

    name: str
    method: str
    path: str
    content: Mapping[str, Any]


@dataclass(slots=True)
class Gate:
    """The whole application with somebody of each kind."""

    app: FastAPI
    http: httpx.AsyncClient
    tokens: dict[str, str]
    things: dict[str, str]

    async def status(self, route: Route, asker: str) -> int:
        """What the route answers."""
        headers = dict(route.content.get("headers", {}))
        if asker != NOBODY:
            headers["Authorization"] = f"Bearer {self.tokens[asker]}"
        content = {**route.content, "headers": headers}
        return (await self.http.request(route.method, route.path, **content)).status_code

    def routes(self) -> list[Route]:
        """All that the OpenAPI document names."""
        document = self.app.openapi()
        return [
            self._route(path, method.upper(), told, document)
            for path, methods in document["paths"].items()
            for method, told in methods.items()
        ]

    def _route(self, path: str, method: str, told: dict[str, Any], document: dict[str, Any]) -> Route:
        filled = path
        query: dict[str, str] = {}
        headers: dict[str, str] = {}
        for each in told.get("parameters", []):
            value = self.things.get(each["name"], example_of(each["schema"], document))
            if each["in"] == "path":
                filled = filled.replace("{" + each["name"] + "}", str(value))
            elif each.get("required"):
                (query if each["in"] == "query" else headers)[each["name"]] = str(value)
        content: dict[str, Any] = {"params": query, "headers": headers}
        for kind, body in told.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                content["json"] = example_of(body["schema"], document)
            elif "json" not in content:
                content["content"] = b"x"
                headers["Content-Type"] = kind
        return Route(f"{method} {path}", method, filled, content)


@contextlib.asynccontextmanager
async def gate(data: Path, database: str = "") -> AsyncIterator[Gate]:
    """The demo workspace, not yet read into its knowledge base, and an owner of another workspace."""
    settings = Settings(
        data=str(data),
        database=database,
        embedder="none:",
        index="exact:",
        agents=False,
        moderation=False,
        demo=True,
    )
    app, _ = build_app(settings, lambda _first: None)
    async with app.router.lifespan_context(app):
        services = app.state.services
        home = await services.accounts.first_workspace()
        assert home is not None
        away = Workspace(new_id(), "Elsewhere")
        await services.accounts.add_workspace(away)
        tokens: dict[str, str] = {}
        for asker in (*ROLES, MEMBER, VISITOR, FOREIGN):
            role = (
                WorkspaceRole(asker) if asker in ROLES else WorkspaceRole.OWNER if asker == FOREIGN else None
            )
            kind = UserKind.VISITOR if asker == VISITOR else UserKind.HUMAN
            workspace = away.id if asker == FOREIGN else home.id
            handle = None if asker == VISITOR else f"test.{re.sub('[^a-z]', '', asker)}"
            verbs = (
                frozenset(map(str, role_verbs(WorkspaceRole.OPERATOR)))
                if asker == CUSTOM
                else frozenset[str]()
            )
            own = new_id() if asker == CUSTOM else None
            user = User(
                new_id(), workspace, kind, asker.title(), handle, role=role, custom_role=own, verbs=verbs
            )
            await services.accounts.add_user(user)
            tokens[asker] = services.tokens.access(user)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://myna") as http:
            found = Gate(app, http, tokens, {})
            found.things = await _things(found)
            yield found


async def _things(gate: Gate) -> dict[str, str]:
    """Ids of what exists in the demo workspace, by the names that paths give them."""

    async def ask(asker: str, method: str, path: str, json: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {gate.tokens[asker]}"}
        answer = await gate.http.request(method, path, json=json, headers=headers)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json()

    begun = (await gate.http.post("/v1/visitors", json={"inbox": "demo"})).json()
    gate.tokens[VISITOR] = begun["access_token"]
    theirs = await ask(VISITOR, "POST", "/v1/conversations", {"kind": "support", "inbox": "demo"})
    agents = (await ask("owner", "GET", "/v1/agents"))["agents"]
    bases = (await ask("owner", "GET", "/v1/knowledge-bases"))["bases"]
    sources = (await ask("owner", "GET", f"/v1/knowledge-bases/{bases[0]['id']}/sources"))["sources"]
    inbox = await gate.app.state.services.accounts.inbox_by_key("demo")
    assert inbox is not None
    people = (await ask("owner", "GET", "/v1/admin/people"))["people"]
    bot = await ask("owner", "POST", "/v1/bots", {"name": "Bot", "handle": "test_bot"})
    return {
        "conversation": str(theirs["id"]),
        "agent": agents[0]["id"] if "id" in agents[0] else agents[0]["agent"]["id"],
        "kb": bases[0]["id"],
        "source": sources[0]["id"],
        "inbox": str(inbox.id),
        "key": "demo",
        "special": "meeting",
        "user": next(each["id"] for each in people if each["role"] == "analyst"),
        "bot": bot.get("id") or bot["bot"]["id"],
        "Idempotency-Key": "a-key-of-this-test",
        "seq": "1",
        "Upload-Offset": "0",
    }
