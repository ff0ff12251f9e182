"""The composition root: the only place that knows which backend stands behind a port."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Response

from myna.adapters.pictures import PillowPictures
from myna.adapters.sounds import TinytagSounds
from myna.adapters.sql.conversations.arrivals import SqlArrivals
from myna.adapters.sql.conversations.conversations import SqlConversations
from myna.adapters.sql.conversations.crowds import SqlCrowds
from myna.adapters.sql.conversations.files import SqlFiles
from myna.adapters.sql.conversations.marks import SqlMarks
from myna.adapters.sql.conversations.personal import SqlPersonal
from myna.adapters.sql.conversations.seats import SqlSeats
from myna.adapters.sql.database import Database
from myna.adapters.sql.desk.helpdesk import SqlHelpdesk
from myna.adapters.sql.desk.service import SqlService
from myna.adapters.sql.desk.sleeps import SqlSleeps
from myna.adapters.sql.desk.tickets import SqlDesk, SqlTurnQueue
from myna.adapters.sql.desk.visitors import SqlVisitors
from myna.adapters.sql.identity.accounts import SqlAccounts
from myna.adapters.sql.log.postgres import PostgresCommits
from myna.adapters.sql.log.reads import SqlLog
from myna.adapters.sql.log.sqlite import SqliteCommits
from myna.adapters.sql.safety.moderation import SqlAudit, SqlModeration
from myna.adapters.sql.search.index import SqlIndex
from myna.adapters.web_pages import WebPages
from myna.api.app import attach, create_app
from myna.api.live.socket import SocketServer
from myna.audit import AuditLog
from myna.conversations.access import Access
from myna.conversations.directory import Directory
from myna.conversations.seats import Membership
from myna.core import Core, kept_alive
from myna.deliver.admission import Admission
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.files import FileStore
from myna.first_start import FirstStart, ensure_workspace
from myna.helpdesk.handoff import Handoff, Leaving
from myna.helpdesk.service import Helpdesk
from myna.helpdesk.snooze import Snoozes
from myna.helpdesk.visitors import Identities
from myna.helpdesk.watch import QueueWatch
from myna.identity.tokens import load_key
from myna.live.greeter import Greeter
from myna.live.presence import Presence
from myna.live.receipts import Receipts
from myna.live.signals import Signals
from myna.log.committer import Committer
from myna.log.ports import Commits
from myna.messages.amend import Amender
from myna.messages.compose import Composer
from myna.messages.export import Export
from myna.messages.mine import Mine, Timer
from myna.messages.previews import Previews
from myna.messages.send import Sender
from myna.moderation.appeals import Appeals
from myna.moderation.consequences import Consequences
from myna.moderation.filters import Filters
from myna.moderation.review import Review
from myna.moderation.standing import Standings
from myna.ports.moderator import Moderator
from myna.search import Indexer, Search
from myna.services import Services
from myna.settings import Settings
from myna.turns import Turns
from myna.wiring.agents import build_office
from myna.wiring.backends import build_imports, kept_blobs, open_blobs, open_bus, open_database
from myna.wiring.identity import build_identity
from myna.wiring.safety import build_privacy, open_safety

if TYPE_CHECKING:
    from myna_agents.moderation.moderator import LayeredModerator
    from myna_agents.opening import Office
    from myna_bots.plugins import Plugin
    from myna_knowledge.imports.service import Imports
    from myna_knowledge.library import Library

logger = logging.getLogger(__name__)


def build_core(settings: Settings, database: Database, moderator: Moderator | None) -> Core:
    """The core over a migrated database, not yet running."""
    commits: Commits = (
        SqliteCommits(database.path or "", database.turn) if database.sqlite else PostgresCommits(database)
    )
    bus = open_bus(settings)
    delay_s = settings.turn_delay_ms / 1000
    log, conversations, accounts = SqlLog(database), SqlConversations(database), SqlAccounts(database)
    desk, hub = SqlDesk(database), Hub()
    relay = Relay(log, bus, hub)
    committer = Committer(commits, relay.publish)
    access = Access(conversations)
    relay.listeners.append(access.heard)
    composer = Composer(access, accounts, log)
    sender = Sender(access, accounts, composer, committer, moderator, delay_s)
    personal, seats, crowds = SqlPersonal(database), SqlSeats(database), SqlCrowds(database)
    mine = Mine(access, composer, committer, personal)
    key, blobs = load_key(settings.data_dir / "secret.key"), open_blobs(settings)
    max_bytes = settings.file_max_mb * 1_000_000
    files = FileStore(SqlFiles(database), blobs, PillowPictures(), TinytagSounds(), key, max_bytes)
    composer.files = files
    index, pages = SqlIndex(database), WebPages()
    indexer = Indexer(log, index)
    relay.listeners.append(indexer.heard)
    review = Review(desk, accounts, conversations, committer, relay, delay_s)
    sender.held = review.arrived
    moderation = SqlModeration(database)
    filters = Filters(moderation, access, accounts, conversations, committer)
    sender.filtering, sender.filtering_now = filters.of, filters.now
    review.followed = Consequences(filters, moderation, conversations, committer, relay).after
    sender.fail_closed = settings.moderation_fails_closed
    sender.streamed = hub.streamed
    helpdesk_store = SqlHelpdesk(database)
    helpdesk = Helpdesk(access, accounts, desk, log, helpdesk_store, committer)
    queue_watch = QueueWatch(helpdesk, helpdesk_store)
    relay.listeners.append(queue_watch.heard)
    receipts = Receipts(relay, access, conversations, crowds)
    relay.listeners.append(receipts.heard)
    directory = Directory(access, accounts, conversations, desk, log, committer, personal, seats, crowds)
    safety = open_safety(settings, database, sender, committer, accounts, key)
    identity = build_identity(settings, database, key, accounts, committer, relay)
    hub.endings.append(identity.tokens.end)
    handoff = Handoff(access, accounts, committer, hub, delay_s)
    identity.people.left = Leaving(desk, handoff).left
    services = Services(
        settings=settings,
        accounts=accounts,
        desk=desk,
        tokens=identity.tokens,
        sign_ins=identity.sign_ins,
        account=identity.account,
        people=identity.people,
        providers=identity.providers,
        arrivals=identity.arrivals,
        passkeys=identity.passkeys,
        roles=identity.roles,
        applications=identity.applications,
        tickets=identity.tickets,
        committer=committer,
        relay=relay,
        hub=hub,
        access=access,
        sender=sender,
        amender=Amender(access, sender, committer, log, SqlMarks(database)),
        membership=Membership(access, accounts, committer, seats),
        mine=mine,
        files=files,
        search=Search(access, accounts, index),
        indexer=indexer,
        export=Export(access, log, seats),
        previews=Previews(pages),
        timer=Timer(mine, accounts, sender, committer, personal, files.collect),
        signals=Signals(relay),
        receipts=receipts,
        presence=Presence(relay, hub, access, accounts, crowds, receipts),
        directory=directory,
        greeter=Greeter(hub, relay, directory, SqlArrivals(database)),
        handoff=handoff,
        helpdesk=helpdesk,
        snoozes=Snoozes(access, desk, SqlSleeps(database)),
        queue_watch=queue_watch,
        review=review,
        appeals=Appeals(review, moderation, desk, access, committer, delay_s),
        filters=filters,
        audit=AuditLog(SqlAudit(database), accounts),
        turns=Turns(SqlTurnQueue(database), committer, relay, hub),
        admission=Admission(settings.connects_per_s, settings.connects_per_s),
        service=SqlService(database),
        visitors=Identities(SqlVisitors(database)),
        limits=safety.limits,
        intrusion=safety.intrusion,
        privacy=build_privacy(database, accounts, committer, identity.sign_ins, blobs, safety.limits),
        proofs=safety.proofs,
    )

    async def close() -> None:
        await blobs.close()
        await pages.close()
        await identity.close()
        await safety.close()
        await database.close()

    return Core(services, commits, bus, close)


def open_filter(settings: Settings) -> "LayeredModerator | None":
    """The shipped filter; None when moderation is off."""
    from myna_agents.moderation.moderator import LayeredModerator

    if not settings.moderation:
        return None
    model = Path(settings.moderation_model) if settings.moderation_model else None
    if not settings.moderation_rules:
        return LayeredModerator(model=model)
    from myna_agents.moderation.rulefile import read_rules

    policy, lists, rulebook = read_rules(Path(settings.moderation_rules))
    return LayeredModerator(policy, lists=lists, rulebook=rulebook, model=model)


@asynccontextmanager
async def _opened_moderator(
    settings: Settings, database: Database, plugins: "Sequence[Plugin]", shipped: "LayeredModerator"
) -> AsyncGenerator[Moderator, None]:
    """The shipped filter, with a model's second opinion, plugins and bots after it."""
    from myna_agents.moderation.opening import doubting, opened_judge
    from myna_bots.opening import opened_judges
    from myna_bots.plugins import PluginModerator

    async with (
        opened_judge(settings) as judge,
        opened_judges(database, settings, shipped.failures) as bots,
    ):
        yield PluginModerator(doubting(settings, shipped, judge), [*plugins, bots], shipped.failures)


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
            core, shipped = await _judged_core(settings, database, surfaces.plugged.plugins, stack)
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
            tasks = _learning(core, shipped)
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


