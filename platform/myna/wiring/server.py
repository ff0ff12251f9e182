"""The composition root of a server process: the application over the core, with knowledge, agents and bots."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Response

from myna.adapters.sql.conversations.conversations import SqlConversations
from myna.api.app import attach, create_app
from myna.api.live.socket import SocketServer
from myna.core import kept_alive
from myna.first_start import FirstStart, ensure_workspace
from myna.settings import Settings
from myna.wiring.agents import build_office
from myna.wiring.backends import build_imports, kept_blobs, open_database
from myna.wiring.moderation import judged_core, learns

if TYPE_CHECKING:
    from myna_agents.opening import Office
    from myna_knowledge.imports.service import Imports
    from myna_knowledge.library import Library


def build_app(
    settings: Settings, started: Callable[[FirstStart], None]
) -> tuple[FastAPI, list[SocketServer]]:
    """The application of a server process, and where its socket server stands once it runs.

    `started` is called when everything is up, with the first workspace.
    """
    from myna_agents.demo.seed import DemoSeed, shop
    from myna_bots.api.surfaces import BotSurfaces
    from myna_bots.opening import open_agents, open_bots
    from myna_bots.plugins import load_plugins, plugin_routes
    from myna_knowledge.opening import open_library
    from myna_web.pages import mount

    sockets: list[SocketServer] = []
    libraries: list[Library] = []
    brought: list[Imports] = []
    surfaces = BotSurfaces(load_plugins(settings.plugins), lambda: app.state.office.shed.plugged)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        async with AsyncExitStack() as stack:
            database = await open_database(settings)
            library = open_library(
                database,
                index=settings.index_url,
                embedder=settings.embedder,
                key=settings.model_key,
                private_sources=settings.private_sources,
            )
            libraries.append(library)
            stack.push_async_callback(library.close)
            core, shipped = await judged_core(settings, database, surfaces.plugged.plugins, stack)
            services = await stack.enter_async_context(core.running())
            # Processes that start together on a fresh database make one workspace, one owner and one demo shop.
            async with database.alone():
                first = await ensure_workspace(services.accounts, settings.data_dir, shop().name)
                if settings.demo:
                    await DemoSeed(services.accounts, services.committer, library).ensure(first)
            brought.append(build_imports(services, database, library, kept_blobs(stack, settings)))
            bots = open_bots(database, services, SqlConversations(database), library)
            office = app.state.office = build_office(settings, core, database, library)
            stack.push_async_callback(office.close)
            agents = open_agents(settings, office.world)
            await stack.enter_async_context(surfaces.running(app, bots, agents))
            tasks = _begun(learns(core, shipped))
            server = SocketServer(services, attach(app, services), lambda work: _spawn(tasks, work))
            server.others.update(surfaces.sockets(server.spawn))
            sockets.append(server)
            _spawn(tasks, server.run())
            if settings.agents:
                _put_to_work(tasks, library, office, brought[-1])
            started(first)
            try:
                yield
            finally:
                services.draining.append(True)
                server.drain()
                await _ended(tasks)

    async def embedders(key: str) -> list[str]:
        inbox = await app.state.services.accounts.inbox_by_key(key)
        return [] if inbox is None else list(inbox.allowed_origins) or ["*"]

    app = create_app(
        lifespan,
        [*_knowledge_routes(libraries, brought), *surfaces.routers],
    )
    surfaces.mount(app)
    _more_routes(app, plugin_routes(surfaces.plugged.plugins))
    mount(app, frame_ancestors=embedders)
    return app, sockets


def _more_routes(app: FastAPI, plugged: "Sequence[tuple[str, APIRouter]]") -> None:
    from myna_agents.api import routers
    from myna_agents.demo.seed import shop_json

    for router in routers():
        app.include_router(router)
    app.add_api_route(
        "/demo/shop.json",
        lambda: Response(shop_json(), media_type="application/json"),
        include_in_schema=False,
    )
    for path, router in plugged:
        app.include_router(router, prefix=path)


def _knowledge_routes(libraries: "list[Library]", brought: "list[Imports]") -> list[APIRouter]:
    from myna_knowledge.api import router
    from myna_knowledge.api.imports import router as imports_router

    return [router(lambda: libraries[-1]), imports_router(lambda: brought[-1])]


def _put_to_work(
    tasks: set[asyncio.Task[Any]], library: "Library", office: "Office", imports: "Imports"
) -> None:
    from myna_agents.turns.runner import Runner

    _spawn(tasks, kept_alive(library.work))
    _spawn(tasks, kept_alive(imports.work))
    _spawn(tasks, kept_alive(Runner(office.world).run))


def _begun(learning: Callable[[], Awaitable[None]] | None) -> set[asyncio.Task[Any]]:
    tasks: set[asyncio.Task[Any]] = set()
    if learning is not None:
        _spawn(tasks, kept_alive(learning))
    return tasks


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _spawn(tasks: set[asyncio.Task[Any]], work: Any) -> asyncio.Task[None]:
    task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task
