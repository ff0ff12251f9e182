"""The composition root: the only place that knows which backend stands behind a port."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from myna.access import Access
from myna.adapters.sql.accounts import SqlAccounts, SqlRefreshTokens
from myna.adapters.sql.conversations import SqlConversations
from myna.adapters.sql.database import Database
from myna.adapters.sql.desk import SqlDesk, SqlTurnQueue
from myna.adapters.sql.log_postgres import PostgresCommits
from myna.adapters.sql.log_reads import SqlLog
from myna.adapters.sql.log_sqlite import SqliteCommits
from myna.adapters.sql.migrate import migrate
from myna.api.app import attach, create_app
from myna.api.socket import SocketServer
from myna.core import Core
from myna.deliver.hub import Hub
from myna.deliver.relay import Relay
from myna.directory import Directory
from myna.handoff import Handoff
from myna.identity.tokens import Tokens, load_key
from myna.log.committer import Committer
from myna.ports import Bus, Commits, Moderator
from myna.review import Review
from myna.send import Sender
from myna.services import Services
from myna.settings import Settings
from myna.signals import Signals
from myna.turns import Turns

logger = logging.getLogger(__name__)


async def open_database(settings: Settings) -> Database:
    """The database at its newest schema."""
    if settings.database_url.startswith("sqlite"):
        Path(settings.data).mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    version = await migrate(database)
    logger.info("database schema %s", version)
    return database


def open_bus(settings: Settings) -> Bus:
    """The bus that the settings name."""
    if settings.bus == "memory:":
        from myna.adapters.bus_memory import MemoryBus

        return MemoryBus()
    from myna.adapters.bus_redis import RedisBus

    return RedisBus(settings.bus)


def build_core(settings: Settings, database: Database, moderator: Moderator | None) -> Core:
    """The core over a migrated database, not yet running."""
    commits: Commits = SqliteCommits(database.path or "") if database.sqlite else PostgresCommits(database)
    bus = open_bus(settings)
    delay_s = settings.turn_delay_ms / 1000
    log, conversations, accounts = SqlLog(database), SqlConversations(database), SqlAccounts(database)
    desk, hub = SqlDesk(database), Hub()
    relay = Relay(log, bus, hub)
    committer = Committer(commits, relay.publish)
    access = Access(conversations)
    relay.listeners.append(access.heard)
    sender = Sender(access, accounts, committer, moderator, delay_s)
    review = Review(desk, accounts, conversations, committer, relay, delay_s)
    sender.held = review.arrived
    services = Services(
        settings=settings,
        accounts=accounts,
        desk=desk,
        tokens=Tokens(load_key(settings.data_dir / "secret.key"), SqlRefreshTokens(database)),
        committer=committer,
        relay=relay,
        hub=hub,
        access=access,
        sender=sender,
        signals=Signals(relay, conversations),
        directory=Directory(access, accounts, conversations, desk, log, committer),
        handoff=Handoff(access, accounts, committer, hub, delay_s),
        review=review,
        turns=Turns(SqlTurnQueue(database), committer, relay, hub),
    )
    return Core(services, commits, bus, database.close)


def build_app(settings: Settings) -> tuple[FastAPI, list[SocketServer]]:
    """The application of a server process, and where its socket server stands once it runs."""
    sockets: list[SocketServer] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            database = await open_database(settings)
            core = build_core(settings, database, None)
            services = await stack.enter_async_context(core.running())
            commands = attach(app, services)
            tasks: set[asyncio.Task[Any]] = set()
            server = SocketServer(services, commands, lambda work: _spawn(tasks, work))
            sockets.append(server)
            watch = _spawn(tasks, server.run())
            try:
                yield
            finally:
                services.draining.append(True)
                server.drain()
                watch.cancel()
                for task in list(tasks):
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    return create_app(lifespan, ()), sockets


def _spawn(tasks: set[asyncio.Task[Any]], work: Any) -> asyncio.Task[None]:
    task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task