async def _judged_core(
    settings: Settings, database: Database, plugins: "Sequence[Plugin]", stack: AsyncExitStack
) -> "tuple[Core, LayeredModerator | None]":
    from myna_agents.adapters.sql_own_texts import SqlOwnTexts
    from myna_agents.moderation.near import groups
    from myna_agents.moderation.normalise import normalise
    from myna_agents.moderation.own import OwnTexts
    from myna_agents.moderation.places import check_listing
    from myna_agents.moderation.rules import contacts_of

    shipped, moderator = open_filter(settings), None
    if shipped is not None:
        moderator = await stack.enter_async_context(_opened_moderator(settings, database, plugins, shipped))
    core = build_core(settings, database, moderator)
    if shipped is not None:
        services = core.services
        if services.sender.judging is not None:
            services.sender.judging.failures = shipped.failures
            if settings.moderation_judge:
                services.sender.judging.wait_s += settings.moderation_judge_ms / 1000
        shipped.standing = Standings(SqlModeration(database)).of
        shipped.own = OwnTexts(SqlOwnTexts(database).alike).include
        services.filters.check, services.filters.server = check_listing, shipped.server
        services.filters.contacts = lambda text: contacts_of(normalise(text).text)
        services.review.alike = lambda texts: asyncio.to_thread(
            lambda: groups([normalise(text).skeleton for text in texts])
        )
    return core, shipped


def _learning(core: Core, shipped: "LayeredModerator | None") -> set[asyncio.Task[Any]]:
    """The task in which the shipped filter learns from what moderators decide, if there is one."""
    tasks: set[asyncio.Task[Any]] = set()
    if shipped is not None:
        review = core.services.review
        review.decided = lambda workspace: shipped.lessons.note(workspace, time.time())
        _spawn(tasks, kept_alive(lambda: shipped.learn(review.lessons)))
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
