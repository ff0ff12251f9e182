"""A running core with agents that answer, a library, and every route of agents, on one database in this process."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from myna.adapters.sql.database import Database
from myna.api.desk import tickets as desk_routes
from myna.api.principal import principal
from myna.api.problems import install
from myna.model.workspace import UserKind, WorkspaceRole
from myna.rights import Principal
from myna.services import Services
from myna.settings import Settings
from myna.wiring.agents import build_office
from myna.wiring.core import build_core
from myna_agents.api import routers
from myna_agents.opening import Office
from myna_agents.turns.runner import Runner
from myna_knowledge.adapters.sql_store import sql_store
from myna_knowledge.library import Library
from myna_knowledge.model import FaqEntry, SourceDraft, SourceKind
from support.fake_embedder import WordEmbedder
from support.planning import BIRD, FINCH, OPA, OTTO, SUPPORT, VIC, WORKSPACE
from support.stores import stores

CUSTOMER = Principal(VIC, WORKSPACE, UserKind.VISITOR)
OPERATOR = Principal(OPA, WORKSPACE, UserKind.HUMAN, WorkspaceRole.OPERATOR)
OWNER = Principal(OTTO, WORKSPACE, UserKind.HUMAN, WorkspaceRole.OWNER)
ELSEWHERE = Principal(99, 2, UserKind.HUMAN, WorkspaceRole.OWNER)
FAQ = {
    "How long can I return a lamp?": "You can return a lamp within 30 days. The parcel must be insured.",
    "What does shipping to France cost?": "A parcel to France costs 9.90 EUR. It takes 3 days.",
    "Which bulbs fit the desk lamp?": "The desk lamp takes E27 bulbs of at most 40 watt.",
    "Do you repair broken lamps?": "Yes, send broken lamps to our workshop. A repair costs 15 EUR.",
}


@dataclass(slots=True)
class OfficeWorld:
    """Requests come from whoever is named."""

    services: Services
    office: Office
    base: int
    http: httpx.AsyncClient
    database: Database
    who: Principal = OWNER
    said: int = 0

    async def ask(self, who: Principal, method: str, path: str, status: int = 200, **body: Any) -> Any:
        """The JSON of an answer, which must have this status."""
        self.who = who
        answer = await self.http.request(
            method, path, json=body or ({} if method in {"POST", "PUT"} else None)
        )
        assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
        return answer.json() if answer.content else None

    async def says(self, text: str, who: Principal = CUSTOMER) -> int:
        """Somebody writes in the support conversation; the message's seq."""
        self.said += 1
        ack = await self.services.sender.send(who, SUPPORT, f"said-{self.said}", {"text": text})
        assert ack.seq is not None
        return ack.seq

    async def answered(self, text: str) -> dict[str, Any]:
        """The customer asks and the agent takes its turn; the turn as operators see it."""
        await self.says(text)
        await self.turn()
        found = await self.ask(OPERATOR, "GET", f"/conversations/{SUPPORT}/turns")
        return dict(found["turns"][0])

    async def turn(self) -> None:
        """Take the next turn that is due."""
        turn = await self.services.turns.lease("test", 5.0)
        assert turn is not None
        await Runner(self.office.world).take(turn)

    async def messages(self) -> list[Any]:
        """Everything that was said."""
        return await self.office.world.history.messages(SUPPORT, floor=1, before=None, after=None, limit=100)


@contextlib.asynccontextmanager
async def office_world(
    url: str,
    folder: Path,
    *,
    agent: Mapping[str, Any] | None = None,
    other: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[OfficeWorld]:
    """The shop of `stores` with two agents that know its FAQ; `agent` and `other` are their settings besides."""
    async with stores(url):
        pass
    made = Settings(data=str(folder), database=url, moderation=False, turn_delay_ms=0, **settings)
    database = Database(url)
    core = build_core(made, database, None)
    library = Library(sql_store(database), WordEmbedder(), None)
    async with core.running() as services:
        base = await library.create_base(WORKSPACE, "Help")
        for question, answer in FAQ.items():
            faq = FaqEntry(question, answer)
            await library.add(base.id, SourceDraft(SourceKind.FAQ, faq=faq))
        await library.drain()
        await services.accounts.add_agent(BIRD, WORKSPACE, [base.id], {"threshold": 0.5, **(agent or {})})
        await services.accounts.add_agent(FINCH, WORKSPACE, [base.id], {"threshold": 0.5, **(other or {})})
        office = build_office(made, core, database, library)
        app = FastAPI()
        install(app)
        app.state.services, app.state.office = services, office
        for router in (*routers(), desk_routes.router):
            app.include_router(router)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://office/v1") as http:
            found = OfficeWorld(services, office, base.id, http, database)
            app.dependency_overrides[principal] = lambda: found.who
            yield found
        await office.close()
        await library.close()
